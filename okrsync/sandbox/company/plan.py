"""The planted truth: what each key result's deliveries do to its metric, before any item or number is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

Expect: TypeAlias = Literal[
    "moved",
    "moved_wrong_way",
    "null",
    "one_wave_moved",
    "observed_change_only",
    "no_data",
    "too_early",
    "output",
    "stream",
]
Shape: TypeAlias = Literal["issue", "title", "branch", "closes", "pull"]
"""How a unit of work is delivered: an issue alone; with a pull request that names it in the title, in the branch
or closes it; or a pull request alone."""


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One unit of work delivered on *day*; *size* is its average effect in sd of the metric's noise."""

    day: date
    size: float
    home: str
    shape: Shape
    via: str
    title: str | None = None
    """``None``: a title from the theme's words."""
    expect: Expect | None = None
    """Where it differs from the key result's."""


@dataclass(frozen=True, slots=True)
class GoalPlan:
    """A key result, its metric (``None`` for a draft) and what an honest method should say of it."""

    id: str
    metric: str | None
    expect: Expect
    theme: str
    team: str
    deliveries: tuple[PlannedDelivery, ...] = ()


def _day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def _one(
    day: str, size: float, where: str, via: str, title: str | None = None, expect: Expect | None = None
) -> PlannedDelivery:
    """Read ``"GRO title"``: the home and the shape of the unit."""
    home, _, shape = where.partition(" ")
    return PlannedDelivery(_day(day), size, home, _SHAPES[shape or "issue"], via, title, expect)


_SHAPES: Final[dict[str, Shape]] = {s: s for s in ("issue", "title", "branch", "closes", "pull")}

# The stream of Q3: a delivery every three days or so; those with a size move the metric.
_STREAM: Final = (
    ("07-02", 0.0, "GRO title", "inherit"),
    ("07-06", 0.0, "web closes", "label"),
    ("07-08", 0.0, "web pull", "label"),
    ("07-10", 0.0, "GRO issue", "inherit"),
    ("07-14", 0.0, "GRO title", "label"),
    ("07-17", 3.2, "GRO title", "inherit"),
    ("07-21", 0.0, "web pull", "label"),
    ("07-23", 0.0, "GRO branch", "inherit"),
    ("07-27", 0.0, "GRO issue", "inherit"),
    ("07-30", 0.0, "web closes", "body"),
    ("08-03", 0.0, "GRO title", "inherit"),
    ("08-06", 0.0, "web pull", "title"),
    ("08-10", 0.0, "GRO issue", "label"),
    ("08-12", 3.0, "web closes", "label"),
    ("08-17", 0.0, "GRO branch", "inherit"),
    ("08-20", 0.0, "GRO issue", "inherit"),
    ("08-24", 0.0, "web closes", "label"),
    ("08-27", 0.0, "GRO title", "inherit"),
    ("08-31", 0.0, "web pull", "body"),
    ("09-03", 0.0, "GRO issue", "inherit"),
    ("09-08", 3.4, "GRO branch", "inherit"),
    ("09-11", 0.0, "web closes", "label"),
    ("09-15", 0.0, "GRO issue", "inherit"),
    ("09-18", 0.0, "web pull", "label"),
    ("09-22", 0.0, "GRO issue", "inherit"),
)

_OUTPUT_DAYS: Final = (
    *("10-02", "10-05", "10-07", "10-09", "10-13", "10-15", "10-20", "10-21", "10-23", "10-27", "10-29"),
    *("11-02", "11-03", "11-05", "11-06", "11-09", "11-11", "11-13", "11-16", "11-18"),
)
_DRAFT_DAYS: Final = ("10-06", "10-14", "10-22", "10-28", "11-04", "11-10", "11-12", "11-17")

KEY_RESULTS: Final = (
    GoalPlan("2026Q3/KR1.1", "search_success", "stream", "search", "growth", tuple(_one(*row) for row in _STREAM)),
    GoalPlan(
        "2026Q3/KR1.2",
        "repeat_purchase",
        "moved",
        "returning",
        "growth",
        (_one("08-04", 3.5, "GRO title", "label", "Show the next show in the same hall on the receipt"),),
    ),
    GoalPlan(
        "2026Q3/KR2.1",
        "onsale_errors",
        "null",
        "onsale",
        "platform",
        (
            _one("07-15", 0.0, "platform closes", "label", "Warm the event cache an hour before a sale"),
            _one("08-11", 0.0, "platform closes", "label", "Cap the retries of the seat lock"),
            _one("08-27", 0.0, "platform closes", "body", "Read seat counts from a replica"),
        ),
    ),
    GoalPlan(
        "2026Q3/KR2.2",
        "queue_minutes",
        "observed_change_only",
        "queue",
        "platform",
        (
            _one("07-07", -2.2, "platform closes", "label", "Show each visitor the place in line"),
            _one("07-16", 0.0, "PAY issue", "label", "Keep the place in line after a reload"),
            _one("07-24", 0.0, "platform closes", "label", "Let members in first at presales"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR1.1",
        "activation",
        "moved",
        "activation",
        "growth",
        (
            _one("10-06", 3.5, "GRO title", "label", "Start the first event from one of three examples"),
            _one("11-10", 0.0, "GRO branch", "inherit", "Show the event as visitors will see it", "too_early"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR1.2",
        "signups",
        "null",
        "signup",
        "growth",
        (
            _one("10-08", 0.0, "GRO title", "title", "Show two venues' own words on the sign-up page"),
            _one("10-19", 0.0, "web closes", "title", "Ask for the VAT number after the first sale"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR2.1",
        "checkout_conversion",
        "one_wave_moved",
        "checkout",
        "checkout",
        (
            _one("10-12", 1.9, "PAY title", "alias", "Show the full price next to each seat"),
            _one("10-14", 1.8, "PAY title", "alias", "Keep the seats for ten minutes, and say so"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR2.2",
        "phone_checkout_seconds",
        "moved",
        "phone",
        "checkout",
        (
            _one("10-07", -3.5, "PAY branch", "epic", "Pay with the phone's own wallet"),
            _one("11-12", 0.0, "PAY title", "epic", "Remember the card for the next ticket", "too_early"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR2.3",
        "payment_failures",
        "moved_wrong_way",
        "cards",
        "checkout",
        (_one("10-13", 3.5, "PAY branch", "label", "Switch card payments to the new acquirer"),),
    ),
    GoalPlan(
        "2026Q4/KR3.1",
        "scan_latency",
        "null",
        "scan",
        "platform",
        (
            _one("10-05", 0.0, "platform closes", "label", "Keep one connection open for each scanner"),
            _one("10-16", 0.0, "platform closes", "body", "Answer scans from the gate's own memory"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR3.2",
        "venue_confidence",
        "too_early",
        "door",
        "platform",
        (
            _one("11-06", 0.0, "PAY issue", "attribute", "Swap a broken ticket from the door app"),
            _one("11-12", 0.0, "PAY title", "attribute", "Count the guests inside on one screen"),
            _one("11-17", 0.0, "platform closes", "label", "Find a guest by half a name"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR3.3",
        None,
        "no_data",
        "offline",
        "platform",
        tuple(
            _one(day, 0.0, "platform closes" if i % 4 else "platform issue", "label")
            for i, day in enumerate(_DRAFT_DAYS)
        ),
    ),
    GoalPlan(
        "2026Q4/KR3.4",
        "services_on_pipeline",
        "output",
        "pipeline",
        "platform",
        tuple(
            _one(day, 0.0, ("platform closes", "platform pull", "web closes")[i % 3], ("label", "body", "title")[i % 3])
            for i, day in enumerate(_OUTPUT_DAYS)
        ),
    ),
    GoalPlan(
        "2026Q4/KR4.1",
        "self_service",
        "too_early",
        "help",
        "growth",
        (
            _one("10-15", 0.0, "GRO title", "inherit", "Answer the payout question on the dashboard"),
            _one("10-28", 1.5, "GRO title", "inherit", "Let organisers change the start time themselves"),
            _one("11-09", 0.0, "GRO branch", "inherit", "Show three matching answers before the contact form"),
            _one("11-18", 0.0, "GRO issue", "inherit", "Let organisers resend a ticket"),
        ),
    ),
    GoalPlan(
        "2026Q4/KR4.2",
        "refund_hours",
        "too_early",
        "refund",
        "checkout",
        (
            _one("10-29", 0.0, "PAY issue", "inherit", "Approve refunds under 30 euros at once"),
            _one("11-05", 0.0, "PAY title", "inherit", "Tell the buyer the day of the refund"),
            _one("11-16", 0.0, "PAY issue", "inherit", "Refund cancelled shows in one go"),
        ),
    ),
)
"""Every key result of ``okrs.yaml``, in the order of the file."""


@dataclass(frozen=True, slots=True)
class LintFault:
    """A weakness planted in ``okrs.yaml`` that is no structural error."""

    fault: str
    where: str
    why: str


LINT_FAULTS: Final = (
    LintFault("title_counts_output", "2026Q4/KR4.1", "the title counts shipped features"),
    LintFault("only_lagging", "Q3-O1", "no key result of the objective is leading"),
    LintFault("metric_review_overdue", "first_reply_hours", "review_by 2026-06-30 is past"),
    LintFault("target_met_before", "2026Q4/KR3.1", "in autumn 2025 scans took less than the target of 380 ms"),
    LintFault("too_late_to_judge", "2026Q4/KR3.2", "six marks, two weeks apart, and eight more after a delivery"),
)
