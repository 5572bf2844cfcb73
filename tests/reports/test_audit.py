"""The parts of an audit that are plain arithmetic: what they promise for every input, and where they must be silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.model.verdicts import CheckKind, HypothesisVerdict, Verdict
from okrsync.reports.audit.calibration import rate
from okrsync.reports.audit.evidence_gaps import UncheckedCause
from okrsync.reports.audit.lead_lag import Order
from okrsync.reports.audit.scope import AuditFilter
from okrsync.reports.pages.audit_words import whole_percents
from support.audit_case import (
    FIRST,
    SECOND,
    audit,
    check,
    daily,
    decision,
    expected,
    key_result,
    okrs,
    on,
    work,
)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_a_rate_has_the_interval_of_the_textbook(count: int, n: int, low: float, high: float) -> None:
    told = rate(count, n)

    assert told.low == pytest.approx(low, abs=5e-5)
    assert told.high == pytest.approx(high, abs=5e-5)


def test_a_rate_of_nothing_is_no_rate() -> None:
    assert (rate(0, 0).share, rate(0, 0).low) == (None, None)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=12))
def test_percents_add_up_to_100_and_none_is_off_by_one(parts: list[int]) -> None:
    shares = [part / sum(parts) for part in parts]

    found = whole_percents(shares)

    assert sum(found) == 100
    assert all(abs(percent - share * 100) < 1 for percent, share in zip(found, shares, strict=True))


_KINDS = st.tuples(
    st.sampled_from(["", "KR1.1", "KR1.2", "KR1.1 KR1.2", "bug"]),
    st.one_of(st.none(), st.integers(1, 13)),
    st.sampled_from([None, Verdict.MOVED, Verdict.INCONCLUSIVE, Verdict.TOO_EARLY, Verdict.WITHHELD]),
)


@given(st.lists(_KINDS, max_size=12))
def test_effort_adds_up_whatever_became_of_the_work(made: Sequence[tuple[str, int | None, Verdict | None]]) -> None:
    items, checks = [], []
    for number, (serves, points, verdict) in enumerate(made):
        names = [] if serves == "bug" else serves.split()
        kind = "Bug" if serves == "bug" else "Story"
        items.append(work(f"PAY-{number}", *names, points=points, type=kind))
        if verdict is not None:
            checks.append(check(f"PAY-{number}", verdict=verdict))

    effort = audit(items, {FIRST: checks, SECOND: checks}).effort

    assert effort.items == len(items)
    assert effort.sized == sum(points is not None for _, points, _ in made)
    assert sum(entry.items for entry in effort.shares) == pytest.approx(len(items))
    assert sum(entry.share for entry in effort.shares) == pytest.approx(1 if items else 0)
    assert sum(entry.sizes.get("points", 0) for entry in effort.shares) == pytest.approx(
        sum(points or 0 for _, points, _ in made)
    )
    if effort.sized:
        assert sum(entry.size_shares["points"] for entry in effort.shares) == pytest.approx(1)


def test_an_item_on_two_key_results_counts_on_each_with_its_share() -> None:
    checks = {FIRST: [check("PAY-1")], SECOND: [check("PAY-1", verdict=Verdict.INCONCLUSIVE)]}

    effort = audit([work("PAY-1", "KR1.1", "KR1.2", points=8)], checks).effort

    assert {entry.fate: (entry.items, entry.sizes) for entry in effort.shares} == {
        "moved": (0.5, {"points": 4.0}),
        "inconclusive": (0.5, {"points": 4.0}),
    }


def test_a_candidate_of_a_set_is_told_by_the_set_and_not_by_its_wave() -> None:
    wave = check("PAY-1", "PAY-2", verdict=Verdict.INCONCLUSIVE, is_in_stream=True)
    claim = check("PAY-1", verdict=Verdict.MOVED)
    items = [work("PAY-1", "KR1.1"), work("PAY-2", "KR1.1")]

    report = audit(items, {FIRST: [wave, replace(claim, kind=CheckKind.SET)]})

    assert {entry.fate: entry.items for entry in report.effort.shares} == {"moved": 1.0, "inconclusive": 1.0}


def test_the_headline_counts_verdicts_and_what_served_nothing() -> None:
    items = [work("PAY-1", "KR1.1"), work("PAY-2", "KR1.1"), work("PAY-3")]
    checks = {FIRST: [check("PAY-1"), check("PAY-2", verdict=Verdict.MOVED_WRONG_WAY)]}

    assert audit(items, checks).headline == (
        "Of 2 judged deliveries 1 moved its key result and 1 moved it the wrong way; "
        "33 % of the delivered items served no key result."
    )


def test_a_headline_without_a_win_says_so() -> None:
    report = audit([work("PAY-1", "KR1.1")], {FIRST: [check("PAY-1", verdict=Verdict.INCONCLUSIVE)]})

    assert report.headline.startswith("Of 1 judged delivery none moved its key result, 1 could not be told from drift;")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (audit(), "Nothing has been read yet."),
        (audit([work("PAY-1", "KR1.1", at=on(9, 1))]), "Nothing was delivered in 2026Q4."),
        (audit([work("PAY-1")], goals=okrs(key_result("KR0.1", cycle="2026Q3"))), "2026Q4 has no key result."),
        (
            audit([work("PAY-1", "KR1.1")], {FIRST: [check("PAY-1", verdict=Verdict.TOO_EARLY, estimate=None)]}),
            "No delivery is judged yet, 1 will be; 0 % of the delivered items served no key result.",
        ),
    ],
)
def test_where_there_is_nothing_to_tell_the_headline_says_what_is_missing(report: object, words: str) -> None:
    assert getattr(report, "headline") == words  # noqa: B009 - the parameter is built before the test runs


def test_work_of_a_team_is_told_apart_and_its_verdicts_are_the_same() -> None:
    items = [work("PAY-1", "KR1.1", team="pay"), work("PAY-2", "KR1.1", team="web"), work("PAY-3", team="web")]
    group = check("PAY-1", "PAY-2", verdict=Verdict.MOVED)
    whole, part = audit(items, {FIRST: [group]}), audit(items, {FIRST: [group]}, part=AuditFilter(team="PAY"))

    assert [line.check for line in part.work] == [line.check for line in whole.work]
    assert part.effort.items == 1
    assert [entry.fate for entry in part.effort.shares] == ["moved"]


def test_setbacks_get_as_much_room_as_wins() -> None:
    items = [work(f"PAY-{number}", "KR1.1") for number in range(4)]
    checks = [check(f"PAY-{number}") for number in range(3)]
    checks.append(check("PAY-3", verdict=Verdict.NO_MEANINGFUL_MOVEMENT, effect=0.1))

    found = audit(items, {FIRST: checks}).extremes

    assert (found.room, len(found.wins), len(found.setbacks)) == (3, 3, 1)


def test_a_claim_of_harm_comes_before_a_larger_effect_that_only_fell_short() -> None:
    items = [work("PAY-1", "KR1.1"), work("PAY-2", "KR1.1")]
    short = check("PAY-1", effect=9.0, **expected(12.0, HypothesisVerdict.WEAKER_THAN_EXPECTED))

    found = audit(items, {FIRST: [short, check("PAY-2", verdict=Verdict.MOVED_WRONG_WAY, effect=-2.0)]}).extremes

    assert [line.check.members for line in found.setbacks] == [("PAY-2",), ("PAY-1",)]
    assert [line.check.members for line in found.wins] == [("PAY-1",)]


def test_only_what_was_stated_before_counts_in_the_hit_rate() -> None:
    items = [work(f"PAY-{number}", "KR1.1") for number in range(3)]
    checks = [
        check("PAY-0", **expected(2.5)),
        check("PAY-1", **expected(9.0, HypothesisVerdict.REFUTED)),
        check("PAY-2", **expected(2.0, HypothesisVerdict.POST_HOC)),
    ]

    told = audit(items, {FIRST: checks}).calibration

    assert (told.figures.confirmed.count, told.figures.confirmed.n) == (1, 2)
    assert (told.figures.holding.count, told.post_hoc) == (1, 1)
    assert told.figures.ratio == pytest.approx((2 / 2.5 + 2 / 9) / 2)


@pytest.mark.parametrize(("count", "teams"), [(9, []), (10, ["pay"])])
def test_a_team_is_told_apart_from_ten_expectations_on(count: int, teams: list[str]) -> None:
    items = [work(f"PAY-{number}", "KR1.1", team="pay") for number in range(count)]
    checks = [check(f"PAY-{number}", **expected(2.0)) for number in range(count)]

    assert [entry.team for entry in audit(items, {FIRST: checks}).calibration.teams] == teams


@pytest.mark.parametrize(
    ("choice", "verdict", "at", "is_against"),
    [
        ("persevere", Verdict.NO_MEANINGFUL_MOVEMENT, on(12, 1), True),
        ("scale", Verdict.MOVED_WRONG_WAY, on(12, 1), True),
        ("stop", Verdict.MOVED, on(12, 1), True),
        ("stop", Verdict.MOVED_WRONG_WAY, on(12, 1), False),
        ("pivot", Verdict.NO_MEANINGFUL_MOVEMENT, on(12, 1), False),
        ("persevere", Verdict.INCONCLUSIVE, on(12, 1), False),
        ("persevere", Verdict.NO_MEANINGFUL_MOVEMENT, on(11, 1), False),
    ],
)
def test_a_decision_is_against_the_evidence_that_was_known_on_its_day(
    choice: str, verdict: Verdict, at: object, is_against: bool
) -> None:
    made = decision("de-1", "PAY-1", choice, at)  # type: ignore[arg-type]  # a moment, as parametrized

    (line,) = audit([work("PAY-1", "KR1.1")], {FIRST: [check("PAY-1", verdict=verdict)]}, decisions=[made]).decisions

    assert line.is_against is is_against


def test_a_decision_that_takes_back_another_names_it() -> None:
    first = decision("de-1", "PAY-1", "scale", on(11, 20))
    then = decision("de-2", "PAY-1", "stop", on(12, 20), reverses="de-1")

    lines = audit([work("PAY-1", "KR1.1")], decisions=[then, first]).decisions

    assert [line.decision.id for line in lines] == ["de-1", "de-2"]
    assert lines[1].reversed == first


def test_a_verdict_asks_for_a_decision_until_somebody_decides_after_it_came() -> None:
    items, checks = [work("PAY-1", "KR1.1")], {FIRST: [check("PAY-1")]}

    def asks(*decisions: object) -> bool:
        return audit(items, checks, decisions=decisions).work[0].is_asking  # type: ignore[arg-type]  # decisions

    assert asks()
    assert asks(decision("de-1", "PAY-1", "scale", on(11, 1))), "before the verdict, nobody could know"
    assert not asks(decision("de-1", "PAY-1", "scale", on(12, 1)))


@pytest.mark.parametrize(
    ("leading", "lagging", "order", "lag"),
    [
        (date(2026, 10, 5), date(2026, 10, 20), Order.LEADING_FIRST, 15),
        (date(2026, 10, 20), date(2026, 10, 5), Order.LAGGING_FIRST, -15),
        (date(2026, 10, 5), None, Order.LEADING_ONLY, None),
        (None, None, Order.NEITHER, None),
    ],
)
def test_a_lag_is_told_where_both_moved_and_only_there(
    leading: date | None, lagging: date | None, order: Order, lag: int | None
) -> None:
    def checked(key: str, day: date | None) -> object:
        if day is None:
            return check(key, verdict=Verdict.INCONCLUSIVE)
        return check(key, first=day, last=day)

    items = [work("PAY-1", "KR1.1"), work("PAY-2", "KR1.2")]
    checks = {FIRST: [checked("PAY-1", leading)], SECOND: [checked("PAY-2", lagging)]}

    (pair,) = audit(items, checks).leading  # type: ignore[arg-type]  # checks

    assert (pair.order, pair.lag_days) == (order, lag)


def test_a_metric_that_moved_with_no_work_is_told_against_how_far_it_goes_by_itself() -> None:
    flat, risen = [10.0, 10.2] * 200, [20.0] * 60
    observations = {"metric KR1.1": daily("metric KR1.1", flat + risen), "metric KR1.2": daily("metric KR1.2", flat)}

    report = audit([work("PAY-1")], observations=observations)

    moved = {entry.key_result: entry.movement for entry in report.untold.unworked}
    assert moved[FIRST].is_beyond is True
    assert moved[FIRST].change == pytest.approx(9.9)
    assert moved[SECOND].is_beyond is False


def test_with_too_little_history_nobody_can_tell_whether_a_metric_moved_by_itself() -> None:
    report = audit([work("PAY-1")], observations={"metric KR1.1": daily("metric KR1.1", [10.0] * 60 + [20.0] * 92)})

    movement = report.untold.unworked[0].movement
    assert movement.change is not None
    assert movement.is_beyond is None
    assert "days were measured before" in movement.reason


def test_work_without_a_verdict_says_why_and_work_that_waits_is_not_among_it() -> None:
    items = [work("PAY-1", "KR1.1"), work("PAY-2", "KR1.2"), work("PAY-3", "KR1.1"), work("PAY-4", "KR1.3")]
    checks = {
        FIRST: [
            check("PAY-1", verdict=Verdict.TOO_EARLY, is_provisional=True),
            check("PAY-3", verdict=Verdict.WITHHELD, estimate=None, reason="stale"),
        ],
    }
    goals = okrs(
        key_result("KR1.1"), key_result("KR1.2", level="output"), key_result("KR1.3", state="draft", metric="")
    )

    found = {entry.item.key: entry.cause for entry in audit(items, checks, goals=goals).untold.unchecked}

    assert found == {
        "PAY-2": UncheckedCause.OUTPUT,
        "PAY-3": UncheckedCause.WITHHELD,
        "PAY-4": UncheckedCause.DRAFT,
    }


def test_verdicts_of_the_cycle_before_that_came_in_this_one_are_told() -> None:
    goals = okrs(key_result("KR1.1"), key_result("KR0.1", cycle="2026Q3", metric="metric KR1.1"))
    items = [work("PAY-1", "KR0.1", at=on(9, 20)), work("PAY-2", "KR0.1", at=on(7, 20))]
    late = check("PAY-1", first=date(2026, 9, 20), last=date(2026, 9, 20), evaluation=date(2026, 10, 18))
    early = check("PAY-2", first=date(2026, 7, 20), last=date(2026, 7, 20), evaluation=date(2026, 8, 17))

    report = audit(items, {"2026Q3/KR0.1": [early, late]}, goals=goals)

    assert report.late.cycle == "2026Q3"
    assert [line.check.members for line in report.late.work] == [("PAY-1",)]
    assert report.work == ()


def test_it_is_final_on_the_day_of_the_last_verdict_to_come() -> None:
    items = [work("PAY-1", "KR1.1"), work("PAY-2", "KR1.1")]
    waiting = [
        check(key, verdict=Verdict.TOO_EARLY, is_provisional=True, evaluation=day)
        for key, day in (("PAY-1", date(2027, 3, 9)), ("PAY-2", date(2027, 4, 2)))
    ]

    assert audit(items, {FIRST: waiting}).final_on == date(2027, 4, 2)
    assert audit(items, {FIRST: [check("PAY-1", "PAY-2")]}).final_on is None
