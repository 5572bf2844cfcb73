"""Many verdicts at once: the rule of Benjamini and Hochberg, and the months that it is applied to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.model.verdicts import KeyResultOutcome, OutcomeCheck, Verdict
from okrsync.outcome import Case, Delivery, attribute_all
from okrsync.outcome.judged import Evaluation, EvaluationOptions
from okrsync.outcome.multiplicity import false_discovery_rates, thresholds
from outcome.builders import LATER, START, Floats, day, delivery, judge, noise, only, series, step, told
from support.examples import examples

# Benjamini and Hochberg 1995, section 3.2.
PUBLISHED = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.000),
]
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_the_published_example_rejects_the_first_four() -> None:
    rates = false_discovery_rates(PUBLISHED)

    assert [rate <= 0.05 for rate in rates] == [True] * 4 + [False] * 11
    assert [rate <= 0.10 for rate in rates] == [True] * 9 + [False] * 6


def test_the_published_example_has_these_adjusted_values() -> None:
    # p_(i) 15 / i, never more than what follows.
    adjusted = [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0298 * 15 / 7, 0.0298 * 15 / 7, 0.0645, 0.0765]

    assert false_discovery_rates(PUBLISHED)[:9] == pytest.approx(adjusted)


def test_of_none_there_are_no_rates() -> None:
    assert false_discovery_rates([]) == []
    assert false_discovery_rates([0.03]) == [0.03]


@settings(max_examples=examples(30))
@given(SHARES)
def test_rates_rise_with_p_and_are_never_below_it(p_values: list[float]) -> None:
    rates = false_discovery_rates(p_values)

    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(rates)[order]) >= 0)
    assert all(p * (1 - 1e-12) <= rate <= 1 for p, rate in zip(p_values, rates, strict=True))


@settings(max_examples=examples(30))
@given(SHARES, st.randoms(use_true_random=False))
def test_the_order_of_the_tests_does_not_matter(p_values: list[float], random: Random) -> None:
    places = list(range(len(p_values)))
    random.shuffle(places)

    rates = false_discovery_rates(p_values)

    assert false_discovery_rates([p_values[place] for place in places]) == [rates[place] for place in places]


@settings(max_examples=examples(30))
@given(SHARES, st.sampled_from([0.05, 0.10, 0.2]))
def test_one_more_test_is_claimed_just_under_the_threshold_and_not_just_over_it(
    others: list[float], rate: float
) -> None:
    limit = thresholds([1.0, *others], 1.0, rate)[0]

    assert limit >= rate / (len(others) + 1) * (1 - 1e-12)
    assert false_discovery_rates([limit * (1 - 1e-9), *others])[0] <= rate
    if limit < 1:
        assert false_discovery_rates([limit * (1 + 1e-9), *others])[0] > rate


def test_the_threshold_is_never_over_the_level_of_one_test() -> None:
    assert thresholds([1.0], 0.05, 0.10)[0] == 0.05
    assert thresholds([1.0, *[1e-9] * 30], 0.05, 0.10)[0] == 0.05
    assert thresholds([1.0] * 10, 0.05, 0.10)[0] == pytest.approx(0.01)


@lru_cache(maxsize=1)
def barely() -> Floats:
    """A series whose step is found with a p of about .04."""
    plain = noise(88, seed=11)
    low, high = 0.0, 4.0
    for _ in range(14):
        middle = (low + high) / 2
        p = told(only(judge(plain + step(88, 60, middle), delivery(60)))).p
        low, high = (low, middle) if p < 0.04 else (middle, high)
    return plain + step(88, 60, high)


def as_case(key: str, values: Floats, start: date = START) -> Case:
    return Case(key, series(values, start=start), (Delivery(key, day(60, start)),))


def nulls(count: int) -> list[Case]:
    return [as_case(f"null{seed}", noise(88, seed=100 + seed)) for seed in range(count)]


def first(outcomes: list[KeyResultOutcome]) -> OutcomeCheck:
    return only(outcomes[0])


def test_a_p_just_under_the_level_is_claimed_alone() -> None:
    alone = first(attribute_all([as_case("x", barely())], as_of=LATER))

    assert told(alone).p == pytest.approx(0.04, abs=0.002)
    assert alone.q == told(alone).p
    assert alone.verdict is Verdict.MOVED


def test_a_p_just_under_the_level_is_not_claimed_among_many_nulls_of_its_month() -> None:
    crowd = attribute_all([as_case("x", barely()), *nulls(15)], as_of=LATER)

    p_values = [told(only(outcome)).p for outcome in crowd]
    assert [only(outcome).q for outcome in crowd] == false_discovery_rates(p_values)
    assert first(crowd).verdict is Verdict.INCONCLUSIVE


def test_nulls_of_another_month_do_not_count() -> None:
    elsewhere = day(56)

    found = first(attribute_all([as_case("x", barely(), elsewhere), *nulls(15)], as_of=LATER))

    assert found.q == told(found).p
    assert found.verdict is Verdict.MOVED


def test_what_could_have_been_seen_is_larger_among_many() -> None:
    alone = first(attribute_all([as_case("x", barely())], as_of=LATER))
    crowd = first(attribute_all([as_case("x", barely()), *nulls(15)], as_of=LATER))

    assert told(crowd).mde > told(alone).mde
    assert told(crowd).effect == told(alone).effect


def test_a_sure_claim_stands_among_many_nulls() -> None:
    sure = as_case("x", noise(88, seed=11) + step(88, 60, 5.0))

    assert first(attribute_all([sure, *nulls(15)], as_of=LATER)).verdict is Verdict.MOVED


def test_outcomes_come_in_the_order_of_the_cases() -> None:
    cases = nulls(4)

    apart = [attribute_all([case], as_of=LATER)[0].checks[0].members for case in cases]

    assert [only(outcome).members for outcome in attribute_all(cases, as_of=LATER)] == apart
    assert attribute_all([], as_of=LATER) == []


def test_several_processes_find_the_same_as_one() -> None:
    """Calendars of different lengths, so that the children get the cases in another order than they are asked in."""
    cases = [as_case(f"k{seed}", noise(75 + seed % 5 * 4, seed)) for seed in range(70)]

    assert repr(attribute_all(cases, as_of=LATER, processes=2)) == repr(attribute_all(cases, as_of=LATER))


def test_what_is_not_shown_and_wholly_on_record_counts_in_its_month_without_being_fitted() -> None:
    first = Case("a", series(noise(120, 1) + step(120, 60, 2.0)), (delivery(60),))
    other = Case("b", series(noise(120, 2) + step(120, 61, 1.2)), (delivery(61, "b"),))
    judged = attribute_all([first, other], as_of=day(119))
    told = tuple(replace(check, recorded=day(119)) for check in judged[1].checks)
    cases = [first, replace(other, recorded=told)]

    wholly = attribute_all(cases, as_of=day(119))
    shown = attribute_all(cases, as_of=day(119), asked=EvaluationOptions({"a"}))

    assert shown[0] == wholly[0]
    assert shown[1].checks == wholly[1].checks == told
    assert wholly[1].counterfactual.days
    assert not shown[1].counterfactual.days


def test_what_is_not_shown_and_not_on_record_is_judged_like_everything() -> None:
    case = Case("a", series(noise(120, 1) + step(120, 60, 2.0)), (delivery(60),))
    wholly, apart = (
        attribute_all([case], as_of=day(119), asked=asked)[0] for asked in (EvaluationOptions(), EvaluationOptions([]))
    )

    assert apart.checks == wholly.checks
    assert wholly.decomposition is not None
    assert apart.decomposition is None


def test_of_what_is_due_alone_no_check_to_come_is_fitted() -> None:
    soon = Case("a", series(noise(120, 1)), (delivery(60),))
    due = Case("b", series(noise(120, 2) + step(120, 60, 2.0)), (delivery(60, "b"),))
    wholly = attribute_all([soon, due], as_of=day(70))
    assert not any(outcome.checks[0].recorded for outcome in wholly)

    early = attribute_all([soon, due], as_of=day(70), asked=EvaluationOptions([], only_due=True))
    late = attribute_all([soon, due], as_of=day(119), asked=EvaluationOptions([], only_due=True))

    assert [outcome.checks for outcome in early] == [(), ()]
    assert [outcome.checks for outcome in late] == [
        outcome.checks for outcome in attribute_all([soon, due], as_of=day(119))
    ]


class Remembered:
    """Keeps what is found, as a store would."""

    def __init__(self) -> None:
        self.held: dict[Case, Evaluation] = {}
        self.asked = 0

    def recalled(self, case: Case) -> Evaluation | None:
        self.asked += 1
        return self.held.get(case)

    def keep(self, case: Case, found: Evaluation) -> None:
        self.held[case] = found


def test_what_is_remembered_is_told_without_a_fit_and_counts_in_its_month_as_before() -> None:
    cases = [
        Case("a", series(noise(120, 1) + step(120, 60, 2.0)), (delivery(60),)),
        Case("b", series(noise(120, 2) + step(120, 61, 1.2)), (delivery(61, "b"),)),
    ]
    memory = Remembered()
    wholly = attribute_all(cases, as_of=day(119), asked=EvaluationOptions(memory=memory))
    assert len(memory.held) == len(cases)
    wrong = replace(memory.held[cases[0]].outcome, points=1)
    memory.held[cases[0]] = replace(memory.held[cases[0]], outcome=wrong)

    again = attribute_all(cases, as_of=day(119), asked=EvaluationOptions(memory=memory))

    assert wholly == attribute_all(cases, as_of=day(119))
    assert again[1] == wholly[1]
    assert again[0] == replace(wholly[0], points=1)
    assert memory.asked == 2 * len(cases)
