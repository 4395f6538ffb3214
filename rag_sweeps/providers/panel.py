"""Several judges -> one verdict: the mean of their scores, where all of them gave one."""

from __future__ import annotations

from collections.abc import Sequence

from rag_sweeps.protocols import Judge
from rag_sweeps.records import Answer, Passage, Question, Verdict


class Panel:
    """members: (name, judge) in the order of the config. A score or a part that one member lacks is undefined."""

    def __init__(self, members: Sequence[tuple[str, Judge]], *, version: str) -> None:
        self._members, self._version = tuple(members), version

    def judge(
        self, questions: Sequence[Question], answers: Sequence[Answer], passages: Sequence[Sequence[Passage]]
    ) -> list[Verdict | None]:
        by_member = [member.judge(questions, answers, passages) for _, member in self._members]
        return [self._joined(verdicts) for verdicts in zip(*by_member, strict=True)]

    def _joined(self, verdicts: Sequence[Verdict | None]) -> Verdict | None:
        given = [verdict for verdict in verdicts if verdict is not None]
        if not given:
            return None
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
