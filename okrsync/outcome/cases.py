"""What is asked of the statistics: a metric's series, the deliveries, and what is declared of the key result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite

from okrsync.errors import OutcomeInputError
from okrsync.model.okrs import Direction
from okrsync.model.verdicts import OutcomeCheck

_LARGEST = 1e100  # beyond, squares overflow; what is not finite is not below it either


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """
    A metric's observations: *days* ascending, each once, with a finite value in *values* (the metric's unit).

    Days, not moments: a day is that of the metric's own calendar, so leap days and daylight saving change nothing.
    *sizes*: how many cases each value is the mean of (variance falls with it); empty where that is not known.
    """

    days: tuple[date, ...]
    values: tuple[float, ...]
    sizes: tuple[float, ...] = ()
    bounds: tuple[float, float] | None = None
    """Smallest and largest possible value, for example (0, 100)."""
    trailing_days: int = 0
    """Each value is already a mean or sum over so many days."""
    resolution: float = 0.0
    """The unit it is rounded to; 0 where it is not."""
    breaks: tuple[date, ...] = ()
    """First days of a new definition."""
    masked: frozenset[date] = frozenset()
    """Days that do not count: holidays, campaigns."""

    def __post_init__(self) -> None:
        if len(self.days) != len(self.values) or (self.sizes and len(self.sizes) != len(self.days)):
            raise OutcomeInputError("a series needs one value (and one size) for each day")
        for before, after in zip(self.days, self.days[1:], strict=False):
            if after <= before:
                what = "twice" if after == before else "out of order"
                raise OutcomeInputError(f"a series names the day {after} {what}; give each day once, ascending")
        for day, value in zip(self.days, self.values, strict=True):
            if not abs(value) < _LARGEST:
                raise OutcomeInputError(f"a series has {value} on {day}; leave out what was not measured")
        for day, size in zip(self.days, self.sizes, strict=bool(self.sizes)):
            if not (isfinite(size) and size > 0):
                raise OutcomeInputError(f"a series has a sample of {size} on {day}; samples are positive")
        if self.trailing_days < 0 or self.resolution < 0:
            raise OutcomeInputError("trailing_days and resolution are not negative")
        if self.bounds is not None and not self.bounds[0] < self.bounds[1]:
            raise OutcomeInputError(f"bounds {self.bounds} are not ascending")


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One piece of delivered work on a key result.

    *day* is when users got it; *size* (positive) is its share of the work; *unit* names the declared unit that it
    belongs to, empty where there is none. *expected* is the change it was to bring, in the metric's unit;
    *is_registered* says that expectation and link were on record before the delivery.
    """

    id: str
    day: date
    size: float = 1.0
    unit: str = ""
    expected: float | None = None
    is_registered: bool = False

    def __post_init__(self) -> None:
        if not (isfinite(self.size) and self.size > 0):
            raise OutcomeInputError(f"delivery {self.id}: size {self.size} is not positive")
        if self.expected is not None and not isfinite(self.expected):
            raise OutcomeInputError(f"delivery {self.id}: the expectation is {self.expected}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is declared of the key result, and how it is judged."""

    direction: Direction = Direction.INCREASE
    band: tuple[float, float] | None = None
    """Where the metric is to stay; with *direction* ``maintain``."""
    level: str = "outcome"
    """An ``output`` never gets a claim."""
    is_draft: bool = False
    min_effect: float | None = None
    """The smallest change worth having, in the metric's unit."""
    lag_days: int = 0
    """Days from a delivery to its first possible effect."""
    ramp_days: int = 0
    """Days over which an effect grows to its size; 0: at once."""
    window_days: int = 28
    """Days from a delivery and its lag to its evaluation, or until there were eight points."""
    settle_days: int = 0
    """How long a value may still change after its day."""
    max_age_days: int | None = None
    """Without an observation for so long, the metric is stale."""
    evaluate_at: date | None = None
    """Judge everything on this day instead of each on its own; for benchmarks and what-if questions."""
    baseline: date | None = None
    """The last day of the baseline window of the decomposition; ``None``: the window ends before the first delivery."""

    def __post_init__(self) -> None:
        for name in ("lag_days", "ramp_days", "settle_days"):
            if getattr(self, name) < 0:
                raise OutcomeInputError(f"{name} is negative")
        if self.window_days < 1:
            raise OutcomeInputError("window_days is less than a day")
        if self.band is not None and not self.band[0] <= self.band[1]:
            raise OutcomeInputError(f"the band {self.band} is not ascending")


@dataclass(frozen=True, slots=True)
class Case:
    """One key result to judge."""

    key: str
    series: MetricSeries
    deliveries: tuple[Delivery, ...]
    controls: tuple[MetricSeries, ...] = ()
    settings: Settings = field(default_factory=Settings)
    recorded: tuple[OutcomeCheck, ...] = ()
    """Checks that are on record: told as they are, their members judged no second time, yet part of every fit."""
    earlier: tuple[tuple[frozenset[str], Settings], ...] = ()
    """Deliveries (ids) with what was declared when they came, where that is not *settings*: they are judged by it."""
    change_until: date | None = None
    """The last day of the change that is decomposed, its cycle's; ``None``: that of the last observation."""

    @property
    def on_record(self) -> frozenset[str]:
        """Ids of the deliveries that are judged already."""
        return frozenset(member for check in self.recorded for member in check.members)


def in_order(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """
    *deliveries* by day, then id: their order in the input does not matter.

    Raises:
        OutcomeInputError: two have the same id.
    """
    ordered = tuple(sorted(deliveries, key=lambda delivery: (delivery.day, delivery.id)))
    seen: set[str] = set()
    for delivery in ordered:
        if delivery.id in seen:
            raise OutcomeInputError(f"delivery {delivery.id} is named twice")
        seen.add(delivery.id)
    return ordered


def days_of(series: Sequence[date]) -> list[int]:
    """Days as whole numbers."""
    return [day.toordinal() for day in series]


@dataclass(frozen=True, slots=True)
class OutlookQuestion:
    """
    What is asked about the days after *as_of*, until *end*.

    *least* and *most*: where the metric is wanted to be, in its unit; ``None``: without a limit. *cadence*: as the
    metric declares it. *is_judged*: what a delivery could be judged by is asked as well.
    """

    case: Case
    as_of: date
    end: date
    least: float | None
    most: float | None
    cadence: str
    is_judged: bool
