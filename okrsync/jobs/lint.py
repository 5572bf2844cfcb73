"""Lint of a project's OKR files, with the history of its metrics where there is a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from okrsync.answers.holidays import stored_holidays
from okrsync.answers.observations import observed
from okrsync.answers.workspace import known_cycle, present, workspace_of
from okrsync.config.calendars import public_holidays
from okrsync.config.project import Project, load_project, name_below
from okrsync.errors import StoreError, StoreTooNewError
from okrsync.lint.facts import LintFacts
from okrsync.lint.findings import LintReport, LintRule
from okrsync.lint.linting import RULES, Texts, lint, of_cycle
from okrsync.lint.places import Places
from okrsync.model.ledger import Observation
from okrsync.outcome.case_builder import HolidaysBetween

_SQLITE = "sqlite:///"


def lint_project(
    config: Path, as_of: date | None = None, cycle: str | None = None, rules: Sequence[LintRule] = RULES
) -> LintReport:
    """
    What *rules* find in the OKR files of the project at *config*; with *cycle*: what belongs to that one.

    Makes no store where there is none: rules that need observations are skipped then, as where it cannot be opened.

    Raises:
        ConfigError, UsageError, StoreTooNewError: see there.
    """
    project = load_project(config)
    chosen = None if cycle in {None, "all"} else known_cycle(project.okrs, str(cycle))
    stored, skipped_because = _stored(project, as_of)
    facts = LintFacts(
        okrs=project.okrs,
        places=Places(project.okr_documents, project.okrs),
        settings=project.settings.lint,
        today=present(project, as_of).astimezone(project.settings.zone).date(),
        observations=None if stored is None else stored.observations,
        holidays=public_holidays if stored is None else stored.holidays,
    )
    files = [(entry, project.okr_texts[name_below(project.folder, entry.path)]) for entry in project.okr_documents]
    report = lint(facts, Texts(project.document, files), rules, skipped_because)
    return report if chosen is None else of_cycle(report, chosen)


class _Stored(NamedTuple):
    observations: Mapping[str, Sequence[Observation]]
    holidays: HolidaysBetween


def _stored(project: Project, as_of: date | None) -> tuple[_Stored | None, str]:
    """Return what was measured, and the holidays that are known; or ``None`` and why nothing is."""
    url = project.store_url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        return None, "there is no store yet; run `okrsync sync` to make it"
    try:
        with workspace_of(project, as_of) as workspace, workspace.reading() as view:
            return _Stored(observed(workspace, view), stored_holidays(workspace).between), ""
    except StoreTooNewError:
        raise
    except StoreError as error:
        return None, str(error)
