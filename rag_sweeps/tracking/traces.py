"""One result -> one Weave evaluation: a prediction for each question, and what was retrieved, written and judged below.

Written from the stored result, so that one served from the store is traced like a new one. Means are ours, as logged in
W&B: Weave's own leave out what is None. Every call carries the ids of trial and run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import Passage, Question, QuestionRecord, Reply, TrialResult
from rag_sweeps.store.replies import ReplyStore
from rag_sweeps.tracking.privacy import Privacy, privacy_of, sampled

if TYPE_CHECKING:
    from weave.trace.call import Call
    from weave.trace.weave_client import WeaveClient

EVALUATION = {"_weave_eval_meta": {"imperative": True}}
"""How Weave's own EvaluationLogger marks an evaluation that is logged and not run by it."""


def trace_result(
    result: TrialResult,
    golden: GoldenSet,
    client: WeaveClient,
    *,
    run_id: str,
    name: str,
    replies: ReplyStore | None,
    is_new: bool,
) -> None:
    """Log the evaluation of a run, unless Weave holds it already; its calls are on their way when this returns.

    replies: where the prompts of replies are kept. is_new: nobody can have logged this run before.
    """
    if is_new or not _is_there(client, run_id):
        Trace(result, golden, client, run_id=run_id, replies=replies).write(name)


class Trace:
    """The calls of one result."""

    def __init__(
        self, result: TrialResult, golden: GoldenSet, client: WeaveClient, *, run_id: str, replies: ReplyStore | None
    ) -> None:
        self._result, self._golden, self._client, self._replies = result, golden, client, replies
        self._privacy: Privacy = privacy_of(result)
        self._ids = {"trial_id": result.trial_id, "wandb_run_id": run_id, **EVALUATION}

    def write(self, name: str) -> None:
        import weave

        @weave.op(name="Evaluation.evaluate", eager_call_start=True)
        def evaluate(self: weave.Evaluation, model: weave.Model) -> None: ...

        dataset = weave.Dataset(name=self._dataset_name(), rows=weave.Table(self._rows()))
        evaluation = weave.Evaluation(dataset=dataset, scorers=[])
        model = weave.Model(name=f"trial-{self._result.trial_id[:12]}", description=self._settings())
        longest = max((self._seconds(record) for record in self._result.questions), default=0.0)
        began = datetime.now(UTC) - timedelta(seconds=longest)
        inputs = {"self": evaluation, "model": model}
        with self._call(evaluate, inputs, None, began, name=name) as top:
            for at in self._traced():
                self._predict(at, evaluation, model, top.call, began)
            summary = {metric: value.mean for metric, value in self._result.metrics.items() if value.n}
            with self._call("Evaluation.summarize", {}, top.call, datetime.now(UTC)) as last:
                last.output = summary
            top.output = {
                "output": summary,
                "n_questions": len(self._result.question_ids),
                "n_failed": self._result.n_failed,
                "n_unscored": self._result.n_unscored,
            }

    def _predict(self, at: int, evaluation: Any, model: Any, parent: Call, began: datetime) -> None:
        record, question = self._result.questions[at], self._question(at)
        scores = {name: float(values[at]) for name, values in self._result.per_question.items()}
        known = {name: value if value == value else None for name, value in scores.items()}
        example = {"id": self._privacy.name(question.id), "question": self._privacy.text(question.text)}
        inputs = {"self": evaluation, "model": model, "example": example}
        with self._call("Evaluation.predict_and_score", inputs, parent, began) as both:
            with self._call("predict", {"self": model, "inputs": example}, both.call, began) as prediction:
                prediction.output = self._stages(record, question, prediction.call, began)
                prediction.seconds = self._seconds(record)
            both.seconds = self._seconds(record)
            both.output = {"output": prediction.output, "scores": known, "model_latency": self._seconds(record)}

    def _stages(self, record: QuestionRecord, question: Question, parent: Call, began: datetime) -> dict[str, Any]:
        asked = self._privacy.text(question.text)
        passages = [self._passage(passage) for passage in record.passages[: int(str(self._result.params["top_k"]))]]
        with self._call("retrieve", {"question": asked}, parent, began) as retrieval:
            retrieval.output, retrieval.seconds = passages, self._retrieval_seconds()
        began += timedelta(seconds=self._retrieval_seconds())
        output: dict[str, Any] = {"passages": len(passages), "failure": self._privacy.text(record.failure)}
        if record.answer is not None:
            answer = record.answer
            with self._call("generate", {"question": asked, "passages": passages}, parent, began) as generation:
                self._reply_calls(answer.replies, generation.call, began)
                generation.output = {
                    "answer": self._privacy.text(answer.text),
                    "abstained": answer.abstained,
                    "problem": self._privacy.text(answer.problem),
                    "citations": list(answer.citations),
                }
                generation.seconds = _latency(answer.replies)
            began += timedelta(seconds=_latency(answer.replies))
            output["answer"] = generation.output["answer"]
        if record.verdict is not None:
            verdict = record.verdict
            inputs = {"question": asked, "reference": self._privacy.text(question.answer), "answer": output["answer"]}
            with self._call("judge", inputs, parent, began) as judging:
                self._reply_calls(verdict.replies, judging.call, began)
                reason = self._privacy.text(verdict.reason)
                judging.output = {"score": verdict.score, "parts": dict(verdict.parts), "reason": reason}
                judging.output["judge_version"] = verdict.judge_version
                judging.seconds = _latency(verdict.replies)
        return output

    def _reply_calls(self, replies: Sequence[Reply], parent: Call, began: datetime) -> None:
        """One call for each reply of a provider, with the very prompt it answers where that is still kept."""
        for reply in replies:
            usage = reply.usage
            request = self._replies.request_of(reply.key) if self._replies is not None else None
            inputs: dict[str, Any] = {"model": f"{usage.provider}:{usage.model}", "request": reply.key}
            if request is not None:
                prompt = {"system": request.system, "user": request.user}
                inputs |= {role: self._privacy.text(text) for role, text in prompt.items()}
                inputs |= {"settings": dict(request.settings), "max_output_tokens": request.max_output_tokens}
            with self._call(f"{usage.provider}.chat", inputs, parent, began) as asked:
                asked.output = {"text": self._privacy.text(reply.text), "problem": self._privacy.text(reply.problem)}
                asked.output["from_cache"] = usage.from_cache
                asked.seconds = usage.latency_s
                counts = {"requests": 1, "prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens}
                asked.call.summary = {"usage": {usage.model: counts}}
            began += timedelta(seconds=usage.latency_s)

    @contextmanager
    def _call(
        self, op: Any, inputs: Mapping[str, Any], parent: Call | None, began: datetime, *, name: str | None = None
    ) -> Iterator[Written]:
        """One call; what the block sets as output and seconds is written when it ends."""
        call = self._client.create_call(
            op, dict(inputs), parent, dict(self._ids), display_name=name, use_stack=False, started_at=began
        )
        written = Written(call)
        yield written
        ended = datetime.now(UTC) if written.seconds is None else began + timedelta(seconds=written.seconds)
        self._client.finish_call(call, written.output, ended_at=ended)

    def _traced(self) -> list[int]:
        """Positions of the traced questions: the declared share, those whose ids have the smallest digests."""
        ids = self._result.question_ids
        share = float(str(self._result.params.get("traced_share", 1.0)))
        most = len(ids) if share >= 1.0 else round(share * len(ids))
        reached = [at for at, record in enumerate(self._result.questions) if record.answer or not self._result.pruned]
        kept = set(sampled(range(len(ids)), ids, most=most))
        return [at for at in reached if at in kept]

    def _question(self, at: int) -> Question:
        wanted = self._result.question_ids[at]
        return next(question for question in self._golden.questions if question.id == wanted)

    def _passage(self, passage: Any) -> dict[str, Any]:
        document = self._golden.documents[passage.doc]
        given = Passage(document.id, document.text[passage.start : passage.end], passage.score)
        return {
            "document": self._privacy.name(given.document),
            "start": passage.start,
            "end": passage.end,
            "text": self._privacy.text(given.text),
            "score": given.score,
            "relevant": passage.relevant,
        }

    def _seconds(self, record: QuestionRecord) -> float:
        replies = [
            *(record.answer.replies if record.answer else ()),
            *(record.verdict.replies if record.verdict else ()),
        ]
        return self._retrieval_seconds() + _latency(replies)

    def _retrieval_seconds(self) -> float:
        return self._result.costs.search_ms_p50 / 1000

    def _dataset_name(self) -> str:
        return f"golden-{self._golden.digest[:12]}"

    def _rows(self) -> list[dict[str, Any]]:
        """The questions of this split, named by the digest of the golden set: the same object for every trial."""
        questions = [self._question(at) for at in range(len(self._result.question_ids))]
        return [
            {"id": self._privacy.name(question.id), "question": self._privacy.text(question.text)}
            for question in questions
        ]

    def _settings(self) -> str:
        shown = {
            name: value for name, value in self._result.params.items() if self._privacy.full or name != "golden_set"
        }
        return "; ".join(f"{name}={value}" for name, value in sorted(shown.items()))


@dataclass(slots=True)
class Written:
    """A call being written. seconds: how long it took; None: until now."""

    call: Call
    output: Any = None
    seconds: float | None = None


def _latency(replies: Sequence[Reply]) -> float:
    return sum(reply.usage.latency_s for reply in replies)


def _is_there(client: WeaveClient, run_id: str) -> bool:
    """Whether an evaluation of this run was logged to its end."""
    of_run = {"$expr": {"$eq": [{"$getField": "attributes.wandb_run_id"}, {"$literal": run_id}]}}
    roots = client.get_calls(filter={"trace_roots_only": True}, query=of_run)
    return any(call.ended_at is not None for call in roots)
