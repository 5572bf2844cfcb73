"""What a key result's name means on a day, and what a link that means nothing looks like."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from linking.builders import (
    BY_LABEL,
    OKRS,
    Q3,
    Q4,
    TODAY,
    done,
    first,
    goals,
    item,
    settings,
    shares,
    states,
)
from okrsync.linking.key_result_resolver import KeyResultResolver
from okrsync.model.okrs import Cycle
from okrsync.model.placements import LinkStatus, UnlinkedCause
from okrsync.model.work import LinkState, Status

WORK = settings(BY_LABEL)


def resolved(name: str, day: date = TODAY) -> tuple[str, LinkState]:
    named = KeyResultResolver(OKRS).resolve(name, day)
    return named.key_result, named.state


# ---------------------------------------------------------------- names and days


@pytest.mark.parametrize(
    ("day", "meant"),
    [
        (date(2026, 6, 30), "2026Q3/KR1.1"),
        (date(2026, 7, 1), "2026Q3/KR1.1"),
        (date(2026, 9, 30), "2026Q3/KR1.1"),
        (date(2026, 10, 1), "2026Q4/KR1.1"),
        (date(2026, 12, 31), "2026Q4/KR1.1"),
        (date(2027, 1, 2), "2027Q1/KR1.1"),
        (date(2027, 3, 31), "2027Q1/KR1.1"),
    ],
)
def test_a_bare_name_means_the_running_cycle_and_before_it_the_coming_one(day: date, meant: str) -> None:
    assert resolved("KR1.1", day) == (meant, LinkState.OK)


def test_of_two_coming_cycles_a_bare_name_means_the_first() -> None:
    late, early = Cycle("late", date(2028, 1, 1), date(2028, 2, 1)), Cycle("early", date(2027, 1, 1), date(2027, 2, 1))
    names = KeyResultResolver(goals({"late": ["KR1"], "early": ["KR1"]}, (late, early)))
    assert names.resolve("KR1", TODAY).key_result == "early/KR1"


def test_a_bare_name_of_ended_cycles_means_the_last_of_them_and_is_stale() -> None:
    named = KeyResultResolver(OKRS).resolve("KR1.1", date(2027, 4, 1))
    assert (named.key_result, named.state) == ("2027Q1/KR1.1", LinkState.STALE)
    assert named.reason == "cycle 2027Q1 ended on 2027-03-31"


@pytest.mark.parametrize("name", ["kr1.1", "KR1.1", "2026q4/Kr1.1"])
def test_names_match_in_any_case(name: str) -> None:
    assert resolved(name) == ("2026Q4/KR1.1", LinkState.OK)


def test_a_qualified_name_of_a_coming_cycle_is_good() -> None:
    assert resolved("2027Q1/KR1.1") == ("2027Q1/KR1.1", LinkState.OK)


def test_an_unknown_name_is_broken_and_kept_as_written() -> None:
    named = KeyResultResolver(OKRS).resolve("kR77", TODAY)
    assert (named.key_result, named.state) == ("kR77", LinkState.BROKEN)
    assert named.reason == 'no key result is called "kR77"'


@pytest.mark.parametrize(
    ("written", "meant"),
    [("KR09", "KR0.9"), ("kr1,2", "KR1.2"), ("KR-1.1", "KR1.1"), ("2026-Q3/KR0.9", "2026Q3/KR0.9")],
)
def test_a_near_miss_is_met_with_a_suggestion(written: str, meant: str) -> None:
    named = KeyResultResolver(OKRS).resolve(written, TODAY)
    assert named.reason == f'no key result is called "{written}"; did you mean "{meant}"?'


def test_nothing_near_gets_no_suggestion() -> None:
    assert KeyResultResolver(OKRS).closest("growth") == ""


def test_another_number_is_another_key_result_and_never_suggested() -> None:
    assert KeyResultResolver(OKRS).closest("KR2.2") == ""


def test_a_name_that_is_known() -> None:
    names = KeyResultResolver(OKRS)
    assert names.is_known("kr1.1")
    assert names.is_known("2026Q4/kr1.1")
    assert not names.is_known("2026Q4/KR0.9")
    assert not names.is_known("KR9")


def test_a_name_that_is_written_like_a_key_result() -> None:
    names = KeyResultResolver(OKRS)
    assert [name for name in ("KR9", "kr12", "2026Q4/KR9", "KR", "web2", "9", "") if names.looks_like_one(name)] == [
        "KR9",
        "kr12",
        "2026Q4/KR9",
    ]


def test_where_key_results_have_no_letters_a_number_is_not_taken_for_one() -> None:
    names = KeyResultResolver(goals({"2026Q4": ["1.1"]}))
    assert names.looks_like_one("1.1")
    assert not names.looks_like_one("404")


def test_a_word_that_is_a_key_result_needs_no_digit() -> None:
    assert KeyResultResolver(goals({"2026Q4": ["activation"]})).looks_like_one("Activation")


def test_a_text_is_split_at_commas_semicolons_and_spaces() -> None:
    assert KeyResultResolver(OKRS).split(" KR1.1,KR1.2 ;  KR2.1\tx\n") == ["KR1.1", "KR1.2", "KR2.1", "x"]


def test_aliases_match_in_any_case() -> None:
    names = KeyResultResolver(OKRS, {"Area/Checkout": ["KR1.1"]})
    assert names.alias("AREA/checkout") == ("KR1.1",)
    assert names.alias("area") == ()
    assert KeyResultResolver(OKRS).alias("area") == ()


# ---------------------------------------------------------------- broken


def test_a_broken_link_counts_as_unlinked_and_is_shown_as_written() -> None:
    placed = first(item(labels=["kr/Kr9.1"]), WORK)
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.BROKEN)
    (link,) = placed.links
    assert (link.key_result, link.state, link.share) == ("Kr9.1", LinkState.BROKEN, 0.0)
    assert (link.rule, link.via) == ("rule 1", "label kr/Kr9.1")
    assert link.reason == 'no key result is called "Kr9.1"'
    assert placed.reason == f"broken: {link.reason}"


def test_one_good_link_beside_a_broken_one_counts_whole() -> None:
    placed = first(item(labels=["kr/KR9", "kr/KR1.1"]), WORK)
    assert placed.group is LinkStatus.LINKED
    assert states(placed) == {"KR9": "broken", "2026Q4/KR1.1": "ok"}
    assert shares(placed) == {"2026Q4/KR1.1": 1.0}
    assert {link.share for link in placed.links} == {0.0, 1.0}


def test_two_bad_links_give_both_reasons_and_the_first_cause() -> None:
    placed = first(item(labels=["kr/2026Q3/KR0.9", "kr/KR77"]), WORK)
    assert placed.cause is UnlinkedCause.STALE
    assert placed.reason == (
        'stale: cycle 2026Q3 ended on 2026-09-30; broken: no key result is called "KR77"'
    )  # fmt: skip


# ---------------------------------------------------------------- stale


@pytest.mark.parametrize("name", ["KR0.9", "2026Q3/KR0.9"])
def test_an_open_item_that_names_an_ended_cycle_is_stale(name: str) -> None:
    placed = first(item(labels=[f"kr/{name}"]), WORK)
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.STALE)
    assert states(placed) == {"2026Q3/KR0.9": "stale"}
    assert placed.reason == "stale: cycle 2026Q3 ended on 2026-09-30"


@pytest.mark.parametrize("name", ["KR0.9", "2026Q3/KR0.9"])
@pytest.mark.parametrize(("day", "state"), [("2026-09-30T12:00", "ok"), ("2026-10-01T12:00", "stale")])
def test_a_delivered_item_is_held_against_the_day_of_its_delivery(name: str, day: str, state: str) -> None:
    shipped = done(on=datetime.fromisoformat(day).replace(tzinfo=UTC), labels=[f"kr/{name}"])
    assert states(first(shipped, WORK)) == {"2026Q3/KR0.9": state}


@pytest.mark.parametrize("status", [Status.TODO, Status.IN_PROGRESS])
def test_work_that_is_open_again_is_held_against_today(status: Status) -> None:
    reopened = item(status=status, delivered=datetime(2026, 8, 1, tzinfo=UTC), labels=["kr/KR1.1"])
    assert states(first(reopened, WORK)) == {"2026Q4/KR1.1": "ok"}
    assert states(first(reopened, WORK, today=date(2026, 9, 1))) == {"2026Q3/KR1.1": "ok"}


@pytest.mark.parametrize("status", [Status.DONE, Status.DROPPED])
def test_closed_work_without_a_day_of_delivery_is_held_against_its_last_change(status: Status) -> None:
    closed = item(status=status, updated=datetime(2026, 8, 1, tzinfo=UTC), labels=["kr/KR1.1"])
    assert states(first(closed, WORK)) == {"2026Q3/KR1.1": "ok"}


def test_a_bare_name_on_a_delivered_item_means_the_cycle_of_that_day() -> None:
    shipped = done(on=datetime(2026, 8, 3, tzinfo=UTC), labels=["kr/KR1.1"])
    assert shares(first(shipped, WORK)) == {"2026Q3/KR1.1": 1.0}


# ---------------------------------------------------------------- ambiguous

HALF_YEAR = Cycle("2026H2", date(2026, 7, 1), date(2026, 12, 31))
TWO_RHYTHMS = goals({"2026Q4": ["KR1", "KR2"], "2026H2": ["KR1"]}, (Q4, HALF_YEAR))


def test_a_bare_name_of_two_running_cycles_is_ambiguous() -> None:
    placed = first(item(labels=["kr/KR1"]), WORK, okrs=TWO_RHYTHMS)
    assert (placed.group, placed.cause) == (LinkStatus.UNLINKED, UnlinkedCause.AMBIGUOUS)
    assert states(placed) == {"2026Q4/KR1": "ambiguous"}
    assert placed.reason == "ambiguous: runs in several cycles: 2026Q4/KR1, 2026H2/KR1"


def test_written_out_it_is_not() -> None:
    assert states(first(item(labels=["kr/2026H2/KR1"]), WORK, okrs=TWO_RHYTHMS)) == {"2026H2/KR1": "ok"}


@pytest.mark.parametrize("labels", [["kr/KR1", "kr/2026Q4/KR1"], ["kr/2026Q4/KR1", "kr/KR1"]])
def test_a_key_result_that_is_also_written_out_counts_in_whatever_order(labels: list[str]) -> None:
    placed = first(item(labels=labels), WORK, okrs=TWO_RHYTHMS)
    assert (placed.group, states(placed)) == (LinkStatus.LINKED, {"2026Q4/KR1": "ok"})


def test_one_good_link_beside_an_ambiguous_one_counts_whole() -> None:
    placed = first(item(labels=["kr/KR1", "kr/KR2"]), WORK, okrs=TWO_RHYTHMS)
    assert shares(placed) == {"2026Q4/KR2": 1.0}


# ---------------------------------------------------------------- time zones

LAST_EVENING = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "meant"),
    [("Europe/Berlin", "2026Q4/KR1.1"), ("UTC", "2026Q3/KR1.1"), ("America/New_York", "2026Q3/KR1.1")],
)
def test_the_day_of_delivery_is_a_day_of_the_configured_zone(zone: str, meant: str) -> None:
    shipped = done(on=LAST_EVENING, labels=["kr/KR1.1"])
    assert states(first(shipped, WORK, zone=ZoneInfo(zone))) == {meant: "ok"}


def test_the_first_morning_of_a_cycle_is_still_the_day_before_in_the_west() -> None:
    shipped = done(on=datetime(2026, 10, 1, 2, tzinfo=UTC), labels=["kr/2026Q3/KR0.9"])
    assert states(first(shipped, WORK, zone=ZoneInfo("America/New_York"))) == {"2026Q3/KR0.9": "ok"}
    assert states(first(shipped, WORK)) == {"2026Q3/KR0.9": "stale"}


def test_both_days_of_a_cycle_belong_to_it() -> None:
    assert Q3.contains(Q3.start)
    assert Q3.contains(Q3.end)
