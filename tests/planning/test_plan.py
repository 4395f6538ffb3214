"""A plan against counts done by hand, and against what the pipeline then does."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import make_params

from rag_sweeps.chunking import chunk_documents
from rag_sweeps.config import load_sweep
from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.planning import Kept, Line, Plan, Range, plan_sweep
from rag_sweeps.prices import Prices

WRITER, JUDGE = "openai:gpt-4o-mini", "anthropic:claude-haiku-4-5"
N_DEV, N_TEST = 8, 4
MODELS = {
    "generator": {"values": [WRITER, "extractive"]},
    "judge": {"value": JUDGE},
    "top_k": {"min": 1, "max": 10},
    "embedding_model": {"value": "openai:text-embedding-3-small"},
    "retriever": {"value": "dense"},
}
MakePlan = Callable[..., Plan]


@pytest.fixture
def make_plan(write_config: Callable[..., Path], golden: GoldenSet) -> MakePlan:
    """The plan of a sweep with models over the tiny golden set: parameters are added or replaced, None removes one."""

    def make(
        *, kept: Kept | None = None, count: int | None = None, top: dict[str, Any] | None = None, **changed: Any
    ) -> Plan:
        parameters = {name: spec for name, spec in {**MODELS, **changed}.items() if spec is not None}
        path = write_config(parameters, **{"run_cap": 6, **(top or {})})
        return plan_sweep(load_sweep(path), golden, Prices(), count=count, kept=kept)

    return make


def line_of(plan: Plan, provider: str, purpose: str) -> Line:
    (found,) = [line for line in plan.lines if (line.provider, line.purpose) == (provider, purpose)]
    return found


def test_every_question_of_every_trial_is_a_call(make_plan: MakePlan) -> None:
    plan = make_plan(generator={"value": WRITER})
    assert (plan.n_searched, plan.n_baselines, plan.n_dev, plan.n_test) == (6, 2, N_DEV, N_TEST)
    # Six trials and two baselines on dev; on test the baselines, and two more where the best is none of them.
    assert line_of(plan, "openai", "generate").calls == Range(8 * N_DEV + 2 * N_TEST, 8 * N_DEV + 4 * N_TEST)
    assert line_of(plan, "anthropic", "judge").calls == line_of(plan, "openai", "generate").calls


def test_swept_generators_share_the_trials_and_baselines_have_their_own(make_plan: MakePlan) -> None:
    plan = make_plan()
    # The baselines are extractive, as the default is; of the searched trials each generator has a half.
    assert line_of(plan, "openai", "generate").calls == Range(3 * N_DEV, 3 * N_DEV + 2 * N_TEST)
    assert line_of(plan, "local", "generate").calls == Range(5 * N_DEV + 2 * N_TEST, 5 * N_DEV + 4 * N_TEST)
    assert line_of(plan, "anthropic", "judge").calls == Range(8 * N_DEV + 2 * N_TEST, 8 * N_DEV + 4 * N_TEST)


def test_each_member_of_a_panel_judges_every_answer(make_plan: MakePlan) -> None:
    plan = make_plan(judge={"value": f"{JUDGE}, anthropic:claude-sonnet-5, openai:gpt-5-mini"})
    one = line_of(plan, "openai", "judge")
    two = line_of(plan, "anthropic", "judge")
    assert two.models == (JUDGE, "anthropic:claude-sonnet-5")
    assert two.calls == Range(2 * one.calls.low, 2 * one.calls.high)


def test_dollars_are_what_the_tokens_cost(make_plan: MakePlan) -> None:
    line = line_of(make_plan(generator={"value": WRITER}, max_answer_tokens={"value": 100}), "openai", "generate")
    per_call = line.tokens.high / line.calls.high
    high = ((per_call - 100) * 0.15 + 100 * 0.6) / 1e6 * line.calls.high
    assert line.usd.high == pytest.approx(high, rel=0.02)
    per_call = line.tokens.low / line.calls.low
    low = ((per_call - 20) * 0.15 + 20 * 0.6) / 1e6 * line.calls.low
    assert line.usd.low == pytest.approx(low, rel=0.02)


def test_a_batch_is_planned_at_its_price(make_plan: MakePlan) -> None:
    single, batch = make_plan(), make_plan(batch={"value": True})
    for purpose, provider in (("generate", "openai"), ("judge", "anthropic")):
        whole, half = line_of(single, provider, purpose).usd, line_of(batch, provider, purpose).usd
        assert (half.low, half.high) == pytest.approx((whole.low / 2, whole.high / 2))


def test_local_models_stand_in_the_plan_with_zero_dollars(make_plan: MakePlan) -> None:
    plan = make_plan(
        generator={"value": "extractive"}, judge={"value": "reference"}, embedding_model={"value": "lsa-8"}
    )
    found = [(line.provider, line.purpose, line.usd) for line in plan.lines]
    assert found == [("local", purpose, Range(0.0, 0.0)) for purpose in ("embed", "generate", "judge")]
    assert plan.usd == Range(0.0, 0.0)


def test_the_tokens_of_the_corpus_are_those_that_chunking_makes(make_plan: MakePlan, golden: GoldenSet) -> None:
    sizes, overlaps = (32, 64), (0.0, 0.25)
    plan = make_plan(
        chunk_size={"values": list(sizes)},
        chunk_overlap={"values": list(overlaps)},
        generator={"value": WRITER},
        count=50,
    )
    made = [
        chunk_documents(
            golden.documents,
            chunker="recursive",
            chunk_size=size,
            chunk_overlap=overlap,
            tokenizer=make_params().tokenizer,
        )
        for size in sizes
        for overlap in overlaps
    ]
    questions = sum(len(question.text) for question in golden.questions) / 4
    line = line_of(plan, "openai", "embed")
    assert line.tokens.low <= sum(chunks.n_tokens.sum() for chunks in made) + questions <= line.tokens.high
    assert line.usd.high == pytest.approx(line.tokens.high * 0.02e-6, rel=0.01)


def test_a_lexical_sweep_embeds_nothing(make_plan: MakePlan) -> None:
    plan = make_plan(retriever={"value": "bm25"}, generator={"value": WRITER})
    assert [line.purpose for line in plan.lines] == ["judge", "generate"]


def test_a_sweep_without_answers_asks_nobody(make_plan: MakePlan) -> None:
    plan = make_plan(generator={"value": "none"}, judge={"value": "none"}, embedding_model={"value": "lsa-8"})
    assert [(line.provider, line.purpose) for line in plan.lines] == [("local", "embed")]


def test_finished_trials_are_not_run_again(make_plan: MakePlan) -> None:
    plan = make_plan(generator={"value": WRITER}, kept=Kept(n_finished=5, finished_baselines=["default", "bm25"]))
    assert (plan.n_searched, plan.n_baselines, plan.n_finished) == (1, 0, 7)
    assert line_of(plan, "openai", "generate").calls == Range(N_DEV + 2 * N_TEST, N_DEV + 4 * N_TEST)


def test_stored_replies_lower_the_low_end_alone(make_plan: MakePlan) -> None:
    before = line_of(make_plan(), "openai", "generate")
    kept = Kept(count_replies=lambda model: 10 if model == WRITER else 0)
    after = line_of(make_plan(kept=kept), "openai", "generate")
    assert after.calls == Range(before.calls.low - 10, before.calls.high)
    assert after.kept == 10
    everything = line_of(make_plan(kept=Kept(count_replies=lambda model: 10**6)), "openai", "generate")
    assert (everything.calls.low, everything.usd.low, everything.usd.high) == (0.0, 0.0, before.usd.high)


def test_stored_vectors_lower_the_low_end_alone(make_plan: MakePlan) -> None:
    before = line_of(make_plan(), "openai", "embed")
    after = line_of(make_plan(kept=Kept(count_vectors=lambda model: 10**6)), "openai", "embed")
    assert (after.tokens.low, after.usd.low, after.tokens.high) == (0.0, 0.0, before.tokens.high)


def test_a_race_may_end_trials_after_a_block(make_plan: MakePlan) -> None:
    plan = make_plan(generator={"value": WRITER}, racing={"value": True}, race_block={"value": 5})
    low = N_DEV + 5 * 5 + 2 * N_DEV + 2 * N_TEST
    assert line_of(plan, "openai", "generate").calls == Range(low, 8 * N_DEV + 4 * N_TEST)


def test_no_more_trials_are_planned_than_the_space_has(make_plan: MakePlan) -> None:
    # Twenty points, and the default baseline is one of them; BM25 is none, since the retriever is not swept.
    assert make_plan(top={"run_cap": 100}).n_searched == 19
    assert make_plan(top={"run_cap": None, "method": "grid"}).n_searched == 19
    assert make_plan(count=3).n_searched == 3


def test_a_search_without_an_end_has_no_plan(make_plan: MakePlan) -> None:
    with pytest.raises(InputError, match=r"run_cap is missing; add it, or give --count"):
        make_plan(top={"run_cap": None})


@pytest.mark.parametrize(("factor", "low"), [(1.0, 8), (0.5, 4), (0.0, 0)])
def test_a_budget_is_enough_for_its_share_of_the_trials(make_plan: MakePlan, factor: float, low: int) -> None:
    whole = make_plan()
    plan = make_plan(budget_usd={"value": whole.usd.high * factor + 1e-9})
    assert plan.within_budget is not None
    assert plan.within_budget.low == low
    assert plan.within_budget.high <= plan.n_left == 8
    spent = make_plan(budget_usd={"value": whole.usd.high}, kept=Kept(spent_usd=whole.usd.high))
    assert spent.within_budget == Range(0, 0)
    assert whole.within_budget is None


def test_a_model_without_a_price_has_no_plan(make_plan: MakePlan) -> None:
    with pytest.raises(InputError, match="no price for 'openai:gpt-x'"):
        make_plan(generator={"value": "openai:gpt-x"})


def test_a_plan_asks_nobody_and_is_always_the_same(make_plan: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a plan opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert make_plan() == make_plan()
    assert replace(make_plan(), lines=()).usd == Range(0, 0)
