from pathlib import Path

import pytest

from rag_sweeps.golden import GoldenSet
from rag_sweeps.report import ReportData

from .made import EVIL, make_golden, make_report


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> GoldenSet:
    return make_golden(tmp_path_factory.mktemp("golden") / "tiny")


@pytest.fixture(scope="session")
def data(golden: GoldenSet) -> ReportData:
    return make_report(golden, title=f"made {EVIL}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.html"
