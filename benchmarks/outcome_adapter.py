"""okrsync's statistics as the evaluators of the known-truth benchmark call them; everything is judged at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from okrsync.model.verdicts import OutcomeCheck
from okrsync.outcome import Delivery, MetricSeries, Settings, attribute


def estimate(series: Any, deliveries: Sequence[date], controls: Any) -> list[dict[str, Any]]:
    """One result a delivery of a series with few of them, in order."""
    named = [Delivery(str(place), day) for place, day in enumerate(deliveries)]
    others = [] if controls is None else [_series(controls[name]) for name in controls.columns]
    found: list[dict[str, Any]] = [{} for _ in named]
    for check in _judged(series, named, others):
        for member in check.members:
            found[int(member)] = _told(check)
    return found


def estimate_stream(series: Any, deliveries: Sequence[date], weights: Sequence[float]) -> list[dict[str, Any]]:
    """One result a wave or set of a series with many deliveries."""
    pairs = zip(deliveries, weights, strict=True)
    named = [Delivery(str(place), day, float(weight)) for place, (day, weight) in enumerate(pairs)]
    return [_told(check) for check in _judged(series, named, [])]


def _judged(series: Any, deliveries: Sequence[Delivery], controls: Sequence[MetricSeries]) -> Sequence[OutcomeCheck]:
    metric = _series(series)
    end = metric.days[-1]
    return attribute(metric, deliveries, controls, as_of=end, settings=Settings(evaluate_at=end)).checks


def _series(series: Any) -> MetricSeries:
    return MetricSeries(tuple(moment.date() for moment in series.index), tuple(map(float, series.to_numpy())))


def _told(check: OutcomeCheck) -> dict[str, Any]:
    told = check.estimate
    return {
        "members": [int(member) for member in check.members],
        "verdict": str(check.verdict),
        "effect": None if told is None else told.effect,
        "low": None if told is None else told.low,
        "high": None if told is None else told.high,
        "p": None if told is None else told.p,
        "se": None if told is None else told.standard_error,
        "mde": None if told is None else told.mde,
    }
