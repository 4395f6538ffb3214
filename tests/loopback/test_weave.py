"""Weave's calls and evaluations, as the real client sends and reads them."""

from __future__ import annotations

from loopback.clients import python, result_of
from loopback.server import LoopbackServer

EVALUATE = """
import asyncio, json, weave
client = weave.init("team/demo")

@weave.op
def retrieve(question): return ["passage"]

@weave.op
def predict(question):
    return {"answer": question + "!", "passages": retrieve(question)}

@weave.op
def exact(output, expected): return {"exact": output["answer"] == expected}

golden = weave.Dataset(name="golden", rows=[{"question": "a", "expected": "a!"}, {"question": "b", "expected": "c"}])
evaluation = weave.Evaluation(name="trial", dataset=golden, scorers=[exact])
with weave.attributes({"trial_id": "t1"}):
    summary = asyncio.run(evaluation.evaluate(predict))
logger = weave.EvaluationLogger(name="logged", model={"name": "bm25"}, dataset=[{"question": "a"}])
with logger.log_prediction(inputs={"question": "a"}, output="a!") as prediction:
    prediction.log_score("exact", 0.5)
logger.log_summary({"mean": 0.5})
client.flush()
roots = client.get_calls(filter={"trace_roots_only": True})
(root,) = [call for call in roots if call.attributes.get("trial_id") == "t1"]
root.feedback.add_note("looks right")
client.flush()
print(json.dumps({
    "fractions": summary["exact"]["exact"],
    "output": root.output["exact"]["exact"],
    "rows": [dict(row) for row in weave.ref(golden.ref.uri()).get().rows],
    "notes": [note.payload["note"] for note in root.feedback if note.feedback_type == "wandb.note.1"],
}))
weave.finish()
"""


CALL = """
import weave
weave.init("team/demo")

@weave.op
def retrieve(question): return ["passage"]

retrieve("a")
weave.finish()
"""


def test_calls_outlive_a_fault(server: LoopbackServer, hosted: dict[str, str]) -> None:
    fault = server.faults.add("unavailable", match="/calls/complete")
    python(CALL, hosted)
    assert fault.seen == 1
    assert [(call.name, call.inputs, call.output) for call in server.calls] == [
        ("retrieve", {"question": "a"}, ["passage"])
    ]


def test_an_evaluation_arrives_as_nested_calls_and_reads_back(server: LoopbackServer, hosted: dict[str, str]) -> None:
    printed = result_of(python(EVALUATE, hosted))
    fractions = {"true_count": 1, "true_fraction": 0.5}
    assert printed["fractions"] == printed["output"] == fractions
    assert printed["rows"] == [{"question": "a", "expected": "a!"}, {"question": "b", "expected": "c"}]
    assert printed["notes"] == ["looks right"]

    traced = [call for call in server.calls if call.attributes.get("trial_id") == "t1"]
    by_id = {call.id: call for call in traced}
    parents = sorted((call.name, by_id[call.parent_id].name) for call in traced if call.parent_id)
    assert parents == sorted(
        [
            *2 * [("Evaluation.predict_and_score", "Evaluation.evaluate")],
            *2 * [("predict", "Evaluation.predict_and_score")],
            *2 * [("retrieve", "predict")],
            *2 * [("exact", "Evaluation.predict_and_score")],
            ("Evaluation.summarize", "Evaluation.evaluate"),
        ]
    )
    assert all(call.ended_at and call.exception is None for call in server.calls)
    assert [call.output for call in traced if call.name == "retrieve"] == [["passage"], ["passage"]]
    logged = [call for call in server.calls if call not in traced]
    assert [call.output["output"] for call in logged if call.name == "Evaluation.evaluate"] == [{"mean": 0.5}]
    assert "golden" in {kept.object_id for kept in server.objects}
