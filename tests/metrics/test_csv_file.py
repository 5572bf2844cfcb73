"""Metrics from CSV files: what is read, what stays missing, and every wrong cell at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.errors import MetricError, Problem
from okrsync.metrics.csv_file import CsvSource
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from support.examples import examples

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
Read = Callable[..., Sequence[Observation]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads the metric ``activation`` out of a file with the given content."""
    monkeypatch.chdir(tmp_path)

    def from_content(content: str | bytes, **wanted: Any) -> Sequence[Observation]:
        raw = content.encode() if isinstance(content, str) else content
        (tmp_path / "sheet.csv").write_bytes(raw)
        return from_file("sheet.csv", tmp_path, **wanted)

    return from_content


def from_file(name: str, root: Path, **wanted: Any) -> Sequence[Observation]:
    context = MetricContext(folder=root, root=root, now=NOW)
    return CsvSource().read("activation", {"type": "csv", "path": name, **wanted}, context)


def pairs(observations: Sequence[Observation]) -> list[tuple[str, float]]:
    return [(observation.day.isoformat(), observation.value) for observation in observations]


def refusal(read: Read, content: str | bytes, **wanted: Any) -> tuple[Problem, ...]:
    with pytest.raises(MetricError) as refused:
        read(content, **wanted)
    assert refused.value.metric == "activation"
    assert all(str(problem) in str(refused.value) for problem in refused.value.problems)
    assert all(problem.fix for problem in refused.value.problems)
    return refused.value.problems


def test_a_long_sheet_is_read_ascending_by_day(read: Read) -> None:
    found = read("date,value,n\n2026-10-12,42.5,900\n2026-10-05,41,\n")
    assert found == [
        Observation("activation", date(2026, 10, 5), 41.0, NOW, "csv:sheet.csv"),
        Observation("activation", date(2026, 10, 12), 42.5, NOW, "csv:sheet.csv", 900.0),
    ]


@pytest.mark.parametrize("header", ["Date,Activation,traffic", "traffic,date,ACTIVATION", "date, activation ,value2"])
def test_a_wide_sheet_has_a_column_a_metric(read: Read, header: str) -> None:
    names = [name.strip().casefold() for name in header.split(",")]
    cells = {"date": "2026-10-05", "activation": "41"}
    row = ",".join(cells.get(name, "7") for name in names)
    assert pairs(read(f"{header}\n{row}\n")) == [("2026-10-05", 41.0)]


def test_a_column_of_another_name_is_named(read: Read) -> None:
    sheet = "date,value,New accounts\n2026-10-05,1,41\n"
    assert pairs(read(sheet, column="new accounts")) == [("2026-10-05", 41.0)]
    assert pairs(read(sheet)) == [("2026-10-05", 1.0)]


def test_a_wide_sheet_may_have_a_row_a_metric(read: Read) -> None:
    sheet = "metric,2026-10-12,2026-10-05,2026-10-19,2026-10-26\ntraffic,7,7,7,7\nActivation,42,41,,44\n"
    assert pairs(read(sheet)) == [("2026-10-05", 41.0), ("2026-10-12", 42.0), ("2026-10-26", 44.0)]
    assert pairs(read(sheet, column="Traffic"))[0] == ("2026-10-05", 7.0)


@pytest.mark.parametrize(
    "content",
    [
        "date;value;n\n2026-10-05;41,5;1000\n",
        "date\tvalue\n2026-10-05\t41,5\n",
        "date,value\n2026-10-05,41.5 %\n",
        'date,value\n"2026-10-05","41.5"\n',
        "date;value\n2026-10-05;41,5%\n",
        "date;value\n2026-10-05;41.5\n",
        "\n\ndate,value\r\n\r\n2026-10-05,41.5\r\n,\r\n",
        "\ufeffdate,value\n2026-10-05,41.5\n",
        "date,value,\n2026-10-05,41.5,,,\n",
        "date,value\n2026-10-05,+4.15e1",
    ],
    ids=[
        "semicolons and a decimal comma",
        "tabs",
        "a percent sign",
        "quotes",
        "all of them",
        "semicolons and a point",
        "empty lines",
        "a byte order mark",
        "empty cells at the end",
        "no last line feed",
    ],
)
def test_what_spreadsheets_export_is_read(read: Read, content: str) -> None:
    assert pairs(read(content)) == [("2026-10-05", 41.5)]


@pytest.mark.parametrize("cell", ["", " ", "-", "–", "NA", "n/a", "NaN", "null", "None"])
def test_an_empty_cell_is_a_missing_value_and_never_zero(read: Read, cell: str) -> None:
    sheet = f"date,value\n2026-10-05,41\n2026-10-06,{cell}\n2026-10-07,0\n"
    assert pairs(read(sheet)) == [("2026-10-05", 41.0), ("2026-10-07", 0.0)]
    assert pairs(read(f"metric,2026-10-05,2026-10-06\nactivation,{cell},0\n")) == [("2026-10-06", 0.0)]


def test_days_that_are_not_in_the_sheet_stay_missing(read: Read) -> None:
    assert pairs(read("date,value\n2026-10-05,41\n2026-10-19\n2026-10-26,43\n")) == [
        ("2026-10-05", 41.0),
        ("2026-10-26", 43.0),
    ]


def test_a_sheet_with_a_header_alone_has_no_observations(read: Read) -> None:
    assert read("date,value\n") == []


def test_a_revision_is_kept_beside_what_was_known_before(read: Read) -> None:
    found = read(
        "date,value,recorded_at\n2026-10-05,42,2026-10-20T08:00:00+02:00\n2026-10-05,41,2026-10-06\n2026-10-12,43,\n"
    )
    assert [(observation.day.day, observation.value, observation.recorded) for observation in found] == [
        (5, 41.0, datetime(2026, 10, 6, tzinfo=UTC)),
        (5, 42.0, datetime(2026, 10, 20, 6, tzinfo=UTC)),
        (12, 43.0, NOW),
    ]


def test_every_wrong_cell_is_named_at_once_with_line_and_column(read: Read) -> None:
    content = (
        "n,value,date,recorded_at\n"
        "0,41,2026-10-05,\n"
        "9,many,2026-13-45,\n"
        "some,42,2026-10-06,yesterday\n"
        "9,1e999,5.10.2026,\n"
        "9,42,2026-10-07,0001-01-01T00:00:00+10:00\n"
        "9,42,2026-10-08,,7\n"
    )
    number, day = "write a number, or leave the cell empty", "write the date as YYYY-MM-DD"
    size, moment = "write a number above 0, or leave it empty", "write recorded_at as 2026-10-01T08:00:00Z"
    more = "put a number with a comma in quotes, or separate by semicolons"
    assert refusal(read, content) == (
        Problem("sheet.csv", 2, 1, '"0" is no sample size', size),
        Problem("sheet.csv", 3, 2, '"many" is no number', number),
        Problem("sheet.csv", 3, 3, '"2026-13-45" is no date', day),
        Problem("sheet.csv", 4, 1, '"some" is no sample size', size),
        Problem("sheet.csv", 4, 4, '"yesterday" is no time', moment),
        Problem("sheet.csv", 5, 2, '"1e999" is no number', number),
        Problem("sheet.csv", 5, 3, '"5.10.2026" is no date', day),
        Problem("sheet.csv", 6, 4, '"0001-01-01T00:00:00+10:00" is no time', moment),
        Problem("sheet.csv", 7, 5, "more cells than the header has", more),
    )


def test_a_wrong_cell_in_a_row_is_named_by_its_column(read: Read) -> None:
    (problem,) = refusal(read, "metric,2026-10-05,2026-10-12\ntraffic,x,x\nactivation,41,many\n")
    assert (problem.line, problem.column, problem.message) == (3, 3, '"many" is no number')


@pytest.mark.parametrize("value", ["1.234,5", "1,234.5", "41 accounts", "1e", "--1", "inf", "0x10"])
def test_what_is_no_number_is_never_guessed(read: Read, value: str) -> None:
    (problem,) = refusal(read, f'date;value\n2026-10-05;"{value}"\n')
    assert (problem.line, problem.column, problem.message) == (2, 2, f'"{value}" is no number')


def test_a_decimal_comma_between_commas_is_not_cut_to_a_whole_number(read: Read) -> None:
    (problem,) = refusal(read, "date,value\n2026-10-05,41,5\n")
    assert (problem.line, problem.column) == (2, 3)


def test_a_day_that_is_there_twice_is_named_with_both_lines(read: Read) -> None:
    content = "date,value\n2026-10-05,41\n\n2026-10-05,41\n2026-10-06,\n2026-10-06,7\n2026-10-05,43\n"
    fix = "keep one, or add a column recorded_at"
    assert refusal(read, content) == (
        Problem("sheet.csv", 4, 1, "2026-10-05 is there twice (first in line 2)", fix),
        Problem("sheet.csv", 7, 1, "2026-10-05 is there twice (first in line 2)", fix),
    )


def test_a_day_that_is_there_twice_in_the_header_is_named_with_both_columns(read: Read) -> None:
    (problem,) = refusal(read, "metric,2026-10-05,2026-10-12,2026-10-05\nactivation,41,42,43\n")
    assert (problem.line, problem.column) == (2, 4)
    assert problem.message == "2026-10-05 is there twice (first in column 2)"


def test_a_column_or_row_that_is_there_twice_is_named(read: Read) -> None:
    fix = "keep one of them"
    assert refusal(read, "date,value,VALUE\n2026-10-05,41,42\n") == (
        Problem("sheet.csv", 1, 3, 'column "value" is there twice', fix),
    )
    assert refusal(read, "metric,2026-10-05\nactivation,41\nx,1\nActivation,42\n") == (
        Problem("sheet.csv", 4, 1, 'row "activation" is there twice (first in line 2)', fix),
    )


@pytest.mark.parametrize(
    ("content", "wanted", "line", "message", "fix"),
    [
        ("", {}, 1, "the file is empty", "write a header line `date,value` and a line a day"),
        (" \n,,\n", {}, 1, "the file is empty", "write a header line `date,value` and a line a day"),
        ("day,value\n", {}, 1, 'no column "date", and no dates in the header', "start with the line `date,value`"),
        ("date\n", {}, 1, 'no column "activation"', "columns: date; name one with column:"),
        ("\nDate,a,b\n", {}, 2, 'no column "activation"', "columns: Date, a, b; name one with column:"),
        ("date,value\n", {"column": "x"}, 1, 'no column "x"', "columns: date, value; name one with column:"),
        ("m,2026-10-05\na,1\nb,2\n", {}, 1, 'no row "activation"', "rows: a, b; name one with column:"),
        (b"date,value\n2026-10-05,4\xff\n", {}, 0, "not UTF-8 text", "export it as CSV in UTF-8"),
    ],
)
def test_what_is_no_sheet_of_this_metric_is_named(
    read: Read, content: str | bytes, wanted: dict[str, str], line: int, message: str, fix: str
) -> None:
    assert refusal(read, content, **wanted) == (Problem("sheet.csv", line, int(line > 0), message, fix),)


def test_quotes_that_never_close_are_named(read: Read) -> None:
    (problem,) = refusal(read, 'date,value\n2026-10-05,"41\n' + "x" * 200_000)
    assert problem.message.startswith("not CSV: field larger than field limit")
    assert problem.line > 0


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fix = "check the path; it starts at the OKR file that names it"
    for name, shown in (("metrics/no.csv", "metrics/no.csv"), ("a\0b", "a?b")):
        with pytest.raises(MetricError) as refused:
            from_file(name, tmp_path)
        assert refused.value.problems == (Problem(shown, 0, 0, "cannot be read: No such file or directory", fix),)
    with pytest.raises(MetricError, match="cannot be read: Is a directory"):
        from_file(".", tmp_path)


@pytest.mark.needs("symlinks")
def test_a_path_that_leaves_the_project_is_refused_and_not_read(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("date,value\n2026-10-05,41\n", encoding="utf-8")
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    for name in ("../secret.csv", str(tmp_path / "secret.csv"), "link.csv"):
        with pytest.raises(MetricError) as refused:
            from_file(name, root)
        fix = "keep it below okrsync.yaml"
        assert refused.value.problems == (Problem(name, 0, 0, "leaves the project's folder", fix),)


def test_a_path_may_leave_the_folder_of_the_okr_file_within_the_project(tmp_path: Path) -> None:
    (tmp_path / "okrs").mkdir()
    (tmp_path / "a.csv").write_text("date,value\n2026-10-05,41\n", encoding="utf-8")
    context = MetricContext(folder=tmp_path / "okrs", root=tmp_path, now=NOW)
    found = CsvSource().read("activation", {"type": "csv", "path": "../a.csv"}, context)
    assert pairs(found) == [("2026-10-05", 41.0)]


def test_a_huge_file_is_refused_before_it_is_read(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "date,value\n2026-10-05,41\n"
    monkeypatch.setattr("okrsync.metrics.csv_file.MAX_BYTES", len(content))
    assert pairs(read(content)) == [("2026-10-05", 41.0)]
    assert refusal(read, content + "\n") == (Problem("sheet.csv", 1, 1, "larger than 64 MiB", "split it by year"),)


@settings(deadline=None, max_examples=examples(60))
@given(
    st.dictionaries(
        st.integers(0, 3000), st.floats(allow_nan=False, allow_infinity=False) | st.none(), min_size=1, max_size=20
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_any_series_is_read_as_it_was_written_long_or_wide(
    tmp_path_factory: pytest.TempPathFactory, series: dict[int, float | None], delimiter: str
) -> None:
    root = tmp_path_factory.mktemp("series")
    days = {date(2020, 1, 1) + timedelta(days=offset): value for offset, value in series.items()}
    cells = {day.isoformat(): "" if value is None else repr(value) for day, value in days.items()}
    long = [delimiter.join(["date", "value"]), *(delimiter.join(pair) for pair in cells.items())]
    wide = [delimiter.join(["metric", *cells]), delimiter.join(["activation", *cells.values()])]
    expected = sorted((day.isoformat(), value) for day, value in days.items() if value is not None)
    for name, lines in (("long.csv", long), ("wide.csv", wide)):
        (root / name).write_text("\n".join(lines), encoding="utf-8")
        assert pairs(from_file(name, root)) == expected


@settings(deadline=None, max_examples=examples(150))
@given(st.text(max_size=80) | st.text(',;\n"date2026-10-05,value n\t%.\0', max_size=80).map("date,value\n{}".format))
def test_any_text_is_a_sheet_or_is_refused_with_its_problems(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    root = tmp_path_factory.mktemp("text")
    (root / "sheet.csv").write_bytes(text.encode(errors="surrogatepass"))
    try:
        found = from_file("sheet.csv", root)
    except MetricError as error:
        found = []
        refused = error.problems
    else:
        refused = ()
    assert all(problem.message and problem.fix for problem in refused)
    days = [observation.day for observation in found]
    assert days == sorted(days)
