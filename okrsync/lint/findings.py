"""What lint says: a rule, what a rule found, and the findings of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okrsync.lint.facts import LintFacts
from okrsync.lint.places import LocatedFinding


class Severity(StrEnum):
    """How much it matters: an error contradicts itself, a warning will hurt, a hint is worth a thought."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class LintRule:
    """
    One thing that lint looks for; its *code* is never given to another rule.

    *needs_history*: without observations it is skipped, and the report says so.
    """

    code: str
    severity: Severity
    title: str
    fix: str
    check: Callable[[LintFacts], Iterator[LocatedFinding]] | None = None
    """``None``: found while ignores are applied, not by looking at the OKRs."""
    needs_history: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    What one rule found at one place; line and column count from 1.

    *subject* is the qualified id of the entry, *cycles* those that it belongs to.
    """

    file: str
    line: int
    column: int
    code: str
    severity: Severity
    subject: str
    message: str
    fix: str
    cycles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IgnoredFinding:
    """A finding that the file itself asks to ignore, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """The findings of one run in file order, what was ignored, and what could not be looked at."""

    as_of: date
    cycle: str | None
    """The one cycle that was asked for; ``None``: all."""
    findings: tuple[Finding, ...]
    ignored: tuple[IgnoredFinding, ...]
    skipped: tuple[str, ...]
    """Codes of rules that need observations, where there are none."""
    skipped_because: str
    disabled: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """How many findings are of *severity*."""
        return sum(finding.severity is severity for finding in self.findings)
