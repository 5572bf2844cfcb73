"""Runs the rules over OKR files, and applies what the files ask to ignore."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from okrsync.config.document import Document
from okrsync.lint import achievable, balance, ignores, judgeable, measurable, relevant, specific, time_bound
from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import Finding, IgnoredFinding, LintReport, LintRule
from okrsync.lint.ignores import IGNORES_NOTHING, NO_REASON, UNKNOWN_CODE, Ignore
from okrsync.lint.places import LocatedFinding

RULES: tuple[LintRule, ...] = (
    *specific.RULES,
    *measurable.RULES,
    *achievable.RULES,
    *relevant.RULES,
    *time_bound.RULES,
    *balance.RULES,
    *judgeable.RULES,
    *ignores.RULES,
)


@dataclass(frozen=True, slots=True)
class Texts:
    """What the facts were read from: ``okrsync.yaml``, and each OKR file with its text."""

    settings: Document
    okrs: Sequence[tuple[Document, str]]


def lint(facts: LintFacts, texts: Texts, rules: Sequence[LintRule] = RULES, skipped_because: str = "") -> LintReport:
    """
    What *rules* find in *facts*.

    A rule of another package needs nothing but a place in *rules*; its check may close over whatever it looks at.
    *skipped_because* says why there are no observations, where there are none.
    """
    return _Run(facts, texts, rules).report(skipped_because)


def of_cycle(report: LintReport, cycle: str) -> LintReport:
    """The part of *report* that belongs to *cycle*."""
    return replace(
        report,
        cycle=cycle,
        findings=tuple(entry for entry in report.findings if cycle in entry.cycles),
        ignored=tuple(entry for entry in report.ignored if cycle in entry.finding.cycles),
    )


class _Run:
    """One run of *rules*; ignores that were of use are noted on the way."""

    def __init__(self, facts: LintFacts, texts: Texts, rules: Sequence[LintRule]) -> None:
        self._facts = facts
        self._texts = texts
        self._known = {rule.code for rule in rules}
        self._disabled = set(facts.settings.disable) & self._known
        enabled = [rule for rule in rules if rule.code not in self._disabled]
        self._skipped = [rule for rule in enabled if rule.needs_history and facts.observations is None]
        self._rules = [rule for rule in enabled if rule not in self._skipped]
        self._ignores = [(document, entry) for document, text in texts.okrs for entry in ignores.ignores_in(text)]
        self._used: set[tuple[int, str]] = set()

    def report(self, skipped_because: str) -> LintReport:
        findings: list[Finding] = []
        ignored: list[IgnoredFinding] = []
        for rule in self._rules:
            for found in rule.check(self._facts) if rule.check else ():
                reason = self._ignored_because(rule, found)
                if reason:
                    ignored.append(IgnoredFinding(_finding(rule, found), reason))
                else:
                    findings.append(_finding(rule, found))
        findings += [_finding(rule, found) for rule, found in self._about_codes() if rule in self._rules]
        return LintReport(
            as_of=self._facts.today,
            cycle=None,
            findings=tuple(sorted(findings)),
            ignored=tuple(sorted(ignored, key=lambda entry: entry.finding)),
            skipped=tuple(sorted(rule.code for rule in self._skipped)),
            skipped_because=skipped_because if self._skipped else "",
            disabled=tuple(sorted(self._disabled)),
        )

    def _ignored_because(self, rule: LintRule, found: LocatedFinding) -> str:
        """The reason to ignore what *rule* *found*; empty where there is none."""
        for number, (document, ignore) in enumerate(self._ignores):
            here = document.file == found.file and ignore.comment.about in {found.line, found.entry_line}
            if here and rule.code in ignore.codes and ignore.reason:
                self._used.add((number, rule.code))
                return ignore.reason
        return ""

    def _about_codes(self) -> Iterator[tuple[LintRule, LocatedFinding]]:
        """What is wrong with the ignores, and with ``disable``."""
        ran = {rule.code for rule in self._rules}
        for number, (document, ignore) in enumerate(self._ignores):
            found = self._at(document, ignore)
            if not ignore.codes:
                yield UNKNOWN_CODE, found("an ignore that names no code")
            if not ignore.reason:
                yield NO_REASON, found("an ignore that does not say why")
            for code in ignore.codes:
                if code not in self._known:
                    yield UNKNOWN_CODE, found(f'no rule has the code "{code}"')
                elif ignore.reason and code in ran and (number, code) not in self._used:
                    yield IGNORES_NOTHING, found(f"there is no {code} here to be ignored")
        settings = self._texts.settings
        for index, code in enumerate(self._facts.settings.disable):
            if code not in self._known:
                line, column = settings.at(("lint", "disable", index))
                message = f'no rule has the code "{code}"'
                yield UNKNOWN_CODE, LocatedFinding(settings.file, line, column, line, code, self._cycles, message)

    def _at(self, document: Document, ignore: Ignore) -> Callable[[str], LocatedFinding]:
        line, column, subject = ignore.comment.line, ignore.comment.column, " ".join(ignore.codes)
        return lambda message: LocatedFinding(document.file, line, column, line, subject, self._cycles, message)

    @property
    def _cycles(self) -> tuple[str, ...]:
        return tuple(sorted(cycle.id for cycle in self._facts.okrs.cycles))


def _finding(rule: LintRule, found: LocatedFinding) -> Finding:
    return Finding(
        found.file,
        found.line,
        found.column,
        rule.code,
        rule.severity,
        found.subject,
        found.message,
        rule.fix,
        found.cycles,
    )
