"""Where a ledger is, and what is said when it cannot be opened; never with its password."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from postgres import PASSWORD

from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.ledger import Ledger
from rag_sweeps.records import Usage

FORMS = "write sqlite:///path/of/ledger.sqlite or postgresql://user:password@host/database"


def refusal(url: str) -> str:
    with pytest.raises(InputError) as caught:
        Ledger(url)
    return str(caught.value)


def test_a_ledger_without_an_address_is_a_file_of_the_home(home: Path) -> None:
    Ledger().close()
    assert (home / "ledger.sqlite").is_file()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ledger.sqlite", f"RAG_SWEEPS_LEDGER is no address of a database; {FORMS}"),
        ("postgresql://u:secret@host:port/db", f"RAG_SWEEPS_LEDGER is no address of a database; {FORMS}"),
        ("mysql://u:secret@host/db", f"RAG_SWEEPS_LEDGER names 'mysql', which is not supported; {FORMS}"),
        ("sqlite://", f"RAG_SWEEPS_LEDGER names no file, and workers share a ledger; {FORMS}"),
        ("sqlite:///:memory:", f"RAG_SWEEPS_LEDGER names no file, and workers share a ledger; {FORMS}"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_forms(url: str, text: str) -> None:
    assert refusal(url) == text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@127.0.0.1:1/db",
        "postgres://user:secret@127.0.0.1:1/db",
        "postgresql:///db?host=127.0.0.1&port=1&user=u&password=secret",
    ],
)
def test_a_server_that_does_not_answer_is_named_without_the_password(url: str) -> None:
    text = refusal(url)
    assert text.startswith("the ledger postgresql://127.0.0.1")
    assert "cannot be opened" in text
    assert text.endswith("mend RAG_SWEEPS_LEDGER, or what it names")
    assert "secret" not in text


def test_a_wrong_password_is_not_shown(postgres: str) -> None:
    text = refusal(postgres.replace(PASSWORD, "wrong-secret"))
    assert "password authentication failed" in text
    assert "wrong-secret" not in text
    assert PASSWORD not in text


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("something else " * 100)
    assert refusal(f"sqlite:///{path}").startswith(
        "the ledger notes.txt cannot be opened: file is not a database; mend"
    )
    assert path.read_text() == "something else " * 100


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be opened" in refusal(f"sqlite:///{tmp_path}/file/ledger.sqlite")


def test_whoever_reads_waits_for_no_writer(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/l.sqlite")
    with sqlite3.connect(tmp_path / "l.sqlite") as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert ledger.spent("s") == ledger.held("s") == 0.0
        assert list(ledger.entries("s")) == []
    writer.close()
    ledger.close()


def test_a_ledger_that_another_keeps_locked_is_told_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag_sweeps.ledger.database.WAIT_S", 0.2)
    ledger = Ledger(f"sqlite:///{tmp_path}/l.sqlite")
    with sqlite3.connect(tmp_path / "l.sqlite") as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(TrialError, match=r"the ledger l.sqlite failed: another process kept it locked for 0.2 s"):
            ledger.note_cached(sweep_id="s", usage=Usage("openai", "m", "judge", 1), trial_id="t", question_id="q")
    writer.close()
    ledger.close()
