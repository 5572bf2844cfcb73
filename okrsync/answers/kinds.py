"""
The kinds of question by the name of their command: one table for command line, server, site and schemas.

A module is imported when a question of its kind is asked, so that no command loads the reports of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """
    One kind of question.

    Attributes:
        title: what links to its page are called.
        question: the class of the question with its choices, as ``module:class``.
        shape: the class of the report that answers it, as ``module:class``.
        pickers: the choices that readers of the site have, as fields of the question; none: the site has no such page.
    """

    title: str
    question: str
    shape: str
    pickers: tuple[str, ...] = ()

    @property
    def question_class(self) -> Any:
        """The class of the question, imported."""
        return _load(self.question)

    @property
    def shape_class(self) -> type:
        """The class of the report, imported."""
        shape: type = _load(self.shape)
        return shape


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "outcomes": Kind(
            "Outcomes",
            "okrsync.answers.outcomes:OutcomesQuestion",
            "okrsync.reports.outcomes.report:OutcomesReport",
            ("cycle",),
        ),
        "plan": Kind(
            "Sprint planning",
            "okrsync.answers.plan:PlanQuestion",
            "okrsync.reports.plan.report:PlanReport",
            ("sprint", "team"),
        ),
        "retro": Kind(
            "Sprint retrospective",
            "okrsync.answers.audit:RetroQuestion",
            "okrsync.reports.audit.sprint:RetroReport",
            ("sprint", "team"),
        ),
        "audit": Kind(
            "Audit",
            "okrsync.answers.audit:AuditQuestion",
            "okrsync.reports.audit:AuditReport",
            ("cycle", "team"),
        ),
        "progress": Kind(
            "Progress", "okrsync.answers.progress:ProgressQuestion", "okrsync.reports.progress:ProgressReport"
        ),
        "values": Kind("Values", "okrsync.answers.values:ValuesQuestion", "okrsync.reports.values:ValuesReport"),
        "stoplist": Kind("Stop list", "okrsync.answers.stoplist:StoplistQuestion", "okrsync.reports.stoplist:Stoplist"),
        "changes": Kind(
            "Changes of the goals",
            "okrsync.answers.changes:ChangesQuestion",
            "okrsync.reports.goal_changes:GoalsReport",
        ),
        "check": Kind("Verdicts", "okrsync.answers.check:CheckQuestion", "okrsync.reports.checks:ChecksReport"),
        "why": Kind("Links of an item", "okrsync.answers.why:WhyQuestion", "okrsync.reports.why:WhyReport"),
        "status": Kind("Status", "okrsync.answers.status:StatusQuestion", "okrsync.reports.status:StatusReport"),
        "suggest": Kind(
            "Suggestions", "okrsync.answers.suggest:SuggestQuestion", "okrsync.reports.suggestions:SuggestReport"
        ),
        "metrics": Kind("Metrics", "okrsync.answers.metrics:MetricsQuestion", "okrsync.reports.metrics:MetricsReport"),
        "metric": Kind("A metric", "okrsync.answers.metrics:MetricQuestion", "okrsync.reports.metrics:MetricReport"),
        "hypotheses": Kind(
            "Hypotheses",
            "okrsync.answers.hypotheses:HypothesesQuestion",
            "okrsync.reports.hypotheses:HypothesesReport",
        ),
    }
)
PAGES: Mapping[str, Kind] = MappingProxyType({name: kind for name, kind in KINDS.items() if kind.pickers})
"""The kinds that the server and the site have pages of."""
