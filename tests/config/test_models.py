import subprocess
import sys

import pytest

from rag_sweeps.config import missing_keys
from rag_sweeps.config.models import model_fault

TOP_K = "  top_k: {min: 1, max: 10}\n"
EMBEDDING = "  embedding_model: {values: [lsa-256, all-MiniLM-L6-v2]}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generator", "extractive"),
        ("generator", "none"),
        ("generator", "openai:gpt-4o-mini"),
        ("generator", "openai:ft:gpt-4o-mini:us:tuned:x1"),
        ("generator", "compatible:org/llama:8b"),
        ("judge", "reference"),
        ("judge", "anthropic:claude-haiku-4-5"),
        ("judge", "anthropic:claude-haiku-4-5, openai:gpt-4o-mini"),
        ("embedding_model", "lsa-64"),
        ("embedding_model", "BAAI/bge-small-en-v1.5"),
        ("embedding_model", "openai:text-embedding-3-small"),
    ],
)
def test_a_model_that_is_well_named_is_fine(name, value):
    assert model_fault(name, value) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("generator: {value: 'openai:'}", "generator.value: 'openai:' names no model; write openai:<model>"),
        ("generator: {value: 'openai: gpt-4o'}", "generator.value: 'openai: gpt-4o' names no model; "),
        ("generator: {value: gpt-4o}", "generator.value: 'gpt-4o' names no provider; did you mean openai:gpt-4o?"),
        (
            "judge: {value: claude-haiku-4-5}",
            "judge.value: 'claude-haiku-4-5' names no provider; did you mean anthropic:claude-haiku-4-5?",
        ),
        ("generator: {value: gemini:pro}", "names an unknown provider, 'gemini'; write one of openai:<model>, "),
        ("generator: {value: opnai:gpt-4o}", "names an unknown provider, 'opnai'; did you mean openai:gpt-4o?"),
        ("generator: {value: extractiv}", "'extractiv' is no generator; did you mean extractive?"),
        ("generator: {value: zzz}", "'zzz' is no generator; write extractive, none, or <provider>:<model>"),
        ("judge: {value: extractive}", "is no judge; write reference, none, <provider>:<model>, or several"),
        ("judge: {value: 'openai:gpt-4o,'}", "has an empty name in it; write reference"),
        ("judge: {value: 'openai:gpt-4o, openai:gpt-4o'}", "has openai:gpt-4o twice; name each judge once"),
        ("judge: {value: 'openai:gpt-4o, reference'}", "has reference in a panel of models; "),
        ("embedding_model: {value: text-embedding-3-small}", "did you mean openai:text-embedding-3-small?"),
        ("embedding_model: {value: 'anthropic:claude-x'}", "names a provider without embedding models; write a "),
    ],
)
def test_a_malformed_model_is_refused_with_a_remedy(refusal, line, problem):
    assert problem in refusal(line)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "generator: {value: 'openai:gpt-4o-mni'}",
            "generator: no price for 'openai:gpt-4o-mni'; add it to a prices file (prices: {value: my_prices.yaml}): "
            "openai:gpt-4o-mni: {input: …, output: …, source: …, date: …}; or did you mean openai:gpt-4o-mini?",
        ),
        ("judge: {value: 'openai:gpt-4o, anthropic:claude-x'}", "judge: no price for 'anthropic:claude-x'; add it to "),
        ("embedding_model: {values: [lsa-8, 'openai:emb-9']}", "embedding_model: no price for 'openai:emb-9'; "),
        ("generator: {value: 'openai:text-embedding-3-small'}", "no price for what 'openai:text-embedding-3-small' w"),
        ("prices: {value: none.yaml}", "prices.value: 'none.yaml' is no file; there is nothing at "),
    ],
)
def test_a_model_without_a_price_is_refused_at_its_line(refusal, line, problem):
    assert problem in refusal(line)


def test_a_compatible_model_needs_an_entry_of_its_own(refusals, load, folder):
    server = "  generator: {value: 'compatible:llama'}\n  compatible_base_url: {value: 'http://localhost:1/v1'}\n"
    (problem,) = refusals((TOP_K, TOP_K + server))
    assert problem.startswith("16: generator: no price for 'compatible:llama'; add it to a prices file ")
    assert "or compatible:llama: {free: true}" in problem
    (folder / "prices.yaml").write_text("compatible:llama: {free: true}\n")
    load((TOP_K, f"{TOP_K}{server}  prices: {{value: prices.yaml}}\n"))


def test_what_is_wrong_in_a_prices_file_is_named_there(refusals, folder):
    (folder / "prices.yaml").write_text("openai:gpt-x:\n  input: cheap\n")
    model = "  generator: {value: 'openai:gpt-x'}\n  prices: {value: prices.yaml}\n"
    assert refusals((TOP_K, TOP_K + model)) == [
        'prices.yaml:2: openai:gpt-x.source: is missing; write source: "https://…"',
        "prices.yaml:2: openai:gpt-x.date: is missing; write the day on which the price was read: date: 2026-11-01",
        "prices.yaml:2: openai:gpt-x.input: 'cheap' is no price; write dollars per million tokens, from 0 to 1000000",
    ]


def test_a_model_does_not_judge_its_own_answers(refusals, load):
    same = "  generator: {values: ['openai:gpt-4o-mini', extractive]}\n  judge: {value: 'openai:gpt-4o-mini'}\n"
    (problem,) = refusals((TOP_K, TOP_K + same))
    text = "17: judge: openai:gpt-4o-mini would judge its own answers; name another, or allow_self_judge"
    assert problem == text
    load((TOP_K, f"{TOP_K}{same}  allow_self_judge: {{value: true}}\n"))


def test_the_keys_that_a_run_needs_are_named_once(load, monkeypatch):
    models = "  generator: {values: ['openai:gpt-4o-mini', 'openai:gpt-4o']}\n"
    sweep = load(
        (TOP_K, f"{TOP_K}{models}  judge: {{value: 'anthropic:claude-haiku-4-5'}}\n"),
        (EMBEDDING, "  embedding_model: {values: [lsa-8, 'openai:text-embedding-3-small']}\n"),
    )
    assert tuple(sorted(sweep.models)) == (
        "anthropic:claude-haiku-4-5",
        "openai:gpt-4o",
        "openai:gpt-4o-mini",
        "openai:text-embedding-3-small",
    )
    assert missing_keys(sweep) == ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert missing_keys(sweep) == ["ANTHROPIC_API_KEY"]


def test_a_sweep_without_provider_models_needs_no_key_and_reads_no_prices(folder, load):
    assert missing_keys(load()) == []
    code = (
        "import sys; from pathlib import Path; from rag_sweeps.config import load_sweep, missing_keys; "
        "missing_keys(load_sweep(Path('x.yaml'))); print('genai_prices' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("metric", ["correctness", "groundedness", "completeness"])
def test_the_grades_of_a_judging_model_need_one(refusals, metric):
    (problem,) = refusals(("{value: answer_score}", f"{{value: {metric}}}"))
    assert problem == f"16: quality_metric: {metric} needs a judging model; set judge: {{value: <provider>:<model>}}"
    (problem,) = refusals(("name: objective", f"name: {metric}"))
    assert problem.startswith(f"5: metric.name: '{metric}' needs a judging model, and judge is reference; ")
