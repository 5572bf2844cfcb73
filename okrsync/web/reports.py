"""The reports that a site has, each made from one workspace and what was asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from okrsync.answers.audit import audit_report, retro_report
from okrsync.answers.calendars import calendar_of
from okrsync.answers.outcomes import outcomes_report
from okrsync.answers.plan import plan_of
from okrsync.answers.workspace import Workspace, chosen_cycles
from okrsync.reports.inputs import ReportInputs
from okrsync.reports.page import Page
from okrsync.reports.pages.audit_page import audit_page
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.reports.pages.plan_page import plan_page
from okrsync.reports.pages.retro_page import retro_page
from okrsync.reports.plan.scope import Wanted


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader chose; empty: the usual."""

    cycle: str = ""
    sprint: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A report with its page."""

    report: Any
    page: Page


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report: what it is called, what can be chosen, and how it is made from what was judged."""

    title: str
    choices: tuple[str, ...]
    """Names of fields of :class:`Asked` that it heeds."""
    make: Callable[[Workspace, ReportInputs, Asked], Made]


def _outcomes(workspace: Workspace, judged: ReportInputs, asked: Asked) -> Made:
    report = outcomes_report(workspace, judged, chosen_cycles(workspace, asked.cycle or None))
    return Made(report, outcomes_page(report))


def _plan(workspace: Workspace, judged: ReportInputs, asked: Asked) -> Made:
    found = calendar_of(workspace, judged).called(asked.sprint)
    is_milestone = bool(found) and all(period.is_milestone for period in found)
    wanted = Wanted(milestone=asked.sprint) if is_milestone else Wanted(sprint=asked.sprint)
    report = plan_of(workspace, replace(wanted, team=asked.team), judged)
    return Made(report, plan_page(report, None))


def _audit(workspace: Workspace, judged: ReportInputs, asked: Asked) -> Made:
    report = audit_report(workspace, asked.cycle or None, team=asked.team, judged=judged)
    return Made(report, audit_page(report))


def _retro(workspace: Workspace, judged: ReportInputs, asked: Asked) -> Made:
    report = retro_report(workspace, asked.sprint or "last", team=asked.team, judged=judged)
    return Made(report, retro_page(report))


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "outcomes": Kind("Outcomes", ("cycle",), _outcomes),
        "plan": Kind("Sprint planning", ("sprint", "team"), _plan),
        "retro": Kind("Sprint retrospective", ("sprint", "team"), _retro),
        "audit": Kind("Audit", ("cycle", "team"), _audit),
    }
)
"""The kinds by the name of their command."""
