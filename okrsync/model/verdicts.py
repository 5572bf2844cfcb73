"""What may be said about the effect of delivered work on a key result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """The words a report may use; an honest "cannot tell" is one of them."""

    NO_DATA = "no_data"
    """Nothing was measured before or after, or the key result is a draft."""
    WITHHELD = "withheld"
    """The metric does not allow a judgement; the reason stands beside it."""
    TOO_EARLY = "too_early"
    OBSERVED_CHANGE_ONLY = "observed_change_only"
    """Too few points before: a difference of means, without an interval."""
    MOVED = "moved"
    MOVED_WRONG_WAY = "moved_wrong_way"
    HELD = "held"
    """The metric was to stay in its band, and the interval lies inside it."""
    NO_MEANINGFUL_MOVEMENT = "no_meaningful_movement"
    INCONCLUSIVE = "inconclusive"

    @property
    def is_claim(self) -> bool:
        """Whether it says that the metric moved after the delivery."""
        return self in {Verdict.MOVED, Verdict.MOVED_WRONG_WAY}

    @property
    def is_win(self) -> bool:
        """Whether the work did what its key result asks for."""
        return self in {Verdict.MOVED, Verdict.HELD}

    @property
    def is_setback(self) -> bool:
        """Whether it is evidence against the work: the wrong way, or by less than matters."""
        return self in {Verdict.MOVED_WRONG_WAY, Verdict.NO_MEANINGFUL_MOVEMENT}

    @property
    def is_silent(self) -> bool:
        """Whether nothing was judged: no data, withheld, too early, or a change without an interval."""
        return not (self.is_win or self.is_setback or self is Verdict.INCONCLUSIVE)

    @property
    def is_final(self) -> bool:
        """Whether it is recorded once its evaluation date has passed; without data, a verdict may still come."""
        return not self.is_silent or self is Verdict.OBSERVED_CHANGE_ONLY


class HypothesisVerdict(StrEnum):
    """What became of an expectation."""

    CONFIRMED = "confirmed"
    """Claimed in the right direction, and the interval holds the expectation or more."""
    WEAKER_THAN_EXPECTED = "weaker_than_expected"
    REFUTED = "refuted"
    OPEN = "open"
    NOT_STATED = "not_stated"
    POST_HOC = "post_hoc"
    """Stated, or linked, after the delivery: shown, never counted in a hit rate."""


class CheckKind(StrEnum):
    """What was judged together."""

    UNIT = "unit"
    """A declared unit: hypothesis, milestone, release or epic."""
    WAVE = "wave"
    """Deliveries of a few days."""
    SET = "set"
    """Candidates of a stream, one of which moved the metric."""


@dataclass(frozen=True, slots=True)
class ObservedChange:
    """
    A metric's mean before and after a day, and nothing about cause.

    *before* and *after* are means in the metric's unit, ``None`` where no day was observed; *days_before* and
    *days_after* count observations. *change* is their difference, ``None`` unless both exist.
    """

    delivered: date
    before: float | None
    after: float | None
    days_before: int
    days_after: int
    verdict: Verdict

    @property
    def change(self) -> float | None:
        """After minus before, in the metric's unit; ``None`` unless both were observed."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    The mean effect over the days from the delivery to the evaluation, in the metric's unit.

    *low* and *high* bound it with 95 %; *standard_error* is the standard deviation of its posterior; *p* is two-sided;
    *mde* is the smallest effect that would have been claimed with 80 % probability.
    """

    effect: float
    low: float
    high: float
    standard_error: float
    p: float
    mde: float


@dataclass(frozen=True, slots=True)
class OutcomeCheck:
    """The estimate and verdict for one unit, wave or set on one key result."""

    kind: CheckKind
    members: tuple[str, ...]
    """Ids of its deliveries, by day, then id."""
    first: date
    last: date
    """Days of its first and last delivery."""
    evaluation: date
    """The day on which it is judged, frozen at delivery; nothing that was observed later counts."""
    verdict: Verdict
    reason: str = ""
    """Why it is withheld, or cannot be said yet."""
    estimate: Estimate | None = None
    observed_change: float | None = None
    """Mean after minus mean before, without any model; ``None`` where a side has no point."""
    points_before: int = 0
    points_after: int = 0
    q: float | None = None
    """Smallest false-discovery rate at which it would still be claimed, among those judged in the same month."""
    is_provisional: bool = False
    """It is shown before its evaluation date, or while its last values may still change; never recorded."""
    is_small: bool = False
    """Claimed, and smaller than what matters."""
    hypothesis: HypothesisVerdict = HypothesisVerdict.NOT_STATED
    expected: float | None = None
    """The sum of its members' expectations, in the metric's unit."""
    further_points: int | None = None
    """Points after the evaluation that would settle an inconclusive one at this size; ``None``: no number would."""
    warnings: tuple[str, ...] = ()
    is_in_stream: bool = False
    """One of so many that only sets are claimed: it has an interval, and no claim of its own."""
    recorded: date | None = None
    """The day on which it was put on record, from when on nothing changes it; ``None``: not yet."""
    probability: float | None = None
    """Of a set: the posterior probability that one of its members has an effect."""

    @property
    def is_sole(self) -> bool:
        """Whether a verdict belongs to one delivery alone."""
        return len(self.members) == 1

    @property
    def credit(self) -> str:
        """``sole``, or ``one_of(n)``."""
        return "sole" if self.is_sole else f"one_of({len(self.members)})"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a change with its 95 % interval, in the metric's unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Decomposition:
    """
    Why a metric stands elsewhere than at its baseline, in the metric's unit.

    *change* is the mean of the last window less that of the baseline window, and the sum of the parts: *deliveries*
    (their joint effect), *drift* (trend, weekdays, controls and what persists), *clipped* (what outliers add) and
    *unexplained*.
    """

    baseline_start: date
    baseline_end: date
    last_start: date
    last_end: date
    change: float
    drift: Span
    deliveries: Span
    clipped: float
    unexplained: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Every observation, and where the metric would have been without the deliveries, with its 95 % interval."""

    days: tuple[date, ...] = ()
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelWeight:
    """How much of the posterior lies on one covariance and trend."""

    tau: float
    """After how many steps persisting noise is forgotten to 1/e; 0 for white noise."""
    share: float
    """Part of the noise that persists."""
    trend: float
    """Prior standard deviation of the trend over the span, in noise standard deviations."""
    weight: float


@dataclass(frozen=True, slots=True)
class KeyResultOutcome:
    """Everything that can be said of one key result on *as_of*."""

    as_of: date
    checks: tuple[OutcomeCheck, ...]
    line: Estimate | None = None
    """The cumulative delivered size as one regressor: the effect of all of it by the last point."""
    decomposition: Decomposition | None = None
    counterfactual: Counterfactual = Counterfactual()
    models: tuple[ModelWeight, ...] = ()
    """The heaviest models, down to 1 % each, heaviest first."""
    points: int = 0
    """Observations that the fit used."""
    clipped: int = 0
    masked: int = 0
    cut: int = 0
    """Observations before the last break of the definition."""
    step_days: float = 0.0
    """Median days between observations."""
    scale: str = "raw"
    """``raw``, ``logit`` or ``root``: what the test was made on."""
