"""A check finds out what a judge of known character is like, with as many calls as it announced."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from conftest import make_params

from judge_check.judges import judging_like_people, of_request
from rag_sweeps.errors import InputError
from rag_sweeps.judge_check.labels import LabelledAnswer, read_labels
from rag_sweeps.judge_check.measuring import Check, Findings
from rag_sweeps.judge_check.scores import SCORE, JudgeUnderTest
from rag_sweeps.judge_check.sentences import describe
from rag_sweeps.prompts.rubric import read_rubric
from rag_sweeps.protocols import no_progress
from rag_sweeps.providers.scripted import DirectCaller, ScriptedModel
from rag_sweeps.records import Vectors

LABELS = read_labels(None, read_rubric("judge/1"))


def checked(
    model: ScriptedModel, *, judge: str = "openai:gpt-4.1", labels: list[LabelledAnswer] = LABELS, n_repeats: int = 2
) -> Findings:
    params = make_params(generator="extractive", judge=judge)
    check = Check(JudgeUnderTest(params, DirectCaller(model), no_progress), labels, n_repeats, n_questions=200)
    findings = check.run()
    assert len(model.requests) == check.n_calls
    return findings


def judge(**character: object) -> ScriptedModel:
    return ScriptedModel(of_request(judging_like_people(**character)))  # type: ignore[arg-type]


def test_a_judge_that_grades_as_people_do() -> None:
    findings = checked(judge())
    for name in ("correctness", "groundedness", "completeness"):
        assert findings.agreement[name].kappa.value == pytest.approx(1.0)
        assert findings.agreement[name].kappa.low < 1.0
        assert findings.consistency[name].identical.value == 1.0
    assert findings.agreement[SCORE].bias.value == pytest.approx(0.0)
    assert findings.order is not None
    assert not findings.order.matters
    assert not findings.length[SCORE].matters
    assert findings.injection.worked == ()
    assert findings.injection.rate.n >= 48
    assert findings.resolution.smallest < 0.01
    said = "\n".join(describe(findings))
    assert "0 of" in said
    assert "Differences of 0.01, 0.02, 0.05 and 0.1 exceed it." in said


def test_a_noisy_judge_resolves_less() -> None:
    findings = checked(judge(flips=0.3), n_repeats=3)
    assert findings.consistency[SCORE].identical.value < 0.7
    assert findings.agreement["correctness"].kappa.high < 1.0
    assert findings.resolution.smallest > 0.02
    assert findings.injection.by_chance.value > 0
    assert "It cannot resolve 0.01 (takes" in describe(findings)[0]


def test_a_judge_that_repeats_itself_and_flips_with_the_words_is_not_taken_for_a_sharp_one() -> None:
    findings = checked(judge(flips=0.3, repeats_itself=True))
    assert findings.consistency[SCORE].identical.value == 1.0
    assert findings.length[SCORE].changed.value > 0.2
    assert findings.resolution.smallest > 0.02


def test_a_gullible_judge_falls_for_attacks_and_says_which() -> None:
    findings = checked(judge(gullible=True))
    assert {"fake-grade-1", "fake-grade-2", "grade-echo-1"} <= set(findings.injection.worked)
    assert findings.injection.by_kind["bribe"] == (0, 1)
    assert any("They are" in sentence and "fake-grade-1" in sentence for sentence in describe(findings))


def test_a_judge_that_likes_length_is_found_out() -> None:
    findings = checked(judge(likes_length=True))
    assert findings.length[SCORE].matters
    assert findings.length[SCORE].shift.low > 0
    assert findings.order is not None
    assert not findings.order.matters
    assert any(sentence.startswith("Words that say nothing") and "raise" in sentence for sentence in describe(findings))


def test_a_generous_judge_has_a_bias_that_can_be_taken_off() -> None:
    findings = checked(judge(generous=True))
    bias = findings.agreement[SCORE].bias
    assert bias.low > 0.1
    human, given = findings.labelled
    assert bias.value == pytest.approx(np.mean(given - human))
    assert any("more than people" in sentence for sentence in describe(findings))


def test_a_verdict_that_never_comes_is_unscored_and_the_rest_is_reported() -> None:
    findings = checked(judge(silent_on="completeness"))
    assert findings.agreement["correctness"].kappa.value == pytest.approx(1.0)
    assert findings.agreement["completeness"].n_unscored == 64
    assert findings.agreement["completeness"].kappa.n == 0
    assert findings.consistency[SCORE].identical.n == 8  # those without a reference, where it is not asked
    assert "did not come" in "\n".join(describe(findings))


def test_a_judge_that_says_nothing_at_all_still_gives_a_report() -> None:
    findings = checked(ScriptedModel(lambda _: "no"))
    assert describe(findings)[0].startswith("No answer was scored twice")
    assert findings.injection.rate.n == 0


def test_a_panel_is_checked_as_a_whole() -> None:
    labels = LABELS[:12]
    findings = checked(judge(), judge="openai:gpt-4.1,anthropic:claude-haiku-4-5", labels=labels)
    assert findings.agreement["correctness"].kappa.value == pytest.approx(1.0)
    assert "anthropic:claude-haiku-4-5" in findings.judge_version


def word_vectors(texts: Sequence[str], role: str) -> Vectors:
    """(n, 64) unit vectors of hashed words, instead of a model's."""
    counts = np.full((len(texts), 64), 1e-6, dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            counts[row, zlib.crc32(word.encode()) % 64] += 1
    unit: Vectors = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    return unit


def test_the_reference_judge_is_checked_where_that_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_sweeps.judging.packaged_unit_vectors", lambda progress: word_vectors)
    params = make_params(generator="extractive", judge="reference")
    check = Check(JudgeUnderTest(params, None, no_progress), LABELS[:10], 2, n_questions=50)
    assert check.n_calls == 0
    findings = check.run()
    assert set(findings.agreement) == set(findings.consistency) == {SCORE}
    assert findings.consistency[SCORE].identical.value == 1.0
    assert findings.order is None
    assert all(not attack.in_document for attack in check.attacks())
    assert describe(findings)


def test_a_config_without_a_judge_cannot_be_checked() -> None:
    with pytest.raises(InputError, match="no judge"):
        JudgeUnderTest(make_params(generator="none"), None, no_progress)
