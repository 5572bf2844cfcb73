"""Everything that rules may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okrsync.config.calendars import public_holidays
from okrsync.config.lint_section import LintSection
from okrsync.lint.history import MetricHistory, series_of
from okrsync.lint.places import Places
from okrsync.lint.words import Words, words
from okrsync.model.ledger import Observation
from okrsync.model.okrs import KeyResult, Metric, Objective, Okrs


@dataclass(frozen=True, slots=True)
class LintFacts:
    """The OKRs, where they stand, and what was measured; *observations* is ``None`` where there is no store."""

    okrs: Okrs
    places: Places
    settings: LintSection
    today: date
    observations: Mapping[str, Sequence[Observation]] | None = None
    holidays: Callable[[str, date, date], frozenset[date]] = public_holidays

    @property
    def words(self) -> Words:
        """The words of the languages that titles may be in."""
        return words(tuple(self.settings.languages), tuple(self.settings.output_words))

    def key_results(self) -> Iterator[KeyResult]:
        """All key results but drafts, which may still be anything."""
        return (entry for entry in self.okrs.key_results if entry.state != "draft")

    def outcomes_of(self, objective: Objective) -> tuple[KeyResult, ...]:
        """Its key results that are neither drafts nor outputs."""
        return tuple(entry for entry in objective.key_results if entry.state != "draft" and entry.level == "outcome")

    def metric_of(self, key_result: KeyResult) -> Metric:
        """The metric of a *key_result* that is no draft."""
        return self.okrs.metrics_by_id[key_result.metric]

    def history(self, key_result: KeyResult) -> MetricHistory:
        """What its metric was up to today, since its definition last changed and without masked days."""
        metric = self.metric_of(key_result)
        return series_of(metric, (self.observations or {}).get(metric.id, ()), self.today)
