"""Sheets of OKRs as people export them: dialects, headings, numbers, days, and what is said about what is no sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okrsync.errors import ConfigError
from okrsync.importing.cells import CellError, amount, band, day, decimal_marks, period, share
from okrsync.importing.sheet import Sheet, SheetKeyResult, read_sheet
from okrsync.importing.table import COLUMNS

Write = Callable[..., Path]
GERMAN = """\
Ziele Q4;;;;;;;
;;;;;;;
Objective;Key Result;Team;Start;Target (%);Due;Quarter;Status
O1: New accounts see the value;KR1.1 Activation of new accounts;team-growth;41 %;55,5 %;31.12.2026;Q4 2026;green
;"Revenue
of renewals";team-growth;1,5 Mio €;€ 2M;;;

Less churn;Fewer leave;team-success;–;n/a;;;red
"""
MARKDOWN = r"""
# Our OKRs

```
| Objective | Key result |
|---|---|
| in a | code block |
```

| Name | Team |
|---|---|
| not | this one |

| Objective | Key result | Baseline | Target |
| :--- | --- | ---: | ---: |
| **New accounts** see the value | [Activation](https://example.com) | 41 % | 55 % |
| | Left \| right `code` | 1,200 | 1,500 |

| Objective | Key result |
|---|---|
| second | table |
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file into the working directory, so that messages name it as written."""
    monkeypatch.chdir(tmp_path)

    def put(text: str | bytes, name: str = "okrs.csv") -> Path:
        path = Path(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


def rows(sheet: Sheet) -> list[SheetKeyResult]:
    return [row for objective in sheet.objectives for row in objective.key_results]


def refused(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_sheet(path)
    assert all(problem.message and problem.fix for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["utf-8", "byte order mark", "unicode text", "windows lines"],
)
def test_a_german_export_is_read_with_merged_cells_decimal_commas_and_a_title_above(
    write: Write, encode: Callable[[str], bytes]
) -> None:
    sheet = read_sheet(write(encode(GERMAN)))
    first, second = sheet.objectives
    assert (first.id, first.title, first.cycle, first.owners) == (
        "O1",
        "New accounts see the value",
        "2026Q4",
        ["team-growth"],
    )
    assert (second.id, second.title, second.cycle) == ("", "Less churn", "2026Q4")
    activation, revenue, churn = rows(sheet)
    assert (activation.id, activation.title) == ("KR1.1", "Activation of new accounts")
    assert (activation.baseline, activation.target, activation.seen_unit) == (41, 55.5, "%")
    assert activation.due == date(2026, 12, 31)
    assert (revenue.title, revenue.baseline, revenue.target, revenue.seen_unit) == (
        "Revenue of renewals",
        1_500_000,
        2_000_000,
        "€",
    )
    assert (churn.baseline, churn.target, churn.line) == (None, None, 8)
    assert sheet.ignored == ("Status",)


def test_tabs_separate_too(write: Write) -> None:
    sheet = read_sheet(write("objective\tkey_result\tkpi\tstart\tgoal value\nO, the one\tK\tuses\t1\t2\n", "okrs.tsv"))
    (row,) = rows(sheet)
    assert (sheet.objectives[0].title, row.metric, row.baseline, row.target) == ("O, the one", "uses", 1, 2)


def test_in_markdown_the_first_table_with_the_columns_counts_outside_of_code(write: Write) -> None:
    sheet = read_sheet(write(MARKDOWN, "okrs.md"))
    (objective,) = sheet.objectives
    assert objective.title == "New accounts see the value"
    assert [row.title for row in objective.key_results] == ["Activation", "Left | right code"]
    assert [row.target for row in objective.key_results] == [55, 1500]


def test_an_objective_on_a_line_of_its_own_heads_the_rows_below(write: Write) -> None:
    sheet = read_sheet(write("Objective,Key result,Owner,ID\nFirst,,growth,O7\n,A,,\n,B,,KR7.9\nSecond,,,\n,C,,\n"))
    assert [(entry.id, entry.title, len(entry.key_results)) for entry in sheet.objectives] == [
        ("O7", "First", 2),
        ("", "Second", 1),
    ]
    assert sheet.objectives[0].owners == ["growth"]


def test_everything_that_cannot_be_understood_is_named_at_once_with_its_place(write: Write) -> None:
    path = write(
        "Objective,Key result,Baseline,Target,Due,Direction,Kind,Confidence,ID,Band\n"
        ",lost,1,2,,,,,,\n"
        "O,A,about 4,+10 %,03/04/2026,sideways,both,80,K/R ä,9 - 3\n"
        "O,B,5,5,,,,,,\n"
        "O,C,1 %,2 days,,decrease,,,,\n"
        "O,,7,8,,,,,,\n"
        "O,D,#REF!,1,,,,,,\n"
        "O,E,1,2,,,,,,,spilled\n"
    )
    assert refused(path) == ["okrs.csv:8:11: more cells than the header has; put a cell with a comma in quotes"]
    path.write_text(path.read_text(encoding="utf-8").replace(",spilled", ""), encoding="utf-8")
    told = refused(path)
    assert [line.partition("; ")[0] for line in told] == [
        "okrs.csv:2:1: no objective stands here or above",
        'okrs.csv:3:3: baseline: "about 4" is no number',
        'okrs.csv:3:4: target: "+10 %" is a change',
        'okrs.csv:3:5: due: "03/04/2026" is no day',
        'okrs.csv:3:6: direction: "sideways" is no direction',
        'okrs.csv:3:7: kind: "both" is no kind',
        'okrs.csv:3:8: confidence: "80" is no confidence',
        'okrs.csv:3:9: "K/R ä" is no id',
        'okrs.csv:3:10: band: "9 - 3" does not go from low to high',
        "okrs.csv:4:4: the target equals the baseline",
        'okrs.csv:5:4: the baseline is in "%", the target in "days"',
        "okrs.csv:5:4: to decrease from 1 to 2 contradicts itself",
        "okrs.csv:6:2: no key result stands here",
        "okrs.csv:7:3: #REF! is the error of a formula",
    ]


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"PK\x03\x04rest", "okrs.xlsx", "okrs.xlsx: a workbook, not a table as text; save the sheet as CSV in UTF-8"),
        ("Objective,Key result\nÄ,b\n".encode("latin-1"), "o.csv", "o.csv:2:1: not UTF-8 text; save the file as UTF-8"),
        (b"Title,Text\na,b\n", "o.csv", "o.csv:1:1: no line has a column `objective` and a column `key result`"),
        (b"", "o.csv", "o.csv:1:1: no line has a column `objective`"),
        (b"| Objective |\n|---|\n", "o.md", "o.md:1:1: no line has a column `objective`"),
        (b"Objective,Key result\n", "o.csv", "o.csv:1:1: nothing stands below the header"),
        (b'Objective,Key result\nO,"open\n', "o.csv", "o.csv:2:1: not CSV: unexpected end of data"),
        (b"Objective,Key result,KR,Goal\nO,a,b,c\n", "o.csv", 'o.csv:1:3: "KR" and "Key result" both stand for key'),
        (b"Objective,Key result\nO,\n", "o.csv", "o.csv:2:1: this objective has no key result; add a row"),
        (b"Objective,Key result\nO,a\nO, A. \n", "o.csv", 'o.csv:3:2: "A." is there twice (first in line 2)'),
        (b"x" * 1_100_000, "o.csv", "o.csv: larger than 1024 KiB"),
    ],
)
def test_what_is_no_sheet_is_told(write: Write, content: bytes, name: str, told: str) -> None:
    assert refused(write(content, name))[0].startswith(told)


def test_a_missing_sheet_is_told(write: Write) -> None:
    write("")
    assert refused(Path("none.csv")) == ["none.csv: cannot be read: No such file or directory; check the path"]


def test_a_token_is_refused_and_never_repeated(write: Write) -> None:
    token = "ghp_" + "a1B2" * 9
    told = refused(write(f"Objective,Key result,{token}\nO,{token},\n"))
    assert [line.partition(":")[2][:4] for line in told] == ["1:3:", "2:2:"]
    assert token not in "".join(told)
    escaped = token.replace("_", "\\_")
    assert token not in "".join(
        refused(write(f"| Objective | KR | Target |\n|---|---|---|\n|O|a|{escaped}|\n", "o.md"))
    )


def test_control_characters_and_line_breaks_in_cells_become_spaces(write: Write) -> None:
    sheet = read_sheet(write('Objective,Key result\n"O\n\u202eone",K\x1b[31m two\u200b\n'))
    assert sheet.objectives[0].title == "O one"
    assert rows(sheet)[0].title == "K [31m two"


def test_an_owner_that_is_a_person_is_left_out_and_told(write: Write) -> None:
    sheet = read_sheet(write("Objective,Key result,Owner\nO,A,ada@example.com\nO,B,team-a\nO,C,team-b\n"))
    assert sheet.objectives[0].owners == ["team-a", "team-b"]
    assert "line 2: the owner names a person" in sheet.notes[0]
    assert "ada" not in sheet.notes[0]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("41 %", 41, "%"),
        ("1,200", 1200, ""),
        ("1,200,000", 1_200_000, ""),
        ("1.200,50", 1200.5, ""),
        ("1'200.5", 1200.5, ""),
        ("1 200", 1200, ""),
        ("3,5", 3.5, ""),
        ("0,125", 0.125, ""),
        (".5", 0.5, ""),
        ("−5", -5, ""),
        ("-$5", -5, "$"),
        ("€ 3.5k", 3500, "€"),
        ("€5m", 5_000_000, "€"),
        ("5 m", 5, "m"),
        ("5 km", 5, "km"),
        ("1.1 Mio €", 1_100_000, "€"),
        ("200k", 200_000, ""),
        ("2 bn", 2e9, ""),
        ("EUR 20", 20, "EUR"),
        ("≥ 95 %", 95, "%"),
        ("41 days", 41, "days"),
        ("1.5E+05", 150_000, ""),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float, unit: str) -> None:
    found = amount(text, ".")
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["about 4", "8/10", "12 34", "1,20,0", "1.2.3,4", "+3", "4-5", "١٢", "NaN", "inf", "0x10", "9" * 400]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        amount(text, ".")


def test_a_number_that_may_be_two_is_refused_unless_others_show_the_decimal_mark(write: Write) -> None:
    sheet = "Objective;Key result;Baseline;Target\nO;A;1,200;1,500\n"
    told = refused(write(sheet))
    assert told[0].startswith('okrs.csv:2:3: baseline: "1,200" may be 1.2 or 1200; write 1200 or 1.2')
    (first, _) = rows(read_sheet(write(sheet + "O;B;1,5;2,5\n")))
    assert (first.baseline, first.target) == (1.2, 1.5)
    (first, _) = rows(read_sheet(write(sheet + "O;B;1.5;2.5\n")))
    assert (first.baseline, first.target) == (1200, 1500)
    assert decimal_marks(["1,200", "7", "x"]) == set()
    assert len(refused(write(sheet + "O;B;1.5;2,5\n"))) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-12-31 00:00:00", date(2026, 12, 31)),
        ("31.12.2026", date(2026, 12, 31)),
        ("2026/1/5", date(2026, 1, 5)),
        ("Q4 2026", date(2026, 12, 31)),
        ("2026-q1", date(2026, 3, 31)),
        ("H1/27", date(2027, 6, 30)),
        ("FY2026", date(2026, 12, 31)),
    ],
)
def test_days_are_read_as_people_write_them(text: str, found: date) -> None:
    assert day(text) == found


@pytest.mark.parametrize("text", ["2026-02-30", "12/31/2026", "Q5 2026", "H3 2026", "soon", "2026-12-31 08:00"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        day(text)


def test_periods_have_one_id_however_they_are_written() -> None:
    found = {period(text) for text in ("Q4 2026", "2026Q4", "2026-Q4", "q4/26", "Q4'26")}
    assert [(entry.id, entry.start, entry.end) for entry in found if entry] == [
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31))
    ]


@pytest.mark.parametrize("text", ["70-80", "70 – 80 %", "70 .. 80", "between 70 and 80", "70 to 80"])
def test_bands_are_read_as_people_write_them(text: str) -> None:
    assert band(text, ".") == (70, 80)


def test_a_confidence_is_a_share() -> None:
    assert [share(text, ".") for text in ("0.7", "70 %", "1")] == [0.7, 0.7, 1]


def test_every_spelling_of_a_heading_is_known_once_and_every_column_is_documented() -> None:
    spellings = [spelling for known in COLUMNS.values() for spelling in known]
    assert len(spellings) == len(set(spellings))
    page = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    table = page.partition("| column |")[2].partition("\n\n")[0]
    first = re.findall(r"^\| ([\w ,]+?)(?: \*)? \|", table, re.MULTILINE)
    named = {name.replace(" ", "_") for cell in first for name in cell.split(", ")}
    assert named == set(COLUMNS)
    for cell in re.findall(r"^\| [^|]+\| ([^|]*) \|", table, re.MULTILINE):
        for name in filter(None, re.split(r"[,;] ", cell)):
            spelled = re.sub(r"[^\w#]", " ", name.casefold())
            assert name in {"also called", "---"} or spelled in spellings, name
