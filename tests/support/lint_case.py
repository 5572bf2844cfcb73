"""Lint of one OKR file's text, with a made-up history of the metrics that good.yaml has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

from okrsync.config.document import Document, parse_document
from okrsync.config.lint_section import LintSection
from okrsync.config.okrs_file import OkrsFile, to_model
from okrsync.config.references import check_okrs
from okrsync.config.validation import check
from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintReport, LintRule
from okrsync.lint.linting import RULES, Texts, lint
from okrsync.lint.places import Places
from okrsync.model.ledger import Observation

GOOD = (Path(__file__).parents[1] / "lint" / "good.yaml").read_text(encoding="utf-8")
PAGES = Path(__file__).parents[2] / "docs" / "lint"
TODAY = date(2026, 11, 20)
# Metric: its usual value, and what it was in March and April.
_LEVELS = {
    "activation": (41.0, 36.0),
    "retention": (60.0, 54.0),
    "checkout_seconds": (96.0, 88.0),
    "conversion": (58.0, 56.0),
    "complaints": (3.0, 3.0),
}


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of a code says: the part of a file that trips it, the part that does not, and how to ignore it."""

    text: str
    trips: str
    does_not: str
    ignore: str


def page(code: str) -> Page:
    """The page of *code*, whose examples are this suite's fixtures."""
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    trips, does_not, ignore = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return Page(text, trips, does_not, ignore.strip())


def changed(old: str, new: str, text: str = GOOD) -> str:
    """*text* with the lines of *old* replaced by those of *new*, at the indentation where they stand."""
    found = [margin for margin in map(" ".__mul__, range(0, 11, 2)) if _lines(old, margin) in f"\n{text}"]
    assert len(found) == 1, f"{len(found)} places have:\n{old}"
    assert f"\n{text}".count(_lines(old, found[0])) == 1, f"more than one place has:\n{old}"
    return f"\n{text}".replace(_lines(old, found[0]), _lines(new, found[0]))[1:]


def linted(
    text: str,
    *,
    history: bool = True,
    rules: Sequence[LintRule] = RULES,
    disable: Sequence[str] = (),
    **thresholds: Any,
) -> LintReport:
    """What lint says of *text*, which nothing refuses; asked for the same again, it is not made again."""
    return _linted(text, history, tuple(rules), tuple(disable), json.dumps(thresholds))


@cache
def _linted(
    text: str, history: bool, rules: tuple[LintRule, ...], disable: tuple[str, ...], thresholds: str
) -> LintReport:
    document, problems = parse_document(text, Path("okrs.yaml"))
    assert document is not None
    file, wrong = check(document, OkrsFile)
    assert [*problems, *wrong, *check_okrs([document], complete=True)] == []
    assert file is not None
    okrs = to_model([(document, file)])
    settings = LintSection(disable=list(disable), **json.loads(thresholds))
    observations = {metric.id: observed(metric.id) for metric in okrs.metrics} if history else None
    facts = LintFacts(okrs, Places([document], okrs), settings, TODAY, observations)
    return lint(facts, Texts(settings_document(disable), [(document, text)]), rules, "" if history else "no store")


def codes(report: LintReport) -> list[str]:
    """The codes of the findings, in the file's order."""
    return [finding.code for finding in report.findings]


def observed(metric: str, levels: Mapping[str, tuple[float, float]] | None = None) -> list[Observation]:
    """A value a day from October 2025 on; nothing for a metric that was never measured."""
    known = _LEVELS if levels is None else levels
    if metric not in known:
        return []
    usual, spring = known[metric]
    days = [date(2025, 10, 1) + timedelta(days=number) for number in range(415)]
    return [
        Observation(metric, day, (spring if day.month in {3, 4} else usual) + 0.1 * (number % 7 - 3), _RECORDED, "test")
        for number, day in enumerate(days)
    ]


def settings_document(disable: Sequence[str]) -> Document:
    """An okrsync.yaml with this list of codes."""
    document, _ = parse_document(f"version: 1\nlint:\n  disable: [{', '.join(disable)}]\n", Path("okrsync.yaml"))
    assert document is not None
    return document


def _lines(text: str, margin: str) -> str:
    return "\n" + indent(text.strip("\n"), margin) + "\n"


_RECORDED = datetime(2026, 11, 20, tzinfo=UTC)
