"""Answers -> verdicts of one or several judging models, all asked in one go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rag_sweeps.protocols import Caller, Progress
from rag_sweeps.providers.model_judge import Grade, ModelJudge
from rag_sweeps.records import Answer, Call, Passage, Question, Verdict


class Panel:
    """Fits Judge. members: (name, judge) in the order of the config; the score is the mean over them.

    A score or a part that one member lacks is undefined, and never the mean of the others.
    """

    def __init__(
        self,
        members: Sequence[tuple[str, ModelJudge]],
        *,
        version: str,
        caller: Caller,
        trial_id: str,
        progress: Progress,
    ) -> None:
        self._members, self._version = tuple(members), version
        self._caller, self._trial_id, self._progress = caller, trial_id, progress

    def judge(
        self, questions: Sequence[Question], answers: Sequence[Answer], passages: Sequence[Sequence[Passage]]
    ) -> list[Verdict | None]:
        rows = list(zip(questions, answers, passages, strict=True))
        asked = [
            (at, name, judge, verdict)
            for at, (question, answer, _) in enumerate(rows)
            for name, judge in self._members
            for verdict in judge.asked_of(question, answer)
        ]
        keys: dict[int, str] = {}

        def calls() -> Iterator[Call]:
            for position, (at, _, judge, verdict) in enumerate(asked):
                call = Call(judge.request(verdict, *rows[at]), "judge", self._trial_id, rows[at][0].id)
                keys[position] = call.key
                yield call

        grades: dict[tuple[int, str], dict[str, Grade]] = defaultdict(dict)
        outcomes = self._caller.complete_all(calls(), what="judging", total=len(asked), progress=self._progress)
        for position, outcome in outcomes:
            at, name, judge, verdict = asked[position]
            grades[at, name][verdict] = judge.read(verdict, outcome, keys.pop(position))
        return [
            self._joined([judge.verdict(question, answer, grades[at, name]) for name, judge in self._members])
            for at, (question, answer, _) in enumerate(rows)
        ]

    def _joined(self, verdicts: Sequence[Verdict | None]) -> Verdict | None:
        given = [verdict for verdict in verdicts if verdict is not None]
        if len(given) <= 1:
            return given[0] if given else None
        names = [name for name in given[0].parts if all(name in verdict.parts for verdict in given)]
        scores = [verdict.score for verdict in given if verdict.score is not None]
        named = zip(self._members, verdicts, strict=True)
        return Verdict(
            score=sum(scores) / len(scores) if len(scores) == len(verdicts) else None,
            reason="\n".join(f"[{name}] {verdict.reason}" for (name, _), verdict in named if verdict is not None),
            judge_version=self._version,
            parts={name: sum(verdict.parts[name] for verdict in given) / len(given) for name in names},
            replies=tuple(reply for verdict in given for reply in verdict.replies),
        )
