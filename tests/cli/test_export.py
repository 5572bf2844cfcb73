"""Tables for a warehouse: what they hold, in which types, and what they leave out."""

from __future__ import annotations

import csv
import json
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from okrsync.errors import OkrsyncError
from okrsync.jobs.export import EXPORTS
from okrsync.jobs.table_files import FORMATS, write_table
from support.running import Run

COLUMNS: dict[str, type] = {"text": str, "number": float, "count": int, "is": bool, "day": date, "at": datetime}
MOMENT = datetime(2026, 11, 20, 8, 30, 15, 123000, tzinfo=UTC)
ROWS: list[list[Any]] = [
    ["grün 🎟 \u05d0", 1.5, 3, True, date(2026, 11, 20), MOMENT],
    [None, None, None, None, None, None],
    ["", 0.0, 0, False, date(1970, 1, 1), MOMENT.astimezone(timezone(timedelta(hours=5)))],
]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_parquet_keeps_types_and_moments(tmp_path: Path) -> None:
    assert write_table(tmp_path / "t.parquet", COLUMNS, ROWS, "parquet") == 3

    assert [list(row.values()) for row in pq.read_table(tmp_path / "t.parquet").to_pylist()] == ROWS


def test_json_lines_keep_types_and_what_is_missing(tmp_path: Path) -> None:
    write_table(tmp_path / "t.jsonl", COLUMNS, ROWS, "jsonl")

    first, missing, last = read_lines(tmp_path / "t.jsonl")
    assert first == {
        "text": "grün 🎟 \u05d0", "number": 1.5, "count": 3, "is": True,
        "day": "2026-11-20", "at": "2026-11-20T08:30:15.123000+00:00",
    }  # fmt: skip
    assert set(missing.values()) == {None}
    assert (last["text"], last["is"], last["number"]) == ("", False, 0.0)


def test_csv_says_nothing_where_something_is_missing(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", COLUMNS, ROWS, "csv")

    first, missing, last = read_csv(tmp_path / "t.csv")
    assert (first["text"], first["is"], first["day"]) == ("grün 🎟 \u05d0", "true", "2026-11-20")
    assert set(missing.values()) == {""}
    assert last["number"] == "0.0"


@pytest.mark.parametrize("output", FORMATS)
def test_what_no_reader_takes_becomes_a_sign_for_it(tmp_path: Path, output: str) -> None:
    path = tmp_path / "t"
    write_table(path, {"text": str}, [["a\ud800b\x00c"]], output)

    told = pq.read_table(path).to_pylist() if output == "parquet" else None
    told = told or (read_csv(path) if output == "csv" else read_lines(path))
    assert told == [{"text": "a\ufffdb\ufffdc"}]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "\r\n=1"])
def test_a_spreadsheet_runs_nothing_and_others_get_the_text_as_it_is(tmp_path: Path, text: str) -> None:
    for output in ("csv", "jsonl"):
        write_table(tmp_path / output, {"text": str}, [[text]], output)

    assert read_csv(tmp_path / "csv")[0]["text"].startswith("'")
    assert read_lines(tmp_path / "jsonl") == [{"text": text}]


@pytest.mark.parametrize("output", FORMATS)
def test_a_table_without_rows_has_its_columns(tmp_path: Path, output: str) -> None:
    assert write_table(tmp_path / "t", COLUMNS, [], output) == 0
    if output == "parquet":
        assert pq.read_table(tmp_path / "t").column_names == list(COLUMNS)
    if output == "csv":
        assert (tmp_path / "t").read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"


@pytest.mark.long
@pytest.mark.parametrize("output", ["csv", "jsonl"])
def test_many_rows_need_no_more_memory_than_few(tmp_path: Path, output: str) -> None:
    rows = ([f"an item with a title of some length {number}", number / 7] for number in range(100_000))
    tracemalloc.start()
    try:
        assert write_table(tmp_path / "t", {"text": str, "number": float}, rows, output) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("output", FORMATS)
def test_what_breaks_off_leaves_the_old_file(tmp_path: Path, output: str) -> None:
    def rows() -> Iterator[Sequence[Any]]:
        yield ["new"]
        raise OkrsyncError("the store is gone")

    (tmp_path / "t").write_text("old", encoding="utf-8")
    with pytest.raises(OkrsyncError, match="the store is gone"):
        write_table(tmp_path / "t", {"text": str}, rows(), output)

    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    assert (tmp_path / "t").read_text(encoding="utf-8") == "old"


def test_without_what_writes_parquet_it_says_what_to_install(
    okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = okrsync("export", "checks", "--format", "parquet")

    assert (ran.code, "okrsync[parquet]" in ran.err) == (2, True)
    assert not list((project / "export").iterdir())


@pytest.mark.parametrize("output", FORMATS)
def test_every_table_is_written_with_as_many_rows_as_it_says(okrsync: Run, project: Path, output: str) -> None:
    ran = okrsync("export", "--format", output)
    assert ran.code == 0, ran.err

    for name, made in EXPORTS.items():
        path = project / "export" / f"{name}.{output}"
        if output == "parquet":
            told = pq.read_table(path)
            rows, columns = told.num_rows, told.column_names
        else:
            read = read_csv(path) if output == "csv" else read_lines(path)
            rows, columns = len(read), list(read[0])
        assert sorted(columns) == sorted(made.columns)
        assert f"{path.relative_to(project)}: {rows:,} rows" in ran.err
        assert rows > 0


def test_the_tables_can_be_joined_and_agree_with_the_reports(okrsync: Run, project: Path) -> None:
    okrsync("export", "--format", "jsonl")
    told = {name: read_lines(project / "export" / f"{name}.jsonl") for name in EXPORTS}
    counted = okrsync("status", "--format", "json").json["items"]

    items = {(row["source"], row["external_id"]): row for row in told["items"]}
    assert len(items) == counted["total"]
    assert sum(row["group"] == "unlinked" for row in told["items"]) >= counted["unlinked"]
    assert {(row["source"], row["external_id"]) for row in told["links"]} <= set(items)
    shares: dict[tuple[str, str], float] = {}
    for row in told["links"]:
        if row["valid_to"] is None and row["state"] == "ok":
            place = (row["source"], row["external_id"])
            shares[place] = shares.get(place, 0.0) + row["share"]
    assert all(share == pytest.approx(1) for share in shares.values())
    keys = {row["key"] for row in told["items"]}
    assert all(keys & set(row["members"].split("; ")) for row in told["checks"])
    assert all((row["effect"] is None) == (row["low"] is None) for row in told["checks"])
    assert not any("role:" in row["origin"] for row in told["observations"])


def test_what_is_out_of_scope_is_in_no_table(okrsync: Run, project: Path) -> None:
    okrsync("export", "--format", "jsonl", "--out", "before")
    engine = sa.create_engine(f"sqlite:///{project}/okrsync.db")
    with engine.begin() as connection:
        connection.execute(sa.text("update item set gone_ms = 1 where source = 'product'"))
    engine.dispose()
    okrsync("export", "--format", "jsonl", "--out", "after")

    for name in ("items", "links"):
        assert any(row["source"] == "product" for row in read_lines(project / "before" / f"{name}.jsonl"))
        assert not any(row["source"] == "product" for row in read_lines(project / "after" / f"{name}.jsonl"))
    assert (
        0 < len(read_lines(project / "after" / "checks.jsonl")) < len(read_lines(project / "before" / "checks.jsonl"))
    )


def test_as_known_before_the_first_sync_there_is_nothing_but_what_people_reported(okrsync: Run, project: Path) -> None:
    okrsync("export", "--format", "jsonl", "--as-known", "2026-11-19")

    counts = {name: len(read_lines(project / "export" / f"{name}.jsonl")) for name in EXPORTS}
    assert (counts["items"], counts["links"], counts["checks"]) == (0, 0, 0)
    assert {row["origin"] for row in read_lines(project / "export" / "observations.jsonl")} == {"check_in"}


def test_titles_can_be_kept_back(okrsync: Run, project: Path) -> None:
    okrsync("export", "items", "--redact", "titles", "--format", "jsonl")

    rows = read_lines(project / "export" / "items.jsonl")
    assert {row["title"] for row in rows} == {"(title hidden)"}
    assert not any("Sprint" in row["iterations"] for row in rows)


def test_one_table_can_be_asked_for_and_an_unknown_one_is_told(okrsync: Run, project: Path) -> None:
    assert okrsync("export", "links", "links").err.count("wrote") == 1
    assert [path.name for path in (project / "export").iterdir()] == ["links.csv"]
    assert okrsync("export", "people").code == 2


def test_a_folder_that_is_a_file_is_told(untouched: Run) -> None:
    ran = untouched("export", "--out", "okrs.yaml")

    assert ran.code == 2
    assert "okrs.yaml" in ran.err
