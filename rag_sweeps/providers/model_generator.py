"""The generator that asks a chat model: question and numbered passages in, a cited answer out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag_sweeps.prompts.foreign_text import EXPLANATION, Block, passage_blocks, set_apart
from rag_sweeps.protocols import Caller, Progress
from rag_sweeps.providers.replies import ANSWER_SCHEMA, answer_form, read_answer
from rag_sweeps.records import Answer, Call, ChatRequest, Completion, NoReply, Passage, Question, Reply


class ModelGenerator:
    """A reply that cannot be used is an Answer with a `problem`; where there are no passages, nothing is asked.

    instructions: the text of an answer prompt. Everything that is the same for all questions is in `system`, where
    providers can cache it.
    """

    def __init__(
        self,
        *,
        model: str,
        instructions: str,
        structured: bool,
        max_output_tokens: int,
        settings: Mapping[str, str | int | float | bool | None],
        caller: Caller,
        trial_id: str,
        progress: Progress,
    ) -> None:
        self._model, self._structured, self._max_output_tokens = model, structured, max_output_tokens
        self._settings, self._caller, self._trial_id, self._progress = dict(settings), caller, trial_id, progress
        self._system = "\n\n".join([instructions.strip(), EXPLANATION, answer_form(structured=structured)])

    def answer(self, questions: Sequence[Question], passages: Sequence[Sequence[Passage]]) -> list[Answer]:
        asked = [at for at, given in enumerate(passages) if given]
        answers = [Answer("", abstained=True)] * len(questions)
        keys: dict[int, str] = {}

        def calls() -> Iterator[Call]:
            for position, at in enumerate(asked):
                request = self.request(questions[at].text, passages[at])
                call = Call(request, "generate", self._trial_id, questions[at].id)
                keys[position] = call.key
                yield call

        outcomes = self._caller.complete_all(calls(), what="answering", total=len(asked), progress=self._progress)
        for position, outcome in outcomes:
            at = asked[position]
            answers[at] = self._read(outcome, keys.pop(position), n_passages=len(passages[at]))
        return answers

    def request(self, question: str, passages: Sequence[Passage]) -> ChatRequest:
        """What is asked of the model for one question."""
        return ChatRequest(
            model=self._model,
            system=self._system,
            user=set_apart([*passage_blocks(passages), Block("question", question)]),
            max_output_tokens=self._max_output_tokens,
            schema=ANSWER_SCHEMA if self._structured else None,
            settings=self._settings,
        )

    def _read(self, outcome: Completion | NoReply, key: str, *, n_passages: int) -> Answer:
        if isinstance(outcome, NoReply):
            return Answer("", abstained=False, problem=outcome.reason)
        replies = (Reply(key, outcome.text, outcome.usage, outcome.problem),)
        if outcome.problem is not None:
            return Answer("", abstained=False, problem=outcome.problem, replies=replies)
        read = read_answer(outcome.text, structured=self._structured)
        if read.problem is not None:
            return Answer("", abstained=False, problem=read.problem, replies=replies)
        given = tuple(number for number in read.citations if 1 <= number <= n_passages)
        return Answer(
            text=read.text or "",
            abstained=read.text is None,
            citations=given,
            n_wrong_citations=len(read.citations) - len(given),
            replies=replies,
        )
