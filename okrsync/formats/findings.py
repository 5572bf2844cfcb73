"""Lint's findings as lines of text, as GitHub workflow commands, and as SARIF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from okrsync import __version__
from okrsync.lint.findings import Finding, LintReport, LintRule, Severity
from okrsync.reports.words.formatting import harmless

_MOST = 600
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_GITHUB_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def text_lines(report: LintReport) -> Iterator[str]:
    """One line a finding, as compilers write them, and a last one that counts."""
    for entry in report.findings:
        place = f"{harmless(entry.file)}:{entry.line}:{entry.column}"
        yield f"{place}: {entry.code} {entry.severity.value} {_said(entry)}; {entry.fix}"
    yield summary(report)


def github_lines(report: LintReport) -> Iterator[str]:
    """One workflow command a finding, which GitHub Actions shows beside the line."""
    for entry in report.findings:
        properties = {
            "file": Path(entry.file).as_posix(),
            "line": str(entry.line),
            "col": str(entry.column),
            "title": f"{entry.code} {entry.subject}".strip(),
        }
        told = ",".join(f"{name}={_property(harmless(value))}" for name, value in properties.items())
        yield f"::{_GITHUB_COMMANDS[entry.severity]} {told}::{_data(f'{_said(entry)}; {entry.fix}')}"


def summary(report: LintReport) -> str:
    """How many findings there are of each severity, and what was not looked at."""
    counts = [_counted(report.count(severity), severity.value) for severity in Severity if report.count(severity)]
    told = [", ".join(counts) or "no findings"]
    if report.ignored:
        told.append(f"{len(report.ignored)} ignored with a reason")
    if report.disabled:
        told.append(f"disabled: {', '.join(report.disabled)}")
    if report.skipped:
        told.append(f"skipped: {', '.join(report.skipped)} ({harmless(report.skipped_because, _MOST)})")
    return "; ".join(told)


def sarif(report: LintReport, rules: Sequence[LintRule]) -> dict[str, Any]:
    """*report* as a SARIF 2.1.0 log; ignored findings are in it as suppressed ones, with their reason."""
    numbers = {rule.code: number for number, rule in enumerate(rules)}
    results = [_result(entry, numbers) for entry in report.findings]
    for ignored in report.ignored:
        suppression = {"kind": "inSource", "status": "accepted", "justification": harmless(ignored.reason, _MOST)}
        results.append({**_result(ignored.finding, numbers), "suppressions": [suppression]})
    driver = {"name": "okrsync", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(report)}],
        "results": results,
    }
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(entry: Finding, numbers: dict[str, int]) -> dict[str, Any]:
    region = {"startLine": entry.line, "startColumn": entry.column}
    place = {"artifactLocation": {"uri": _uri(entry.file)}, "region": region}
    return {
        "ruleId": entry.code,
        "ruleIndex": numbers[entry.code],
        "level": _SARIF_LEVELS[entry.severity],
        "message": {"text": f"{_said(entry)}; {entry.fix}"},
        "locations": [{"physicalLocation": place}],
        # The same finding keeps it when lines move.
        "partialFingerprints": {"entry/v1": sha256(f"{entry.code} {entry.subject}".encode()).hexdigest()},
    }


def _rule(rule: LintRule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "help": {"text": f"{rule.fix[:1].upper()}{rule.fix[1:]}. See docs/lint/{rule.code}.md."},
        "defaultConfiguration": {"level": _SARIF_LEVELS[rule.severity]},
    }


def _notifications(report: LintReport) -> list[dict[str, Any]]:
    because = harmless(report.skipped_because, _MOST)
    return [
        {"level": "note", "message": {"text": f"skipped: {because}"}, "associatedRule": {"id": code}}
        for code in report.skipped
    ]


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _said(entry: Finding) -> str:
    return harmless(entry.message, _MOST)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
