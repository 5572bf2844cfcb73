from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from okrsync.model.ledger import Decision, Hypothesis
from okrsync.model.verdicts import CheckKind, Estimate, HypothesisVerdict, OutcomeCheck, Verdict
from okrsync.reports.outcomes.due_checks import DecisionContext, Subject, choices, coming, matured
from okrsync.reports.stoplist import Stoplist, StopRules
from okrsync.reports.values import FlaggedWin

TODAY = date(2026, 11, 20)
SINCE = TODAY - timedelta(days=14)
MOVED = Estimate(3.1, 1.4, 4.8, 0.9, 0.001, 2.0)
NOTHING = DecisionContext((), (), ZoneInfo("Europe/Berlin"), (), Stoplist(TODAY, StopRules(), (), 0))


def check(*members: str, verdict: Verdict = Verdict.MOVED, evaluation: date = date(2026, 11, 10)) -> OutcomeCheck:
    day = date(2026, 10, 6)
    return OutcomeCheck(CheckKind.WAVE, members or ("PAY-1",), day, day, evaluation, verdict, estimate=MOVED)


def subject(*checks: OutcomeCheck) -> Subject:
    return Subject("2026Q4/KR1.1", "Activation", "%", checks, {"PAY-1": "Guided setup"})


def decision(about: str, at: datetime, choice: str = "stop") -> Decision:
    return Decision("de-1", at, at, "lead", "", about, choice, "because", (), (), "", "")


def test_a_check_is_new_if_it_came_due_after_the_day_looked_back_to() -> None:
    found = matured(
        [subject(check("PAY-1", evaluation=SINCE), check("PAY-2", evaluation=SINCE + timedelta(days=1)))],
        NOTHING,
        SINCE,
        TODAY,
    )

    assert {entry.check.members[0]: entry.is_new for entry in found} == {"PAY-1": False, "PAY-2": True}


def test_a_check_that_is_provisional_or_still_to_come_has_not_matured() -> None:
    later = check("PAY-1", evaluation=TODAY + timedelta(days=1))
    shown_early = replace(check("PAY-2"), is_provisional=True)
    silent = replace(check("PAY-3", verdict=Verdict.TOO_EARLY), estimate=None)

    assert matured([subject(later, shown_early, silent)], NOTHING, SINCE, TODAY) == []


@pytest.mark.parametrize(
    ("verdict", "expectation", "left"),
    [
        (Verdict.MOVED, HypothesisVerdict.CONFIRMED, ("persevere", "scale")),
        (Verdict.MOVED, HypothesisVerdict.WEAKER_THAN_EXPECTED, ("persevere", "pivot")),
        (Verdict.MOVED_WRONG_WAY, HypothesisVerdict.REFUTED, ("stop", "revert")),
        (Verdict.NO_MEANINGFUL_MOVEMENT, HypothesisVerdict.NOT_STATED, ("pivot", "stop")),
        (Verdict.INCONCLUSIVE, HypothesisVerdict.OPEN, ()),
        (Verdict.INCONCLUSIVE, HypothesisVerdict.REFUTED, ("pivot", "stop")),
        (Verdict.OBSERVED_CHANGE_ONLY, HypothesisVerdict.NOT_STATED, ()),
    ],
)
def test_a_verdict_leaves_its_own_choices(
    verdict: Verdict, expectation: HypothesisVerdict, left: tuple[str, ...]
) -> None:
    assert choices(replace(check(verdict=verdict), hypothesis=expectation)) == left


def test_what_nobody_decided_comes_first() -> None:
    decided = decision("PAY-1", datetime(2026, 11, 12, tzinfo=UTC))
    known = replace(NOTHING, decisions=(decided,))
    found = matured([subject(check("PAY-1"), check("PAY-2", evaluation=date(2026, 11, 1)))], known, SINCE, TODAY)

    assert [entry.check.members for entry in found] == [("PAY-2",), ("PAY-1",)]
    assert [entry.is_asking for entry in found] == [True, False]


def test_a_decision_from_before_the_verdict_answers_nothing() -> None:
    known = replace(NOTHING, decisions=(decision("PAY-1", datetime(2026, 11, 9, tzinfo=UTC)),))
    (found,) = matured([subject(check("PAY-1"))], known, SINCE, TODAY)

    assert found.decision is None
    assert found.is_asking


def test_a_decision_counts_on_its_own_day_in_the_projects_time_zone() -> None:
    late_on_the_ninth_in_utc = datetime(2026, 11, 9, 23, 30, tzinfo=UTC)  # the tenth in Berlin
    known = replace(NOTHING, decisions=(decision("PAY-1", late_on_the_ninth_in_utc),))
    (found,) = matured([subject(check("PAY-1"))], known, SINCE, TODAY)

    assert found.decision is not None


def test_a_decision_about_the_hypothesis_answers_the_check() -> None:
    at = datetime(2026, 11, 12, tzinfo=UTC)
    stated = Hypothesis("hy-7", at, at, "pm", "", ("PAY-1",), "KR1.1", 2.0, TODAY, "because", "", ())
    known = replace(NOTHING, hypotheses=(stated,), decisions=(decision("hy-7", at),))
    (found,) = matured([subject(check("PAY-1"))], known, SINCE, TODAY)

    assert found.decision is not None


def test_a_win_that_broke_a_guardrail_says_so() -> None:
    win = FlaggedWin("2026Q4/KR1.1", ("PAY-1",), date(2026, 10, 6), "complaints", "", 3.0, 5.0)
    elsewhere = replace(win, key_result="2026Q4/KR2.1", metric="nps")
    (found,) = matured([subject(check("PAY-1"))], replace(NOTHING, wins=(win, elsewhere)), SINCE, TODAY)

    assert found.broken == ("complaints",)


def test_checks_to_come_are_told_next_first_and_without_those_that_say_nothing() -> None:
    soon = check("PAY-1", verdict=Verdict.TOO_EARLY, evaluation=TODAY + timedelta(days=3))
    later = check("PAY-2", verdict=Verdict.TOO_EARLY, evaluation=TODAY + timedelta(days=30))
    draft = check("PAY-3", verdict=Verdict.NO_DATA, evaluation=TODAY + timedelta(days=5))
    found = coming([subject(later, soon, draft, check("PAY-4"))], TODAY)

    assert [(entry.members, entry.titles) for entry in found] == [(("PAY-1",), ("Guided setup",)), (("PAY-2",), ("",))]
