"""Batch APIs: requests in, outcomes by custom id out, billed as a batch."""

from __future__ import annotations

import pytest
from loopback.providers.server import ProviderServer

from rag_sweeps.errors import InputError, ProviderBusyError, ProviderFaultError, TrialError
from rag_sweeps.protocols import BatchModel
from rag_sweeps.providers.models import open_batch_model
from rag_sweeps.records import ChatRequest, Completion, NoReply

NAMES = {"openai": "openai:gpt-x", "anthropic": "anthropic:claude-x"}


@pytest.fixture(params=sorted(NAMES))
def name(request: pytest.FixtureRequest) -> str:
    return NAMES[str(request.param)]


@pytest.fixture
def model(server: ProviderServer, name: str) -> BatchModel:
    opened = open_batch_model(name, timeout_s=60)
    assert opened is not None
    return opened


def calls(name: str, n: int, **changes: object) -> dict[str, ChatRequest]:
    """Texts with a line separator: only a line feed ends a line of a result file."""
    return {f"call-{i}": ChatRequest(name, "You judge.", f"line\u2028{i}", 100, **changes) for i in range(n)}  # type: ignore[arg-type]


def run(model: BatchModel, wanted: dict[str, ChatRequest]) -> dict[str, Completion | NoReply]:
    batch = model.submit(wanted)
    states = [model.state(batch)]
    while states[-1] == "running":
        states.append(model.state(batch))
    assert states == ["running", "ended"]
    return dict(model.results(batch, "judge"))


def test_every_call_has_its_own_reply(server: ProviderServer, model: BatchModel, name: str) -> None:
    found = run(model, calls(name, 5, schema={"type": "object"}, settings={"reasoning_effort": "low"}))
    assert sorted(found) == [f"call-{i}" for i in range(5)]
    for key, reply in found.items():
        assert isinstance(reply, Completion)
        assert reply.text == f"{name.partition(':')[2]} heard: line\u2028{key[-1]}"
        assert reply.problem is None
        assert reply.usage.batch
        assert f"{reply.usage.provider}:{reply.usage.model}" == name
        assert reply.usage.purpose == "judge"


def test_usage_is_the_bill_at_half_the_price(server: ProviderServer, model: BatchModel, name: str) -> None:
    found = run(model, calls(name, 4))
    usages = [reply.usage for reply in found.values() if isinstance(reply, Completion)]
    (billed,) = server.billed(batch=True).values()
    assert billed.requests == len(usages) == 4
    assert billed.input_tokens == sum(usage.input_tokens for usage in usages)
    assert billed.cached_tokens == sum(usage.cached_tokens for usage in usages)
    assert billed.output_tokens == sum(usage.output_tokens for usage in usages)
    assert not server.billed()
    price = {name.partition(":")[2]: {"input": 2.0, "output": 6.0}}
    assert server.usd(price) == pytest.approx((billed.input_tokens * 2.0 + billed.output_tokens * 6.0) / 2e6)


def test_a_call_that_fails_costs_only_its_own_reply(server: ProviderServer, model: BatchModel, name: str) -> None:
    for kind in ("batch_expired", "batch_errored", "wrong_types"):
        server.faults.add(kind, times=1)  # type: ignore[arg-type]
    found = run(model, calls(name, 5))
    assert len(found) == 5
    reasons = sorted(reply.reason for reply in found.values() if isinstance(reply, NoReply))
    assert len(reasons) == 3
    assert any(reason.startswith("batch_expired") for reason in reasons)
    assert any("maximum" in reason for reason in reasons)
    assert any("does not promise" in reason for reason in reasons)


def test_cancelling_ends_a_batch_and_again_is_no_error(server: ProviderServer, model: BatchModel, name: str) -> None:
    server.batches.polls = 10**6
    batch = model.submit(calls(name, 3))
    assert model.state(batch) == "running"
    model.cancel(batch)
    assert model.state(batch) == "ended"
    model.cancel(batch)
    assert not list(model.results(batch, "judge"))
    assert not server.log


def test_a_batch_that_is_refused_as_a_whole_has_failed(server: ProviderServer) -> None:
    model = open_batch_model("openai:gpt-x", timeout_s=60)
    assert model is not None
    server.batches.refuse_next = True
    assert model.state(model.submit(calls("openai:gpt-x", 2))) == "failed"


def test_a_batch_nobody_knows_is_an_input_error(model: BatchModel) -> None:
    with pytest.raises(InputError, match="no such batch"):
        model.state("batch_unknown")


@pytest.mark.parametrize("n", [0, 100_001])
def test_a_batch_of_no_size_the_provider_takes_is_not_sent(model: BatchModel, name: str, n: int) -> None:
    request = ChatRequest(name, "", "x", 1)
    with pytest.raises(TrialError, match="a batch takes"):
        model.submit({str(i): request for i in range(n)})


def test_a_request_for_another_model_is_refused(model: BatchModel) -> None:
    with pytest.raises(InputError, match="openai:another"):
        model.submit({"a": ChatRequest("openai:another", "", "x", 1)})


def test_a_busy_batch_api_asks_to_wait(server: ProviderServer, model: BatchModel, name: str) -> None:
    server.faults.add("429", retry_after="3", endpoint="batches")
    with pytest.raises(ProviderBusyError) as caught:
        model.submit(calls(name, 1))
    assert caught.value.retry_after_s == 3


def test_results_that_break_off_can_be_fetched_again(server: ProviderServer, model: BatchModel, name: str) -> None:
    batch = model.submit(calls(name, 3))
    while model.state(batch) == "running":
        pass
    server.faults.add("cut", times=1, endpoint="results")
    with pytest.raises(ProviderFaultError, match="broke the connection"):
        list(model.results(batch, "judge"))
    assert len(list(model.results(batch, "judge"))) == 3


def test_a_compatible_server_has_no_batches() -> None:
    assert open_batch_model("compatible:local", timeout_s=60) is None
