"""From when a delivery can be judged: what is named is what the engine does later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from okrsync.model.outlooks import Judgeability
from okrsync.model.verdicts import Verdict
from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings
from okrsync.outcome.power import judgeability
from outcome.builders import START, day, noise, persistent, series
from outcome.builders import judge as judged_by_the_engine

WAITING = {Verdict.TOO_EARLY, Verdict.OBSERVED_CHANGE_ONLY}


def simulated(seed: int) -> tuple[MetricSeries, int, Settings]:
    """A whole series, how many of its points are known by the day of the question, and how it is judged."""
    rng = np.random.default_rng(seed)
    every = 7 if seed % 2 else 1
    known = int(rng.integers(1, 40 if every > 1 else 120))
    count = known + (40 if every > 1 else 110)
    settings = Settings(
        lag_days=int(rng.choice([0, 0, 3, 7])),
        window_days=int(rng.choice([14, 28, 28, 42])),
        settle_days=int(rng.choice([0, 0, 2])),
    )
    return series(20 + persistent(count, seed, 0.3), every=every), known, settings


def verdict_on(whole: MetricSeries, work: Delivery, when: date, settings: Settings) -> Verdict:
    count = sum(entry <= when for entry in whole.days)
    known = MetricSeries(whole.days[:count], whole.values[:count])
    return judged_by_the_engine(known, work, as_of=when, **_declared(settings)).checks[0].verdict


def _declared(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in ("lag_days", "window_days", "settle_days")}


@pytest.mark.long
def test_the_first_verdict_comes_within_three_days_of_the_date_that_was_named() -> None:
    hits = []
    for seed in range(200):
        whole, known, settings = simulated(seed)
        as_of = whole.days[known - 1] + timedelta(days=int(np.random.default_rng(seed).integers(0, 2)))
        step = float((whole.days[1] - whole.days[0]).days)
        named = judgeability(Case("k", whole, (), (), settings), as_of, as_of + timedelta(days=90), step)
        work = Delivery("w", named.delivery)
        early, late = named.judged_on - timedelta(days=4), named.judged_on + timedelta(days=3)
        is_waiting = early < named.delivery or verdict_on(whole, work, early, settings) in WAITING
        hits.append(is_waiting and verdict_on(whole, work, late, settings) not in WAITING)

    assert np.mean(hits) >= 0.9


def asked(known: int, *, seed: int = 1, sd: float = 1.0, every: int = 1, ends: int = 90) -> Judgeability:
    as_of = day(every * (known - 1))
    return judgeability(
        Case("k", series(noise(known, seed, sd), every=every), ()), as_of, as_of + timedelta(days=ends), float(every)
    )


def test_points_that_are_missing_are_counted_and_waited_for() -> None:
    found = asked(4, every=7)

    assert found.missing == 2
    assert found.delivery == day(7 * 5) + timedelta(days=1), "two more weeks, and the day after"


def test_more_noise_hides_larger_effects() -> None:
    quiet, loud = asked(60, sd=1.0), asked(60, sd=3.0)

    assert quiet.smallest is not None
    assert loud.smallest is not None
    assert loud.smallest == pytest.approx(3 * quiet.smallest, rel=0.05)


def test_what_can_be_seen_by_the_end_is_smaller_and_only_told_if_it_is_judged_by_then() -> None:
    found = asked(60, ends=90)
    assert found.smallest_at_end is not None
    assert found.smallest is not None
    assert found.smallest_at_end < found.smallest

    assert asked(60, ends=20).smallest_at_end is None


def test_the_effect_that_is_named_is_near_the_one_that_the_engine_names_later() -> None:
    ratios = []
    for seed in range(40):
        values = 20 + persistent(130, seed, 0.3)
        case = Case("k", series(values), ())
        named = judgeability(case, day(79), day(200))
        later = judged_by_the_engine(series(values[: 80 + 30]), Delivery("w", named.delivery), as_of=day(109))
        estimate = later.checks[0].estimate
        assert estimate is not None
        assert named.smallest is not None
        ratios.append(named.smallest / estimate.mde)

    assert 0.75 < float(np.median(ratios)) < 1.25


def test_without_a_single_point_the_declared_cadence_is_taken() -> None:
    found = judgeability(Case("k", series(()), ()), START, day(90), 7.0)

    assert (found.missing, found.smallest, found.smallest_at_end) == (6, None, None)
    assert found.delivery == day(7 * 5 + 1)
    assert found.judged_on == found.delivery + timedelta(days=56), "eight weekly points"
