"""The verbs as a script sees them: exit codes, what goes to which stream, and never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ASKED, TEST_QUESTIONS, Cli, Ran, sweep_document, write_golden

from rag_sweeps.cli import VERBS
from rag_sweeps.parameters import NAMES

PARAMETERS = {"retriever": {"values": ["bm25", "dense"]}, "bm25_b": {"min": 0.1, "max": 0.9}}
DEV = [name for name, *_ in ASKED if name not in TEST_QUESTIONS]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished sweep of three searched trials."""
    root = tmp_path_factory.mktemp("finished")
    write_golden(root / "golden")
    (root / "sweep.yaml").write_text(yaml.safe_dump(sweep_document(PARAMETERS), sort_keys=False))
    done = subprocess.run(
        Cli().command("sweep", "sweep.yaml", "--count", 3),
        cwd=root,
        env={**os.environ, "RAG_SWEEPS_HOME": str(root / "home"), "WANDB_MODE": "disabled", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    (root / "out.txt").write_text(done.stdout)
    (root / "err.txt").write_text(done.stderr)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def there(finished: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of that folder, which is the current one."""
    shutil.copytree(finished, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("RAG_SWEEPS_HOME", str(tmp_path / "copy" / "home"))
    return tmp_path / "copy"


def refused(done: Ran, *words: str, code: int = 2) -> None:
    assert done.code == code, done.err
    for word in words:
        assert word in done.err, done.err
    assert done.err.strip()


# check


def test_check_takes_a_valid_config_and_verifies_its_golden_set(write_config: Callable[..., Path], cli: Cli) -> None:
    done = cli("check", write_config(PARAMETERS, run_cap=3))
    assert done.code == 0, done.err
    assert "random over retriever, bm25_b" in done.out
    assert "8 dev, 4 test; 1 unanswerable" in done.out


def test_check_names_file_line_key_and_remedy(write_config: Callable[..., Path], cli: Cli) -> None:
    path = write_config({"chunk_sise": {"value": 64}, "top_k": {"value": 0}})
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "chunk_sise" in text)
    refused(cli("check", path), f"{path}:{line}: chunk_sise", "did you mean chunk_size?", "top_k")


@pytest.mark.parametrize("make", ["nothing", "folder", "empty", "binary", "list", "unclosed"])
def test_check_refuses_what_is_no_config(cli: Cli, tmp_path: Path, make: str) -> None:
    path = tmp_path / "x.yaml"
    contents = {"empty": b"", "binary": b"\xff\xfe\x00\x01" * 9, "list": b"- 1\n", "unclosed": b"a: [1\nb: {"}
    if make == "folder":
        path.mkdir()
    elif make in contents:
        path.write_bytes(contents[make])
    refused(cli("check", path), "x.yaml")


def test_check_refuses_a_broken_golden_set(write_config: Callable[..., Path], cli: Cli, golden_dir: Path) -> None:
    path = write_config(PARAMETERS)
    (golden_dir / "documents" / "pay.md").write_text("# Pay\n\nNothing of what was asked.\n")
    refused(cli("check", path), "salary", "pension")


def test_check_without_a_file_says_what_is_missing(cli: Cli) -> None:
    refused(cli("check"), "Missing argument 'CONFIG'")


# golden


def test_golden_check_and_seal(cli: Cli, golden_dir: Path) -> None:
    checked = cli("golden", "check", golden_dir)
    assert checked.code == 0
    assert "no manifest yet" in checked.out
    sealed = cli("golden", "seal", golden_dir)
    assert sealed.code == 0
    assert "wrote manifest.json" in sealed.out
    assert "wrote nothing, it was sealed" in cli("golden", "seal", golden_dir).out
    assert "no manifest yet" not in cli("golden", "check", golden_dir).out


def test_a_quote_that_moved_is_reported_and_accepted(cli: Cli, golden_dir: Path) -> None:
    path = golden_dir / "documents" / "pay.md"
    path.write_text("Preface.\n\n" + path.read_text())
    done = cli("golden", "check", golden_dir)
    assert done.code == 0
    assert "moved: salary" in done.out


def test_a_quote_that_is_gone_is_named(cli: Cli, golden_dir: Path) -> None:
    path = golden_dir / "documents" / "pay.md"
    path.write_text(path.read_text().replace("twenty-fifth", "first"))
    for verb in ("check", "seal"):
        refused(cli("golden", verb, golden_dir), "salary", "questions.jsonl")
    assert not (golden_dir / "manifest.json").exists()


@pytest.mark.parametrize("verb", ["check", "seal"])
@pytest.mark.parametrize("what", ["missing", "file", "empty"])
def test_what_is_no_golden_set_is_refused(cli: Cli, tmp_path: Path, verb: str, what: str) -> None:
    path = tmp_path / "set"
    if what == "file":
        path.write_text("x")
    elif what == "empty":
        path.mkdir()
    refused(cli("golden", verb, path), "set")


@pytest.mark.parametrize("form", ["beir", "squad", "jsonl"])
@pytest.mark.parametrize("what", ["missing", "folder", "garbage"])
def test_an_import_of_nothing_usable_is_refused_and_leaves_nothing(
    cli: Cli, tmp_path: Path, form: str, what: str
) -> None:
    source = tmp_path / "source"
    if what == "folder":
        source.mkdir()
    elif what == "garbage":
        source.write_bytes(b"\xff{not json\n")
    # A name is looked up on the hub; a path is not.
    refused(cli("golden", "import", form, source, tmp_path / "target", HF_HUB_OFFLINE="1"), "source")
    assert not (tmp_path / "target").exists()


def test_an_import_of_chroma_that_is_not_there_is_refused(cli: Cli, tmp_path: Path) -> None:
    refused(cli("golden", "import", "chroma", "none.csv", "none", tmp_path / "target"), "none")
    assert not (tmp_path / "target").exists()


def test_an_import_makes_a_sealed_golden_set_and_replaces_none(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    line = {"question": "What is the fee?", "answer": "12 euros", "contexts": ["The fee is 12 euros a month for all."]}
    source.write_text(json.dumps(line) + "\n")
    done = cli("golden", "import", "jsonl", source, tmp_path / "target")
    assert done.code == 0, done.err
    assert cli("golden", "check", tmp_path / "target").code == 0
    refused(cli("golden", "import", "jsonl", source, tmp_path / "target"), "target", "overwrit")
    assert cli("golden", "import", "jsonl", source, tmp_path / "target", "--overwrite").code == 0


# sweep


def test_the_first_line_of_a_sweep_names_the_mode_and_why(finished: Path) -> None:
    first = (finished / "out.txt").read_text().splitlines()[0]
    assert first.startswith("local mode:")
    assert first.endswith("because WANDB_MODE=disabled")


def test_a_sweep_ends_with_the_report_and_what_to_use(finished: Path) -> None:
    lines = (finished / "out.txt").read_text().splitlines()
    report = Path(next(line for line in lines if line.startswith("report: ")).removeprefix("report: "))
    assert (finished / report).read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    assert any(line.startswith("Use ") for line in lines)
    assert len([line for line in lines if line.startswith("#")]) == 5
    assert "Traceback" not in (finished / "err.txt").read_text()


def test_a_sweep_without_a_count_is_refused(write_config: Callable[..., Path], cli: Cli, home: Path) -> None:
    refused(cli("sweep", write_config(PARAMETERS)), "how many trials?", "--count N", "run_cap")
    assert not (home / "sweeps").exists()


@pytest.mark.parametrize("options", [["--count", "0"], ["--count", "x"], ["--workers", "0"], ["--nonsense"]])
def test_a_sweep_with_impossible_options_is_refused(
    write_config: Callable[..., Path], cli: Cli, options: list[str]
) -> None:
    refused(cli("sweep", write_config(PARAMETERS, run_cap=1), *options), options[0])


def test_a_sweep_takes_its_count_from_run_cap(write_config: Callable[..., Path], cli: Cli) -> None:
    path = write_config({"retriever": {"value": "bm25"}, "bm25_b": {"min": 0.1, "max": 0.9}}, run_cap=2)
    done = cli("sweep", path)
    assert done.code == 0, done.err
    assert ": 2 trials and the baselines" in done.out
    assert done.out.count("\n#") == 3


def test_a_sweep_of_an_artifact_needs_wandb(write_config: Callable[..., Path], cli: Cli) -> None:
    path = write_config({**PARAMETERS, "golden_set": {"value": "artifact:golden:v1"}})
    refused(cli("sweep", path, "--count", 1), "artifact", "folder")


def test_a_golden_set_without_dev_questions_is_refused(
    write_config: Callable[..., Path], cli: Cli, golden_dir: Path
) -> None:
    path = write_config(PARAMETERS)
    write_golden(golden_dir, splits=["test"])
    done = cli("sweep", path, "--count", 1)
    assert done.code in (1, 2)
    assert "dev" in done.err
    assert "unexpected" not in done.err


@pytest.mark.parametrize("place", ["/dev/null/x"])
def test_a_home_that_cannot_be_written_is_told(write_config: Callable[..., Path], cli: Cli, place: str) -> None:
    done = cli("sweep", write_config(PARAMETERS), "--count", 1, RAG_SWEEPS_HOME=place)
    refused(done, place)


# results


def test_results_as_json_are_json_alone(there: Path, cli: Cli) -> None:
    done = cli("results", "--json")
    assert done.code == 0
    assert done.err == ""
    found = done.json
    assert {"sweep", "spent_usd", "budget_usd", "missing", "trials"} <= set(found)
    assert (found["spent_usd"], found["budget_usd"], found["missing"]) == (0.0, None, [])
    assert found["sweep"] == next((there / "home" / "sweeps").iterdir()).name
    assert len(found["trials"]) == 5
    assert [trial["baseline"] for trial in found["trials"]] == [True, True, False, False, False]
    for trial in found["trials"]:
        assert {"trial_id", "state", "params", "baseline", "metrics", "costs"} <= set(trial)
        assert trial["state"] == "finished"
        assert len(trial["trial_id"]) == 64
        assert set(trial["params"]) == set(NAMES)
        assert set(trial["metrics"]["mrr@10"]) == {"mean", "low", "high", "n"}
        assert trial["metrics"]["mrr@10"]["n"] == trial["metrics"]["objective"]["n"] == 7
        assert "per_question" not in trial
        assert trial["costs"]["usd_per_1k_questions"] == 0.0
    confirmed = [trial for trial in found["trials"] if "test_metrics" in trial]
    assert all("test_metrics" in trial for trial in found["trials"][:2])
    assert confirmed[0]["test_metrics"]["mrr@10"]["n"] == 4


def test_results_per_question_are_by_id(there: Path, cli: Cli) -> None:
    trial = cli("results", "--json", "--per-question").json["trials"][0]
    assert set(trial["per_question"]) == set(DEV)
    assert set(trial["test_per_question"]) == set(TEST_QUESTIONS)
    assert trial["per_question"]["dog"]["mrr@10"] is None
    scores = [trial["per_question"][name]["mrr@10"] for name in DEV if name != "dog"]
    assert trial["metrics"]["mrr@10"]["mean"] == pytest.approx(sum(scores) / 7)


def test_results_of_a_failed_and_a_stopped_trial(there: Path, cli: Cli) -> None:
    (log,) = (there / "home" / "sweeps").glob("*/log.jsonl")
    more = [
        {"event": "asked", "number": 5, "proposal": {"retriever": "dense"}, "baseline": None},
        {"event": "failed", "number": 5, "reason": "no luck"},
        {"event": "asked", "number": 6, "proposal": {"retriever": "bm25"}, "baseline": None},
    ]
    log.write_text(log.read_text() + "".join(json.dumps(change) + "\n" for change in more))
    found = cli("results", "--json").json
    failed, stopped = found["trials"][5:]
    assert (failed["state"], failed["trial_id"], failed["metrics"], failed["reason"]) == ("failed", None, {}, "no luck")
    assert (stopped["state"], stopped["params"]) == ("stopped", {"retriever": "bm25"})
    assert found["missing"] == [{"number": 6, "reason": "not finished"}]
    table = cli("results")
    assert "no luck" in table.out


def test_what_was_not_reached_is_missing(there: Path, cli: Cli) -> None:
    (path,) = (there / "home" / "sweeps").glob("*/sweep.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "count": 10}))
    assert cli("results", "--json").json["missing"] == [{"trials": 7, "reason": "of 10 wanted"}]


def test_results_for_people_show_every_trial(there: Path, cli: Cli) -> None:
    done = cli("results")
    assert done.code == 0
    assert "Use " in done.out
    assert "bm25" in done.out


def test_results_do_not_need_the_golden_set_or_the_config(there: Path, cli: Cli) -> None:
    shutil.rmtree(there / "golden")
    (there / "sweep.yaml").unlink()
    assert len(cli("results", "--json").json["trials"]) == 5
    assert cli("report").code == 0


@pytest.mark.parametrize("verb", [["results"], ["results", "--json"], ["report"], ["results", "x"]])
def test_without_a_sweep_it_says_how_to_begin(cli: Cli, verb: list[str]) -> None:
    done = cli(*verb)
    refused(done, "run rag-sweeps sweep CONFIG first")
    assert done.out == ""


def test_an_unknown_sweep_is_refused_with_the_known_ones(there: Path, cli: Cli) -> None:
    name = next((there / "home" / "sweeps").iterdir()).name
    refused(cli("results", "nonsense"), "nonsense", name)
    assert cli("results", name[:6], "--json").json["sweep"] == name


# report


def test_report_writes_the_page(there: Path, cli: Cli) -> None:
    done = cli("report", "-o", there / "new" / "page.html")
    assert done.code == 0, done.err
    assert f"report: {there / 'new' / 'page.html'}" in done.out
    assert "holiday" in (there / "new" / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["golden", "/dev/null/x.html"])
def test_a_page_that_cannot_be_written_is_told(there: Path, cli: Cli, place: str) -> None:
    refused(cli("report", "-o", place), place)


# trial


def test_a_trial_is_measured_with_what_is_set(there: Path, cli: Cli) -> None:
    done = cli("trial", "sweep.yaml", "-s", "retriever=hybrid", "-s", "chunk_size=16")
    assert done.code == 0, done.err
    assert any(line.startswith("mrr@10 ") and line.endswith("n=7") for line in done.out.splitlines())
    assert any(line.startswith("objective ") for line in done.out.splitlines())
    assert "on dev" in done.out.splitlines()[-1]
    assert (
        cli("trial", "sweep.yaml", "-s", "retriever=hybrid", "-s", "chunk_size=16")
        .out.splitlines()[-1]
        .endswith("from the store")
    )


def test_a_trial_on_the_held_out_split(there: Path, cli: Cli) -> None:
    done = cli("trial", "sweep.yaml", "-s", "retriever=bm25", "--split", "test")
    assert done.code == 0
    assert "n=4" in done.out


def test_a_trial_on_a_split_without_questions_is_refused(there: Path, cli: Cli) -> None:
    write_golden(there / "golden", splits=["dev"])
    done = cli("trial", "sweep.yaml", "-s", "retriever=bm25", "--split", "test")
    assert done.code in (1, 2)
    assert "test" in done.err


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("chunk_sise=16", ["chunk_sise", "did you mean chunk_size?"]),
        ("chunk_size", ["NAME=VALUE"]),
        ("=3", ["NAME=VALUE"]),
        ("chunk_size=many", ["chunk_size"]),
        ("chunk_size=", ["chunk_size"]),
        ("chunk_size=[16", ["chunk_size"]),
        ("retriever=magic", ["retriever"]),
        ("top_k=999", ["top_k", "retrieval_depth"]),
        ("embedding_model=lsa-many", ["embedding_model", "lsa-"]),
        ("embedding_model=lsa-0", ["embedding_model", "lsa-"]),
        ("quality_metric=mrr@11", ["mrr@11"]),
        ("bm25_stemmer=klingon", ["klingon"]),
        ("chunk_size=!!python/object/apply:os.getcwd []", ["chunk_size"]),
        ("golden_set=elsewhere", ["golden_set"]),
    ],
)
def test_a_trial_refuses_what_it_cannot_use(there: Path, cli: Cli, setting: str, words: list[str]) -> None:
    done = cli("trial", "sweep.yaml", "-s", "retriever=dense", "-s", setting)
    if "bm25" in setting:
        done = cli("trial", "sweep.yaml", "-s", "retriever=bm25", "-s", setting)
    assert done.code in (1, 2), done.out
    for word in words:
        assert word in done.err


# the rest


def test_doctor_says_what_is_there(cli: Cli, tmp_path: Path) -> None:
    done = cli("doctor", HOME=str(tmp_path), OPENAI_API_KEY="sk-secret")
    assert done.code == 0, done.err
    assert "published SHA-256" in done.out
    assert "because WANDB_MODE=disabled" in done.out
    assert "set (OPENAI_API_KEY)" in done.out
    assert "no provider" not in done.out
    assert "sk-secret" not in done.out + done.err
    assert not list(tmp_path.iterdir())


def test_schema_is_json_alone(cli: Cli) -> None:
    done = cli("schema")
    assert done.code == 0
    schema = done.json
    assert "chunk_size" in json.dumps(schema)
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema)
    document: dict[str, Any] = sweep_document(PARAMETERS)
    assert list(Draft202012Validator(schema).iter_errors(document)) == []


def test_help_lists_every_verb(cli: Cli) -> None:
    done = cli("--help")
    assert done.code == 0
    assert all(verb in done.out for verb in VERBS)


@pytest.mark.parametrize("verb", [*VERBS, "golden import", "golden import squad"])
def test_every_verb_has_help(cli: Cli, verb: str) -> None:
    done = cli(*verb.split(), "--help")
    assert done.code == 0
    assert done.out.startswith("Usage: rag-sweeps")


@pytest.mark.parametrize(
    ("verb", "hint"),
    [("swep", "did you mean sweep?"), ("reslts", "did you mean results?"), ("xyz", "use one of check")],
)
def test_an_unknown_verb_is_refused_with_a_suggestion(cli: Cli, verb: str, hint: str) -> None:
    refused(cli(verb), hint)


def test_no_verb_at_all_shows_the_help(cli: Cli) -> None:
    done = cli()
    assert "Usage:" in done.out + done.err


@pytest.mark.parametrize("arguments", ["results --json --per-question", "schema", "results", "--help"])
def test_a_reader_that_is_gone_is_no_error(there: Path, cli: Cli, arguments: str) -> None:
    process = cli.start(*arguments.split())
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    # click leaves with 1 where the pipe breaks while it writes; what matters is that nothing is complained of.
    assert process.wait(timeout=60) in (0, 1)
    assert err == ""
