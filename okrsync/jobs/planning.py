"""Gathers what a plan is made of: the iterations and work of the store, verdicts, progress and suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from okrsync.jobs.checks import with_outcomes
from okrsync.jobs.suggest import suggest_links
from okrsync.jobs.workspace import Workspace, calendar_of, chosen_cycles, report_inputs, stop_rules
from okrsync.linking.conditions import hold
from okrsync.linking.placing import HIDDEN, Group
from okrsync.reports.inputs import ReportInputs
from okrsync.reports.plan import PlanMaterial, PlanReport, build_plan
from okrsync.reports.planning_scope import Chosen, Wanted, choose
from okrsync.reports.progress import build_progress
from okrsync.reports.stoplist import build_stoplist
from okrsync.reports.suggestions import SuggestReport


def plan_of(
    workspace: Workspace, wanted: Wanted, judged: ReportInputs | None = None, *, suggests: bool = True
) -> PlanReport:
    """
    The plan of what was *wanted*; *judged*: where the caller has everything with its outcomes already.

    *suggests*: key results are suggested for unlinked work, which takes as long as all the rest over a large store.

    Raises:
        UsageError: it names nothing, or more than one thing.
    """
    settings, ledger = workspace.project.settings, workspace.project.ledger
    inputs = report_inputs(workspace) if judged is None else judged
    calendar = calendar_of(workspace, inputs)
    chosen = choose(wanted, calendar, inputs.linking, inputs.as_of, inputs.zone)
    cycles = _cycles(workspace, inputs, chosen)
    if judged is None:
        inputs = with_outcomes(workspace, inputs, cycles)
    is_unlinked = any(entry.group is Group.UNLINKED for entry in chosen.placements)
    return build_plan(
        PlanMaterial(
            inputs=inputs,
            chosen=chosen,
            progress=build_progress(inputs, inputs.cases, ledger.check_ins, cycles),
            stoplist=build_stoplist(inputs, ledger, stop_rules(workspace.project), cycles),
            hypotheses=ledger.hypotheses,
            suggestions=_suggested(workspace, inputs, cycles) if is_unlinked and suggests else None,
            threshold=settings.plan.threshold,
            discovery=_discovery(workspace, inputs, chosen),
        )
    )


def _cycles(workspace: Workspace, inputs: ReportInputs, chosen: Chosen) -> Sequence[str]:
    """Those that run today, and those that planned work serves."""
    served = {link.key_result for entry in chosen.placements for link in entry.counted_links}
    running = set(chosen_cycles(workspace, None))
    running |= {entry.cycle for entry in inputs.okrs.key_results if entry.qualified_id in served}
    return [cycle.id for cycle in inputs.okrs.cycles if cycle.id in running]


def _suggested(workspace: Workspace, inputs: ReportInputs, cycles: Sequence[str]) -> SuggestReport:
    if not workspace.hides_titles:
        return suggest_links(workspace, cycles, linking=inputs.linking)
    # Titles are what it learns from: it gets them, and what it says of them is kept back.
    found = suggest_links(workspace, cycles)
    return replace(found, suggestions=tuple(replace(entry, title=HIDDEN, words=()) for entry in found.suggestions))


def _discovery(workspace: Workspace, inputs: ReportInputs, chosen: Chosen) -> frozenset[tuple[str, str]] | None:
    conditions = workspace.project.settings.plan.discovery
    if conditions is None:
        return None
    return frozenset(
        (entry.item.source, entry.item.external_id)
        for entry in chosen.placements
        if hold(conditions, entry.item, inputs.linking.hierarchy)
    )
