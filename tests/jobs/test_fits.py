"""What a sync has fitted: told again where nothing has changed, and never where anything has."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from okrsync.answers.fit_cache import FitCache
from okrsync.model.okrs import Direction
from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings
from okrsync.outcome.evaluation import judged
from okrsync.outcome.judged import Evaluation
from okrsync.store.records import CacheEntry

START = date(2026, 1, 1)
TODAY = START + timedelta(days=119)


def case() -> Case:
    """A step of two standard deviations at a delivery that is due, another that is not, and a holiday."""
    chance = Random(3)  # noqa: S311 - the same series every time
    days = tuple(START + timedelta(days=number) for number in range(120))
    values = tuple(chance.gauss(0, 1) + 2 * (number >= 60) for number in range(120))
    masked = frozenset({START + timedelta(days=5), START + timedelta(days=50)})
    return Case(
        "2026Q1/KR1",
        MetricSeries(days, values, masked=masked),
        (Delivery("PAY-1", days[60]), Delivery("PAY-2", days[110])),
        settings=Settings(min_effect=0.5),
        earlier=((frozenset({"PAY-1"}), Settings(direction=Direction.DECREASE)),),
    )


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return judged(case(), TODAY)


@pytest.fixture
def held(found: Evaluation) -> dict[str, CacheEntry]:
    made = FitCache({}, TODAY, {"2026Q1/KR1"})
    made.keep(case(), found)
    return {entry.key_result: entry for entry in made.written()}


def test_what_was_found_comes_back_to_the_last_digit(held: dict[str, CacheEntry], found: Evaluation) -> None:
    assert FitCache(held, TODAY).recalled(case()) == found
    assert found.outcome.decomposition is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(case(), key="2026Q1/KR2"),
        replace(case(), series=replace(case().series, values=(*case().series.values[:-1], 0.25))),
        replace(case(), series=replace(case().series, masked=frozenset({START}))),
        replace(case(), deliveries=case().deliveries[:1]),
        replace(case(), settings=replace(case().settings, lag_days=1)),
        replace(case(), earlier=()),
        replace(case(), controls=(case().series,)),
        replace(case(), change_until=TODAY),
    ],
    ids=["key result", "value", "holiday", "delivery", "settings", "declared then", "control", "end of the change"],
)
def test_whatever_has_changed_is_found_anew(held: dict[str, CacheEntry], other: Case) -> None:
    assert FitCache(held, TODAY).recalled(other) is None


def test_on_another_day_it_is_found_anew(held: dict[str, CacheEntry]) -> None:
    assert FitCache(held, TODAY + timedelta(days=1)).recalled(case()) is None


def test_another_version_finds_it_anew(held: dict[str, CacheEntry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.answers.result_cache.__version__", "99.0.0")
    assert FitCache(held, TODAY).recalled(case()) is None


def test_only_what_is_asked_for_is_kept_and_what_was_told_again_stays(
    held: dict[str, CacheEntry], found: Evaluation
) -> None:
    later = FitCache(held, TODAY, {"2026Q1/KR1"})
    later.keep(replace(case(), key="2026Q1/KR9"), found)
    assert list(later.written()) == []

    later.recalled(case())

    assert list(later.written()) == list(held.values())


def test_the_order_of_holidays_in_memory_does_not_matter(held: dict[str, CacheEntry]) -> None:
    days = sorted(case().series.masked, reverse=True)
    assert (
        FitCache(held, TODAY).recalled(replace(case(), series=replace(case().series, masked=frozenset(days))))
        is not None
    )


def test_what_would_come_back_as_something_else_is_not_kept(found: Evaluation) -> None:
    made = FitCache({}, TODAY, {"2026Q1/KR1"})
    made.keep(case(), replace(found, outcome=replace(found.outcome, step_days=math.nan)))
    assert list(made.written()) == []
