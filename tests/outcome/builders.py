"""Small series with a known truth, from seeded noise, and one call that judges them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from okrsync.model.verdicts import Estimate, KeyResultOutcome, OutcomeCheck
from okrsync.outcome import Delivery, MetricSeries, Settings, attribute

Floats = NDArray[np.float64]
START = date(2026, 1, 5)
"""A Monday."""
LATER = date(2027, 12, 31)
"""By then every delivery of these tests is due."""


def day(number: int, start: date = START) -> date:
    return start + timedelta(days=number)


def series(values: Sequence[float] | Floats, *, start: date = START, every: int = 1, **declared: Any) -> MetricSeries:
    days = tuple(day(every * place, start) for place in range(len(values)))
    return MetricSeries(days, tuple(float(value) for value in values), **declared)


def delivery(number: int, name: str = "a", **declared: Any) -> Delivery:
    return Delivery(name, day(number), **declared)


def noise(count: int, seed: int = 1, sd: float = 1.0) -> Floats:
    return np.random.default_rng(seed).normal(0.0, sd, count)


def persistent(count: int, seed: int, memory: float = 0.5) -> Floats:
    """First-order autoregressive noise with a standard deviation of 1."""
    shocks = noise(count, seed) * np.sqrt(1 - memory**2)
    values = np.empty(count)
    values[0] = noise(1, seed + 10_000)[0]
    for place in range(1, count):
        values[place] = memory * values[place - 1] + shocks[place]
    return values


def step(count: int, at: int, size: float = 1.0) -> Floats:
    return size * (np.arange(count) >= at).astype(float)


def judge(
    measured: MetricSeries | Sequence[float] | Floats,
    *deliveries: Delivery,
    as_of: date = LATER,
    controls: Sequence[MetricSeries] = (),
    **declared: Any,
) -> KeyResultOutcome:
    known = measured if isinstance(measured, MetricSeries) else series(measured)
    return attribute(known, deliveries, controls, as_of=as_of, settings=Settings(**declared))


def only(outcome: KeyResultOutcome) -> OutcomeCheck:
    (check,) = outcome.checks
    return check


def told(check: OutcomeCheck) -> Estimate:
    """The estimate, which the test needs."""
    assert check.estimate is not None, f"{check.verdict}: {check.reason}"
    return check.estimate
