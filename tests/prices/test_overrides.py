"""A prices file: every mistake is named with its line and a remedy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rag_sweeps.config.problems import ConfigError
from rag_sweeps.prices.overrides import read_overrides

DATED = 'source: "https://x", date: 2026-11-01'


def problems_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_overrides(path)
    return [str(problem).removeprefix(f"{path}") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            f"gpt-4o: {{input: 1, {DATED}}}",
            "gpt-4o: names no model of a provider; write <provider>:<model>, the provider ",
        ),
        (f"'openai:': {{input: 1, {DATED}}}", "openai:: names no model of a provider; "),
        ("openai:x: 3", "openai:x: 3 is no mapping; write openai:gpt-x: {input: 1.25, output: 10.0, source: "),
        (f"openai:x: {{inputs: 1, input: 1, {DATED}}}", "openai:x.inputs: unknown key of a price; did you mean input?"),
        (f"openai:x: {{output: 1, {DATED}}}", "openai:x.input: is missing; write input: <dollars per million tokens>"),
        (
            f"openai:x: {{input: -1, {DATED}}}",
            "openai:x.input: -1 is no price; write dollars per million tokens, from 0",
        ),
        (f"openai:x: {{input: 1, output: '2', {DATED}}}", "openai:x.output: '2' is no price; "),
        (f"openai:x: {{input: true, {DATED}}}", "openai:x.input: True is no price; "),
        (f"openai:x: {{input: .nan, {DATED}}}", "openai:x.input: nan is no price; "),
        (f"openai:x: {{input: 1, batch_discount: 50, {DATED}}}", "openai:x.batch_discount: 50 is no share; write the "),
        ("openai:x: {input: 1, date: 2026-11-01}", 'openai:x.source: is missing; write source: "https://…"'),
        ("openai:x: {input: 1, source: '', date: 2026-11-01}", "openai:x.source: '' is no source; "),
        (
            "openai:x: {input: 1, source: y}",
            "openai:x.date: is missing; write the day on which the price was read: date",
        ),
        (
            "openai:x: {input: 1, source: y, date: 2026-13-01}",
            "openai:x.date: '2026-13-01' is no date; write it as 2026-",
        ),
        ("openai:x: {input: 1, source: y, date: 2026}", "openai:x.date: 2026 is no date; "),
        ("compatible:x: {free: no}", "compatible:x.free: False is not true; write free: true, or remove it"),
        ("compatible:x: {free: true, input: 1}", "compatible:x.input: stands beside free; keep one of them"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_remedy(tmp_path: Path, entry: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, f"# prices\n{entry}\n")
    assert found.startswith(f":2: {problem}")


def test_all_mistakes_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    assert len(problems_of(tmp_path, "openai:x: {input: -1}\ngpt: {free: true}\nopenai:x: {free: true}\n")) >= 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ":1: the file is empty; write a prices file, for example openai:gpt-x: {"),
        ("- 1\n", ":1: [1] is no mapping; write keys, for example openai:gpt-x: {"),
        ("a: [", ": is not YAML: "),
    ],
)
def test_a_file_that_is_no_prices_file_is_told_what_one_is(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, text)
    assert problem in found


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file; give the path of a prices file"):
        read_overrides(tmp_path / "none.yaml")


def test_prices_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f"openai:x: {{input: 0.1, cached_input: 0.01, cache_write: 0.2, output: 3, {DATED}}}\n")
    price = read_overrides(path)["openai:x"]
    rates = (price.input, price.cached_input, price.cache_write, price.output)
    assert rates == (Decimal("0.1"), Decimal("0.01"), Decimal("0.2"), Decimal("3"))
    assert (price.batch_discount, price.source, price.date) == (Decimal("0.5"), "https://x", "2026-11-01")
