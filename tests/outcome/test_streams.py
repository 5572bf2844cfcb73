"""So many deliveries that the question is which of them moved the metric: sets of candidates."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import Any

import pytest

from okrsync.model.verdicts import CheckKind, KeyResultOutcome, OutcomeCheck, Verdict
from outcome.builders import LATER, Floats, day, delivery, judge, noise, step, told

PLACES = tuple(12 + 8 * number for number in range(20))
TRUE = "d10"
"""Delivered on day 92."""


def stream(values: Floats, **settings: Any) -> KeyResultOutcome:
    work = [delivery(place, f"d{number:02}") for number, place in enumerate(PLACES)]
    return judge(values, *work, **settings)


@lru_cache(maxsize=1)
def found() -> KeyResultOutcome:
    return stream(noise(180, 3) + step(180, 92, 6.0))


def sets(outcome: KeyResultOutcome) -> list[OutcomeCheck]:
    return [check for check in outcome.checks if check.kind is CheckKind.SET]


def test_one_set_is_claimed_and_the_true_delivery_is_in_it() -> None:
    (claimed,) = sets(found())

    assert TRUE in claimed.members
    assert len(claimed.members) <= 3
    assert claimed.verdict is Verdict.MOVED
    assert told(claimed).low < 6 < told(claimed).high
    assert claimed.probability is not None
    assert claimed.probability >= 0.9


def test_nothing_is_in_two_checks_and_nothing_is_left_out() -> None:
    members = list(chain.from_iterable(check.members for check in found().checks))

    assert sorted(members) == [f"d{number:02}" for number in range(20)]


def test_waves_of_a_stream_have_an_interval_and_no_claim() -> None:
    waves = [check for check in found().checks if check.kind is CheckKind.WAVE]

    assert waves
    assert all(check.is_in_stream and not check.verdict.is_claim and check.q is None for check in waves)
    assert all(check.estimate is not None for check in waves)


def test_the_direction_is_that_of_the_step() -> None:
    (claimed,) = sets(stream(noise(180, 3) + step(180, 92, -6.0)))

    assert TRUE in claimed.members
    assert claimed.verdict is Verdict.MOVED_WRONG_WAY
    assert told(claimed).low < -6 < told(claimed).high


def test_two_true_ones_are_two_sets() -> None:
    outcome = stream(noise(180, 3) + step(180, 44, 6.0) + step(180, 124, 6.0))

    claimed = [check for check in sets(outcome) if check.verdict is Verdict.MOVED]
    assert [sorted({"d04", "d14"} & set(check.members)) for check in claimed] == [["d04"], ["d14"]]


def test_noise_alone_is_no_claim() -> None:
    claims = [
        seed for seed in range(12) if any(check.verdict.is_claim for check in stream(noise(180, 50 + seed)).checks)
    ]

    assert len(claims) <= 1


def test_an_output_never_gets_a_claim_in_a_stream() -> None:
    outcome = stream(noise(180, 3) + step(180, 92, 6.0), level="output")

    assert not any(check.verdict.is_claim for check in outcome.checks)


@pytest.mark.parametrize("as_of", [96, 110, 119])
def test_a_set_is_not_claimed_before_its_evaluation_date(as_of: int) -> None:
    outcome = stream(noise(180, 3) + step(180, 92, 6.0), as_of=day(as_of))

    early = [check for check in outcome.checks if day(as_of) < check.evaluation]
    assert any(TRUE in check.members for check in early)
    assert not any(check.verdict.is_claim for check in early)
    assert {check.verdict for check in early} <= {Verdict.TOO_EARLY, Verdict.NO_DATA}


def test_a_declared_unit_in_a_stream_is_judged_by_itself() -> None:
    work = [delivery(place, f"d{number:02}") for number, place in enumerate(PLACES)]
    unit = [delivery(92, "epic1", unit="epic"), delivery(92, "epic2", unit="epic")]

    outcome = judge(noise(180, 3) + step(180, 92, 6.0), *(each for each in work if each.id != TRUE), *unit)

    (check,) = [check for check in outcome.checks if check.kind is CheckKind.UNIT]
    assert check.verdict is Verdict.MOVED
    assert not check.is_in_stream
    assert sets(outcome) == []


def test_deliveries_of_one_day_are_one_candidate() -> None:
    work = [delivery(place, f"d{number:02}") for number, place in enumerate(PLACES)]
    outcome = judge(noise(180, 3) + step(180, 92, 6.0), *work, delivery(92, "twin"), as_of=LATER)

    (claimed,) = sets(outcome)
    assert {TRUE, "twin"} <= set(claimed.members)
    assert not claimed.is_sole
