"""Properties of an import: what was exported changes nothing, and nothing changes twice."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from okrsync.config.document import parse_document
from okrsync.config.okrs_edit import Edit, edited
from okrsync.errors import ConfigError
from okrsync.importing.merge import merge
from okrsync.importing.sheet import read_sheet, same
from okrsync.jobs.import_okrs import ImportPlan, apply_import, plan_import
from support.examples import examples

_NAMES = ("Cycle", "Objective", "Key result", "Owner", "Metric", "Unit", "Definition")
_GOAL = ("Baseline", "Baseline date", "Target", "Due", "Direction", "Kind", "Band")
HEADINGS = (*_NAMES, *_GOAL)


MAY_LACK = ("Owner", "Metric", "Unit", "Definition", "Baseline", "Kind")

SIGNS = "abcXYZäöß59 |;,\"'*_`[]().:%€#&-!{}\\"
titles = st.builds(
    # With a letter, or it is no title; without o, k and r, or it could be an id.
    lambda before, letter, after: " ".join(f"{before}{letter}{after}".split()),
    st.text(SIGNS, max_size=15),
    st.sampled_from("abcXYZ"),
    st.text(SIGNS, max_size=14),
)
numbers = st.integers(-5_000_000, 5_000_000).map(lambda number: number / 1000)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def key_results(draw: st.DrawFn, metrics: Sequence[str]) -> dict[str, Any]:
    low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    first, last = sorted(draw(st.lists(days, min_size=2, max_size=2, unique=True)))
    entry: dict[str, Any] = {"title": draw(titles), "kind": draw(st.sampled_from(["leading", "lagging"]))}
    if draw(st.booleans()):
        return entry | {"state": "draft"}
    way = draw(st.sampled_from(["increase", "decrease", "maintain"]))
    entry |= {"metric": draw(st.sampled_from(metrics)), "direction": way}
    entry |= {"band": [low, high]} if way == "maintain" else {}
    start, end = (high, low) if way == "decrease" else (low, high)
    entry |= {"baseline": {"value": start, "date": first}, "target": {"value": end, "date": last}}
    return entry | draw(st.sampled_from([{}, {"min_effect": 1.5}, {"window_days": 35, "level": "output"}]))


@st.composite
def okr_files(draw: st.DrawFn) -> dict[str, Any]:
    """An OKR file with some cycles, titles all different within each."""
    metrics = [f"metric_{number}" for number in range(draw(st.integers(1, 3)))]
    file: dict[str, Any] = {"version": 1, "cycles": [], "metrics": [], "objectives": []}
    for number, name in enumerate(metrics):
        source = {"type": "check_in"}
        file["metrics"].append(
            {"id": name, "definition": f"{number} {draw(titles)}", "unit": "%", "source": source, "cadence": "weekly"}
        )
    for quarter in range(1, draw(st.integers(1, 2)) + 1):
        cycle = f"2026Q{quarter}"
        file["cycles"].append(
            {"id": cycle, "start": date(2026, 3 * quarter - 2, 1), "end": date(2026, 3 * quarter, 28)}
        )
        for number in range(draw(st.integers(1, 3))):
            listed = draw(
                st.lists(key_results(metrics), min_size=1, max_size=3, unique_by=lambda one: same(one["title"]))
            )
            named = [{"id": f"K-{number}.{index}"} | entry for index, entry in enumerate(listed)]
            file["objectives"].append(
                {"id": f"G{number}", "cycle": cycle, "title": f"{number} {draw(titles)}", "owner": "team-a"}
                | {"key_results": named}
            )
    return file


def exported(file: dict[str, Any], separator: str) -> str:
    """The rows of *file* as a person would have them in a sheet, objectives in merged cells."""
    metrics = {entry["id"]: entry for entry in file["metrics"]}
    lines: list[list[str]] = [list(HEADINGS)]
    for objective in file["objectives"]:
        for index, entry in enumerate(objective["key_results"]):
            metric = metrics.get(entry.get("metric"), {})
            baseline, target = entry.get("baseline", {}), entry.get("target", {})
            first = [objective["cycle"], objective["title"]] if not index else ["", ""]
            cells = [*first, entry["title"], objective["owner"], entry.get("metric", "")]
            cells += [metric.get("unit", ""), metric.get("definition", "")]
            for dated in (baseline, target):
                cells += [written(dated.get("value"), separator), str(dated.get("date", ""))]
            band = " .. ".join(written(value, separator) for value in entry.get("band", []))
            lines.append([*cells, entry.get("direction", ""), entry["kind"], band])
    return as_markdown(lines) if separator == "|" else as_csv(lines, separator)


def written(value: float | None, separator: str) -> str:
    # Four decimals: between semicolons a comma before three digits would be in doubt.
    return "" if value is None else f"{value:.4f}".replace(".", "," if separator == ";" else ".")


def as_csv(lines: list[list[str]], separator: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows(lines)
    return stream.getvalue()


def as_markdown(lines: list[list[str]]) -> str:
    rows = ["| " + " | ".join(re.sub(r"([\\|*_`\[\]])", r"\\\1", cell) for cell in line) + " |" for line in lines]
    return "\n".join([rows[0], "|---" * len(lines[0]) + "|", *rows[1:]]) + "\n"


class Folder:
    """A folder with a sheet and an OKR file, and no project around them."""

    def __init__(self, path: Path, separator: str) -> None:
        self.okrs = path / "okrs.yaml"
        self._sheet = path / ("sheet.md" if separator == "|" else "sheet.csv")
        self._config = path / "okrsync.yaml"

    def plan(self, sheet: str) -> ImportPlan:
        self._sheet.write_text(sheet, encoding="utf-8", newline="")
        return plan_import(self._sheet, self._config, None, "2026Q4")


@pytest.fixture(scope="module")
def folders() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "markdown"])
@given(file=okr_files())
@settings(max_examples=examples(25), deadline=None)
def test_importing_what_was_exported_changes_nothing(separator: str, folders: Path, file: dict[str, Any]) -> None:
    folder = Folder(folders, separator)
    with folder.okrs.open("w", encoding="utf-8") as stream:
        # In flow style the library writes a title that begins with ": " without quotes.
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.dump(file, stream)
    plan = folder.plan(exported(file, separator))
    assert [str(change) for change in plan.merge.changes] == []
    assert plan.changes_nothing
    assert plan.merge.left == ()
    assert plan.merge.unchanged == sum(len(objective["key_results"]) for objective in file["objectives"])


@pytest.mark.parametrize("separator", [",", "|"], ids=["comma", "markdown"])
@given(file=okr_files(), blank=st.sets(st.sampled_from(MAY_LACK)))
@settings(max_examples=examples(25), deadline=None)
def test_a_second_import_changes_nothing(separator: str, folders: Path, file: dict[str, Any], blank: set[str]) -> None:
    folder = Folder(folders, separator)
    folder.okrs.unlink(missing_ok=True)
    sheet = exported(file, separator)
    for heading in blank:
        sheet = sheet.replace(heading, f"Not {heading}", 1)
    plan = folder.plan(sheet)
    assert plan.problems == ()
    assert apply_import(plan)
    before = folder.okrs.read_bytes()
    again = folder.plan(sheet)
    assert again.merge.changes == ()
    assert not apply_import(again)
    assert folder.okrs.read_bytes() == before
    document, _ = parse_document(folder.okrs.read_text(encoding="utf-8"), folder.okrs)
    assert document is not None
    assert merge(read_sheet(folders / again.sheet), document, [], "2026Q4").edits == ()


LAID_OUT = """\
# head
version: 1   # one
cycles: [{id: 2026Q4,  start: 2026-10-01,  end: 2026-12-31}]   # wide

objectives:
- id:   O1   # flush
  cycle: 2026Q4
  title: >
    folded
    title

  key_results:
  # before the first
  - {id: KR1.1, title: 'single', kind:   leading,
     state: draft}   # two lines

  - id: KR1.2
    title: "double"
    state: draft    # still
    kind: lagging

    # below the second
# end"""


def test_only_the_lines_that_are_meant_change() -> None:
    edits = [
        Edit(("objectives", 0, "key_results", 1, "title"), "other"),
        Edit(("objectives", 0, "key_results", 1, "baseline"), {"value": 1, "date": date(2026, 9, 30)}),
        Edit(("objectives", 0, "key_results", 2), {"id": "KR1.3", "title": "third", "kind": "lagging"}),
    ]
    text = edited(LAID_OUT, edits, Path("okrs.yaml"))
    expected = LAID_OUT.replace('"double"', '"other"').replace(
        "still\n    kind: lagging\n",
        "still\n    baseline: {value: 1, date: 2026-09-30}\n    kind: lagging\n"
        '  - id: KR1.3\n    title: "third"\n    kind: lagging\n',
    )
    assert text.rstrip("\n") == expected
    assert edited(LAID_OUT.replace("\n", "\r\n"), edits, Path("okrs.yaml")) == text.replace("\n", "\r\n")


def test_an_edit_of_what_an_anchor_shares_is_refused() -> None:
    text = (
        "version: 1\nobjectives:\n  - {id: O1, key_results: &all [{id: KR1.1, title: a}]}\n"
        "  - {id: O2, key_results: *all}\n"
    )
    with pytest.raises(ConfigError, match="cannot be made without touching others"):
        edited(text, [Edit(("objectives", 1, "key_results", 0, "title"), "b")], Path("okrs.yaml"))
