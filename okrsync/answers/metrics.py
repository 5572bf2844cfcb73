"""How metrics stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from okrsync.answers.observations import observations_of
from okrsync.answers.workspace import Workspace
from okrsync.config.project import Project
from okrsync.errors import UsageError
from okrsync.model.okrs import Metric
from okrsync.reports.inputs import JudgedInputs
from okrsync.reports.metrics import MetricReport, MetricsReport, build_metric, build_metrics
from okrsync.reports.page import ReportPage
from okrsync.reports.pages.metrics_page import metric_page, metrics_page


@dataclass(frozen=True, slots=True)
class MetricsQuestion:
    """All metrics: where each comes from, its latest value, and whether that is too old."""

    kind: ClassVar[str] = "metrics"

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> MetricsReport:
        """Return the report, in file order; see :meth:`okrsync.answers.query.Question.build`."""
        with workspace.reading() as view:
            failed = view.failed_metrics()
            return build_metrics(
                [
                    build_metric(metric, observations_of(workspace, metric, view), failed, workspace.today)
                    for metric in workspace.project.okrs.metrics
                ],
                workspace.today,
            )

    def lay_out(self, report: MetricsReport) -> ReportPage:
        """Return the page of *report*."""
        return metrics_page(report)


@dataclass(frozen=True, slots=True)
class MetricQuestion:
    """
    One metric with its definition and last points.

    Attributes:
        name: its id.
    """

    kind: ClassVar[str] = "metric"
    name: str = ""

    def build(self, workspace: Workspace, judged: JudgedInputs | None = None) -> MetricReport:
        """Return the report; see :meth:`okrsync.answers.query.Question.build`."""
        (metric,) = chosen_metrics(workspace.project, [self.name])
        with workspace.reading() as view:
            known = observations_of(workspace, metric, view)
            return build_metric(metric, known, view.failed_metrics(), workspace.today, view.revisions(metric.id))

    def lay_out(self, report: MetricReport) -> ReportPage:
        """Return the page of *report*."""
        return metric_page(report)


def chosen_metrics(project: Project, names: Collection[str]) -> list[Metric]:
    """
    Return the metrics called *names*, in file order; all of them without names.

    Raises:
        UsageError: there is none of that name.
    """
    known = project.okrs.metrics_by_id
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(known) or 'none'}"
            raise UsageError(f'no metric is called "{name[:80]}"; {hint}')
    return [metric for metric in project.okrs.metrics if not names or metric.id in names]
