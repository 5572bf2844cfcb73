"""The ledger: what was appended stays, byte for byte, and what is wrong is named by its line."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.config.document import shown
from okrsync.config.ledger_file import RECORD_KINDS, LedgerWriter, read_ledger
from okrsync.errors import OkrsyncError, Problem
from okrsync.model.ledger import CheckIn
from support.appending import append_many
from support.examples import examples

NOW = datetime(2026, 10, 5, 8, 30, tzinfo=UTC)
STAMP = {"at": "2026-10-01T08:00:00Z", "recorded_at": "2026-10-01T08:00:00Z", "by": "team-growth"}
CHECK_IN = {"key_result": "2026Q4/KR1.1", "value": 44.5}
RECORDS: dict[str, dict[str, Any]] = {
    "links": {"action": "link", "item": "PAY-1", "key_result": "2026Q4/KR1.1", "reason": "agreed"},
    "check_ins": {**CHECK_IN, "confidence": 0.7, "note": "on its way"},
    "hypotheses": {
        "items": ["PAY-1"],
        "key_result": "2026Q4/KR1.1",
        "expected": {"change": 2.0, "by": "2026-12-01"},
        "because": "fewer steps",
    },
    "decisions": {"about": "PAY-1", "choice": "scale", "because": "it worked", "values": ["trust"]},
    "evidence": {"about": "PAY-1", "kind": "survey", "text": "they like it", "n": 12, "url": "https://example.com/a"},
}


def line(**fields: Any) -> str:
    return json.dumps({"id": "c1", **STAMP, **CHECK_IN, **fields})


def write(folder: Path, *lines: str, kind: str = "check_ins") -> Path:
    path = folder / f"{kind}.jsonl"
    path.write_bytes("".join(each + "\n" for each in lines).encode())
    return path


def writer(folder: Path) -> LedgerWriter:
    return LedgerWriter(folder, "team-growth", NOW)


def check_ins(folder: Path) -> tuple[CheckIn, ...]:
    ledger, problems = read_ledger(folder)
    assert problems == []
    return ledger.check_ins


def test_a_ledger_that_is_not_there_is_empty(tmp_path: Path) -> None:
    ledger, problems = read_ledger(tmp_path / "ledger")
    assert problems == []
    assert not any((ledger.links, ledger.check_ins, ledger.hypotheses, ledger.decisions, ledger.evidence))


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_what_is_appended_is_read_again_with_its_stamp(tmp_path: Path, kind: str) -> None:
    ids = writer(tmp_path / "new" / "ledger").append(kind, [RECORDS[kind]], at=NOW - timedelta(days=2))
    ledger, problems = read_ledger(tmp_path / "new" / "ledger")
    assert problems == []
    (record,) = getattr(ledger, kind)
    assert (record.id, record.by, record.replaces) == (ids[0], "team-growth", "")
    assert (record.at, record.recorded) == (NOW - timedelta(days=2), NOW)
    if kind == "hypotheses":
        assert (record.items, record.change, record.due) == (("PAY-1",), 2.0, date(2026, 12, 1))


def test_the_stamp_cannot_be_chosen_by_the_record(tmp_path: Path) -> None:
    writer(tmp_path).append("check_ins", [{**CHECK_IN, "id": "mine", "by": "someone", "recorded_at": "2020-01-01"}])
    (record,) = check_ins(tmp_path)
    assert record.id != "mine"
    assert (record.by, record.recorded) == ("team-growth", NOW)


def test_appending_leaves_every_earlier_byte_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path, line(), "", "  " + line(id="c2") + " \r")
    before = path.read_bytes()
    writer(tmp_path).append("check_ins", [CHECK_IN, CHECK_IN])
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 2
    assert len(check_ins(tmp_path)) == 4


def test_an_open_last_line_does_not_swallow_the_new_record(tmp_path: Path) -> None:
    path = tmp_path / "check_ins.jsonl"
    path.write_bytes(line().encode())
    writer(tmp_path).append("check_ins", [CHECK_IN])
    assert path.read_bytes().startswith(line().encode() + b"\n")
    assert len(check_ins(tmp_path)) == 2


def test_a_line_separator_inside_a_text_does_not_end_the_record(tmp_path: Path) -> None:
    note = "one\u2028two\u2029three\u0085four\r\nfive\x1csix"
    writer(tmp_path).append("check_ins", [{**CHECK_IN, "note": note}])
    assert [record.note for record in check_ins(tmp_path)] == [note]


def test_a_byte_order_mark_and_empty_lines_are_no_records(tmp_path: Path) -> None:
    write(tmp_path, "\ufeff" + line(), "", "   ", line(id="c2"))
    assert [record.id for record in check_ins(tmp_path)] == ["c1", "c2"]


def test_a_correction_takes_the_place_of_the_record_it_names(tmp_path: Path) -> None:
    write(tmp_path, line(), line(id="c2", value=1), line(id="c3", value=2, replaces="c2"), line(id="c4", replaces="c3"))
    assert [record.id for record in check_ins(tmp_path)] == ["c1", "c4"]


def test_times_are_read_in_every_zone_and_kept_in_utc(tmp_path: Path) -> None:
    write(tmp_path, line(at="2026-10-01T10:00:00+02:00"))
    (record,) = check_ins(tmp_path)
    assert (record.at, record.at.tzinfo) == (datetime(2026, 10, 1, 8, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    ("wrong", "column", "message", "fix"),
    [
        ("{", 2, "not a JSON record", "one JSON object a line; after a merge, look for conflict marks"),
        (">>>>>>> theirs", 1, "not a JSON record", "one JSON object a line; after a merge, look for conflict marks"),
        ("[]", 1, "not a JSON record", "one JSON object a line; after a merge, look for conflict marks"),
        ("null", 1, "not a JSON record", "one JSON object a line; after a merge, look for conflict marks"),
        ("[" * 100_000, 1, "not a JSON record", "one JSON object a line; after a merge, look for conflict marks"),
        ("1" * 5_000, 1, "not a JSON record", "one JSON object a line; after a merge, look for conflict marks"),
        (line(id="c1"), 1, 'id "c1" is there twice (first in line 1)', "give one of them another id"),
        (line(id=""), 1, '"id" is empty', "write something there"),
        (line(valeu=1), 1, 'unknown key "valeu"', 'did you mean "value"?'),
        (line(value="44"), 1, '"value" must be a number', "write a number without quotes"),
        (
            line(confidence=7),
            1,
            '"confidence" is refused: should be less than or equal to 1',
            "write a value in that range",
        ),
        (line(value=float("nan")), 1, '"value" is refused: should be a finite number', "write a value in that range"),
        (line(note="\ud800"), 1, "half a character (a lone surrogate)", "write the character itself"),
        (line(at=5), 1, '"at" is refused: a time is text', 'write "2026-10-01T08:00:00Z"'),
        (line(at="today"), 1, "\"at\" is refused: 'today' is no time", 'write "2026-10-01T08:00:00Z"'),
        (line(at="2026-10-01"), 1, '"at" is refused: a time needs its zone', 'write "2026-10-01T08:00:00Z"'),
        (
            line(at="0001-01-01T00:00:00+10:00"),
            1,
            '"at" is refused: a time outside the calendar',
            'write "2026-10-01T08:00:00Z"',
        ),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(
    tmp_path: Path, wrong: str, column: int, message: str, fix: str
) -> None:
    path = write(tmp_path, line(), wrong, line(id="c3"))
    ledger, problems = read_ledger(tmp_path)
    assert problems == [Problem(shown(path), 2, column, message, fix)]
    assert [record.id for record in ledger.check_ins] == ["c1", "c3"]


def test_everything_that_a_record_lacks_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, '{"id": "h1", "items": [], "expected": {"by": "soon"}}', kind="hypotheses")
    _, problems = read_ledger(tmp_path)
    assert [problem.message for problem in problems] == [
        '"at" is missing',
        '"recorded_at" is missing',
        '"by" is missing',
        '"items" is empty',
        '"key_result" is missing',
        '"change" is missing',
        '"by" is refused: no date',
        '"because" is missing',
    ]
    assert {(problem.line, problem.column) for problem in problems} == {(1, 1)}
    assert all(problem.fix for problem in problems)


def test_a_file_that_is_no_text_is_named_at_its_first_wrong_byte(tmp_path: Path) -> None:
    path = tmp_path / "links.jsonl"
    path.write_bytes(b'{}\n{"\xff')
    _, problems = read_ledger(tmp_path)
    assert problems == [Problem(shown(path), 2, 3, "not UTF-8 text", "save the file as UTF-8")]


def test_a_file_that_is_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.config.ledger_file.MAX_LEDGER_BYTES", 10)
    path = write(tmp_path, line())
    _, problems = read_ledger(tmp_path)
    assert problems == [Problem(shown(path), 0, 0, "larger than 64 MiB", "move closed years into a folder beside it")]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({**CHECK_IN, "value": "44"}, "the record does not fit: value: "),
        ({**CHECK_IN, "vaule": 44}, "the record does not fit: vaule: "),
        ({**CHECK_IN, "value": float("inf")}, "the record does not fit: value: "),
        ({**CHECK_IN, "note": "x" * 10_001}, "the record does not fit: note: "),
        ({**CHECK_IN, "note": "\udcff"}, "the text has half characters"),
        ({**CHECK_IN, "note": "it is ghp_" + "a1B2" * 9}, "this looks like an access token"),
    ],
)
def test_a_record_that_does_not_fit_stops_all_and_nothing_is_written(
    tmp_path: Path, record: Mapping[str, Any], said: str
) -> None:
    path = write(tmp_path, line())
    before = path.read_bytes()
    with pytest.raises(OkrsyncError) as refused:
        writer(tmp_path).append("check_ins", [CHECK_IN, record])
    assert str(refused.value).startswith(said)
    assert "ghp_" not in str(refused.value)
    assert path.read_bytes() == before
    with pytest.raises(OkrsyncError):
        writer(tmp_path / "new").append("check_ins", [record])
    assert not (tmp_path / "new").exists()


def test_a_ledger_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OkrsyncError, match=r"^file: the ledger cannot be written \(.+\); check path and permissions$"):
        writer(tmp_path / "file").append("check_ins", [CHECK_IN])


def test_a_full_disk_is_not_taken_for_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: whole(descriptor, content[:10]))
    with pytest.raises(OkrsyncError, match="No space left on device"):
        writer(tmp_path).append("check_ins", [CHECK_IN])


def test_two_processes_that_append_at_once_lose_and_mix_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    processes = [context.Process(target=append_many, args=(str(tmp_path), start, name, CHECK_IN, NOW)) for name in "ab"]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    records = check_ins(tmp_path)
    expected = [number for number in range(50) for _ in range(number % 3 + 1)]
    for name in "ab":
        mine = [record for record in records if record.by == name]
        assert [record.value for record in mine] == expected
        assert {record.note for record in mine} == {name * 2_000}
    assert len(records) == 2 * len(expected)


UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(deadline=None, max_examples=examples(60))
@given(
    records=st.lists(
        st.fixed_dictionaries(
            {"key_result": UNICODE.filter(len), "value": st.floats(allow_nan=False, allow_infinity=False)},
            optional={"note": UNICODE, "confidence": st.floats(0, 1), "replaces": st.just("")},
        ),
        min_size=1,
        max_size=4,
    ),
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis adds the zone
    hours=st.integers(-12, 14),
)
def test_any_record_that_is_appended_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], moment: datetime, hours: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    at = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    ids = writer(folder).append("check_ins", records[:1], at) + writer(folder).append("check_ins", records[1:], at)
    found = check_ins(folder)
    assert [record.id for record in found] == ids
    assert {record.at for record in found} == {at.astimezone(UTC).replace(microsecond=0)}
    assert [(record.key_result, record.value, record.note, record.confidence) for record in found] == [
        (record["key_result"], record["value"], record.get("note", ""), record.get("confidence")) for record in records
    ]
