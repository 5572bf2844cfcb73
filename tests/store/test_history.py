"""What the store remembers beside items: observations, OKR versions, links and runs, with their past."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.model.ledger import Observation
from okrsync.model.plain import canonical
from okrsync.model.work import Link, LinkState
from okrsync.plugins.connector import FieldMap
from okrsync.plugins.context import WorkMapping
from okrsync.store import codec
from okrsync.store.database import Store
from okrsync.store.records import Fingerprints, PartitionState, RunRecord, SaveCounts
from okrsync.store.tables import link, observation, okr_version, source_state, sync_run
from support.examples import examples

DAY = date(2026, 10, 1)
NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)


def later(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def seen(value: float, hours: int = 0, *, day: date = DAY, n: float | None = None, origin: str = "csv") -> Observation:
    return Observation("m", day, value, later(hours), origin, n)


def save(store: Store, *observations: Observation, hours: int = 0) -> int:
    with store.write() as unit:
        return unit.save_observations("m", observations, later(hours))


def latest(store: Store) -> list[tuple[date, float]]:
    with store.read() as view:
        return [(entry.day, entry.value) for entry in view.observations("m")]


def history(store: Store) -> list[tuple[str, int, float | None]]:
    with store.read() as view:
        rows = view._connection.execute(observation.select().order_by(observation.c.day, observation.c.recorded_ms))
        return [(row.day, (row.recorded_ms - codec.to_ms(NOON)) // 3_600_000, row.value) for row in rows]


def test_an_observation_comes_back_with_everything(store: Store) -> None:
    entry = Observation("m", DAY, 0.1, NOON, "csv:m.csv", 40.0)
    save(store, entry)

    with store.read() as view:
        assert view.observations("m") == [entry]
        assert view.observations("other") == []


def test_the_same_value_read_again_is_not_repeated(store: Store) -> None:
    assert save(store, seen(1.0)) == 1
    assert save(store, seen(1.0, 5), hours=5) == 0

    assert history(store) == [("2026-10-01", 0, 1.0)]


def test_another_value_is_a_revision_beside_the_old_one(store: Store) -> None:
    save(store, seen(1.0))

    assert save(store, seen(2.0, 5), hours=5) == 1

    assert history(store) == [("2026-10-01", 0, 1.0), ("2026-10-01", 5, 2.0)]
    assert latest(store) == [(DAY, 2.0)]


def test_another_sample_size_is_a_revision(store: Store) -> None:
    save(store, seen(1.0, n=10.0))

    assert save(store, seen(1.0, 5, n=12.0), hours=5) == 1


def test_a_value_may_return_to_an_earlier_one(store: Store) -> None:
    for hour, value in enumerate((1.0, 2.0, 1.0)):
        assert save(store, seen(value, hour), hours=hour) == 1

    assert latest(store) == [(DAY, 1.0)]


def test_a_file_with_its_own_history_is_kept_as_it_tells_it(store: Store) -> None:
    told = [seen(1.0, -48), seen(2.0, -24)]

    assert save(store, *told) == 2
    assert save(store, *told, hours=5) == 0

    assert history(store) == [("2026-10-01", -48, 1.0), ("2026-10-01", -24, 2.0)]


def test_an_earlier_revision_that_is_told_later_does_not_become_the_latest(store: Store) -> None:
    save(store, seen(2.0))

    assert save(store, seen(1.0, -24), seen(2.0, 0), hours=5) == 1

    assert latest(store) == [(DAY, 2.0)]


def test_a_day_that_vanished_becomes_missing_and_its_value_is_kept(store: Store) -> None:
    save(store, seen(1.0), seen(3.0, day=DAY + timedelta(days=1)))

    assert save(store, seen(3.0, 5, day=DAY + timedelta(days=1)), hours=5) == 1
    assert save(store, seen(3.0, 6, day=DAY + timedelta(days=1)), hours=6) == 0

    assert latest(store) == [(DAY + timedelta(days=1), 3.0)]
    assert history(store) == [("2026-10-01", 0, 1.0), ("2026-10-01", 5, None), ("2026-10-02", 0, 3.0)]


def test_a_day_that_vanished_and_returned_is_there_again(store: Store) -> None:
    save(store, seen(1.0))
    save(store, hours=1)

    save(store, seen(1.0, 2), hours=2)

    assert latest(store) == [(DAY, 1.0)]


def test_a_day_returns_also_where_the_file_says_when_it_was_recorded(store: Store) -> None:
    save(store, seen(1.0, -48))
    save(store, hours=1)

    assert save(store, seen(1.0, -48), hours=2) == 1
    assert save(store, seen(1.0, -48), hours=3) == 0

    assert latest(store) == [(DAY, 1.0)]


def test_on_a_pinned_day_the_value_read_last_holds(store: Store) -> None:
    save(store, seen(1.0))
    assert save(store, seen(2.0)) == 1
    assert latest(store) == [(DAY, 2.0)]

    assert save(store) == 1
    assert latest(store) == []

    assert save(store, seen(2.0)) == 1
    assert latest(store) == [(DAY, 2.0)]


def test_a_day_recorded_after_the_pinned_one_can_vanish_too(store: Store) -> None:
    save(store, seen(1.0, hours=48))

    assert save(store) == 1
    assert save(store) == 0

    assert latest(store) == []


def test_of_two_check_ins_at_one_moment_the_later_in_the_file_holds(store: Store) -> None:
    assert save(store, seen(1.0), seen(2.0)) == 1
    assert save(store, seen(1.0), seen(2.0)) == 0

    assert latest(store) == [(DAY, 2.0)]


def test_a_value_that_is_no_number_is_missing(store: Store) -> None:
    assert save(store, seen(float("nan"))) == 0
    assert latest(store) == []


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = Store.open(f"sqlite:///{tmp_path_factory.mktemp('history')}/store.db")
    yield store
    store.close()


readings = st.dictionaries(st.integers(1, 3), st.sampled_from([0.0, 1.0, 2.5]), max_size=3)


@given(runs=st.lists(st.tuples(st.integers(0, 2), readings), min_size=1, max_size=6))
@settings(max_examples=examples(80), deadline=None)
def test_the_latest_view_is_always_what_the_source_said_last(
    shared_store: Store, runs: list[tuple[int, dict[int, float]]]
) -> None:
    with shared_store.write() as unit:
        unit._connection.execute(observation.delete())
    hours = 0
    for step, reading in runs:
        hours += step
        told = [seen(value, hours, day=date(2026, 10, day)) for day, value in reading.items()]
        save(shared_store, *told, hours=hours)

        assert latest(shared_store) == [(date(2026, 10, day), reading[day]) for day in sorted(reading)]
        assert save(shared_store, *told, hours=hours) == 0


def test_an_okr_file_is_kept_again_only_when_it_changed(store: Store) -> None:
    texts = ["a: 1\n", "a: 1\n", "a: 2 🎯\n", "a: 1\n"]
    kept = []
    for hour, text in enumerate(texts):
        with store.write() as unit:
            kept.append(unit.save_okr_text("okrs.yaml", text, later(hour)))
    with store.write() as unit:
        assert unit.save_okr_text("other.yaml", texts[-1], later(9))

    assert kept == [True, False, True, True]
    with store.read() as view:
        rows = view._connection.execute(okr_version.select().where(okr_version.c.path == "okrs.yaml")).all()
    assert [zlib.decompress(row.content).decode() for row in rows] == ["a: 1\n", "a: 2 🎯\n", "a: 1\n"]
    assert [codec.from_ms(row.first_seen_ms) for row in rows] == [NOON, later(2), later(3)]


def a_link(external_id: str, key_result: str = "2026Q4/KR1", **changes: Any) -> Link:
    given: dict[str, Any] = {"rule": "rule 1", "via": "label kr/KR1", "share": 1 / 3, "state": LinkState.OK, **changes}
    return Link(source="web", external_id=external_id, key=f"acme/web#{external_id}", key_result=key_result, **given)


def save_links(store: Store, *links: Link, hours: int) -> tuple[int, int]:
    with store.write() as unit:
        return unit.save_links(links, later(hours))


def spans(store: Store) -> list[tuple[str, str, int, int | None]]:
    def hours(milliseconds: int) -> int:
        return (milliseconds - codec.to_ms(NOON)) // 3_600_000

    with store.read() as view:
        rows = view._connection.execute(link.select().order_by(link.c.id)).all()
    return [
        (row.external_id, row.key_result, hours(row.valid_from_ms), row.valid_to_ms and hours(row.valid_to_ms))
        for row in rows
    ]


def test_links_begin_end_and_stay(store: Store) -> None:
    assert save_links(store, a_link("1"), a_link("2"), hours=0) == (2, 0)
    assert save_links(store, a_link("1"), a_link("2"), hours=1) == (0, 0)
    assert save_links(store, a_link("2"), a_link("3"), hours=2) == (1, 1)
    assert save_links(store, a_link("1"), a_link("2"), a_link("3"), hours=3) == (1, 0)

    assert spans(store) == [
        ("1", "2026Q4/KR1", 0, 2),
        ("2", "2026Q4/KR1", 0, None),
        ("3", "2026Q4/KR1", 2, None),
        ("1", "2026Q4/KR1", 3, None),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"key_result": "2026Q4/KR2"},
        {"rule": "ledger"},
        {"via": "parent"},
        {"share": 0.5},
        {"state": LinkState.STALE},
        {"depth": 1},
        {"reason": "said so"},
    ],
)
def test_a_link_that_changed_in_anything_ends_and_begins_anew(store: Store, change: dict[str, Any]) -> None:
    save_links(store, a_link("1"), hours=0)

    assert save_links(store, a_link("1", **change), hours=1) == (1, 1)

    assert [(begun, ended) for _, _, begun, ended in spans(store)] == [(0, 1), (1, None)]


def test_a_link_to_something_unprintable_is_one_link(store: Store) -> None:
    odd = a_link("1", key_result="KR\ud800\x00", state=LinkState.BROKEN)

    assert save_links(store, odd, odd, hours=0) == (1, 0)
    assert save_links(store, odd, hours=1) == (0, 0)


def test_links_that_fail_leave_the_old_ones_in_force(store: Store) -> None:
    save_links(store, a_link("1"), hours=0)

    with pytest.raises(RuntimeError), store.write() as unit:  # noqa: PT012 - the failure comes after the writing
        unit.save_links([a_link("2")], later(1))
        raise RuntimeError

    assert spans(store) == [("1", "2026Q4/KR1", 0, None)]


def test_the_last_run_of_each_source_is_told_and_all_are_kept(store: Store) -> None:
    first = RunRecord(
        "web", NOON, later(1), "partial", {"items": 3, "setup": 1}, SaveCounts(5, 4, 1), "no\ud800 answer"
    )
    second = RunRecord("web", later(2), later(3), "ok", {"items": 1}, SaveCounts(1, 0, 0))
    other = RunRecord("app", NOON, NOON, "failed", {}, SaveCounts(), "gone")
    with store.write() as unit:
        for record in (other, first, second):
            unit.save_run(record)

    with store.read() as view:
        assert view.last_runs() == {"app": other, "web": second}
        assert [row.error for row in view._connection.execute(sync_run.select())] == ["gone", "no\ufffd answer", ""]


def test_a_stream_state_comes_back(store: Store) -> None:
    with store.write() as unit:
        unit.save_stream("web", "a", Fingerprints("f1", "i"), None)
        unit.save_stream("web", "b", Fingerprints("f1", "i"), NOON)
        unit.save_stream("web", "b", Fingerprints("f2", "i"), later(1))

    with store.read() as view:
        assert view.stream("web", "a") == PartitionState(Fingerprints("f1", "i"), None)
        assert view.stream("web", "b") == PartitionState(Fingerprints("f2", "i"), later(1))
        assert view.stream("web", "c") is None


def test_the_field_map_of_a_source_is_kept_whole(store: Store) -> None:
    mapping = WorkMapping(dropped=("invalid",), size_field="customfield_1", extra_fields=("a", "b"))
    fields = FieldMap(
        mapping, {"sprint": ("customfield_2", "customfield_3")}, "https://jira.example", "web", "payments"
    )
    with store.write() as unit:
        unit.save_fields("jira", FieldMap(source="web"))
        unit.save_fields("jira", fields)

    with store.read() as view:
        row = view._connection.execute(sa.select(source_state)).one()
    assert (row.source, row.connector) == ("web", "jira")
    assert row.fields["roles"] == {"sprint": ["customfield_2", "customfield_3"]}
    assert (row.fields["site"], row.fields["source"], row.fields["team"]) == ("https://jira.example", "web", "payments")
    assert set(row.fields["mapping"]) == set(WorkMapping.__slots__)
    assert json.loads(canonical(codec.fields_to_json(fields))) == row.fields


def test_observations_of_several_metrics_are_those_of_each(store: Store) -> None:
    with store.write() as unit:
        for metric, value in (("m", 1.0), ("other", 2.0)):
            unit.save_observations(metric, [replace(seen(value), metric=metric)], NOON)
            revised = replace(seen(value + 0.5, 1), metric=metric)
            unit.save_observations(metric, [revised], later(1))

    with store.read() as view:
        together = view.observations_of(["other", "m", "none"])
        assert together == {name: view.observations(name) for name in ("other", "m", "none")}
    assert [entry.value for entry in together["other"]] == [2.5]
