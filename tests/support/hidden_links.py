"""Hides some of the links that are known, asks for suggestions, and counts how many come back as they were."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from okrsync.answers.workspace import link_all, open_workspace
from okrsync.config.settings_file import Work
from okrsync.linking.placement import Placements, place_items
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import Cycle, Direction, KeyResult, Objective, Okrs
from okrsync.model.placements import LinkStatus, UnlinkedCause
from okrsync.model.work import Status
from okrsync.plugins.connector import FieldMap
from okrsync.store.free_text import passages, prose
from okrsync.suggesting.sampling import place_of
from okrsync.suggesting.suggestions import Suggested, suggest
from okrsync.suggesting.training_data import TrainingData, material
from okrsync_github import normalise
from support.recorded_data import recorded_github_issues

SHARE = 0.3
STAND_INS = {"bug": "KR1", "enhancement": "KR2", "dataset request": "KR3"}
"""Labels of the recorded repository that stand for key results; as aliases they are hidden from what is learned."""


@dataclass(frozen=True)
class Case:
    """Placed items with everything that suggestions are made of; all its cycles are asked about."""

    linking: Placements
    okrs: Okrs
    work: Work
    decisions: Sequence[LinkDecision]
    texts: Mapping[tuple[str, str], Sequence[str]]
    today: date
    zone: ZoneInfo

    def material(self) -> TrainingData:
        return material(
            self.linking,
            self.okrs,
            self.work,
            self.decisions,
            lambda _items: self.texts,
            cycles=[cycle.id for cycle in self.okrs.cycles],
            today=self.today,
            zone=self.zone,
        )


@dataclass(frozen=True)
class Measured:
    """How the hidden items were answered, and how many of those that never had a link got an answer too."""

    hidden: int
    answered: int
    right: int
    never_linked: int
    never_linked_answered: int
    suggested: Suggested

    @property
    def precision(self) -> float:
        return self.right / self.answered

    @property
    def coverage(self) -> float:
        return self.answered / self.hidden


def of_project(config: Path) -> Case:
    """The synced project at *config*."""
    with open_workspace(config) as workspace, workspace.store.read() as view:
        project = workspace.project
        linking = link_all(workspace, view)
        return Case(
            linking,
            project.okrs,
            project.settings.work,
            project.ledger.links,
            prose(view, [place_of(placement.item) for placement in linking.placements]),
            workspace.today,
            project.settings.zone,
        )


def of_recorded_items() -> Case:
    """The recorded repository, three of its labels as key results; the calling test skips where it is absent."""
    raws = [normalise.without_extras(raw) for raw in recorded_github_issues()]
    items = [normalise.normalise(raw, FieldMap(source="hf")) for raw in raws]
    cycle = Cycle("years", date(2020, 1, 1), date(2026, 12, 31))
    key_results = tuple(_key_result(name) for name in STAND_INS.values())
    okrs = Okrs(cycles=(cycle,), objectives=(Objective("O1", "years", "Stand-ins", key_results=key_results),))
    work = Work.model_validate({"rules": [{"if": {"label": "*"}, "link": "from_label"}], "aliases": STAND_INS})
    today, zone = date(2026, 11, 20), ZoneInfo("UTC")
    linking = place_items(items, okrs, work, (), today=today, zone=zone)
    texts = {("hf", str(raw["id"])): passages(raw) for raw in raws}
    return Case(linking, okrs, work, (), texts, today, zone)


def measured(case: Case, seed: int, *, families: bool = False) -> Measured:
    """
    What comes back of links that are hidden at random, by *seed*.

    *families*: a link is hidden with all that are derived from it, so that no pull request gives its issue away.
    """
    truth = {
        placement.item.key: {link.key_result for link in placement.counted_links}
        for placement in case.linking.placements
        if placement.group is LinkStatus.LINKED and placement.item.status is not Status.DROPPED
    }
    keys = _hidden_with_families(case, truth, seed) if families else _hidden(truth, seed)
    made = _without_links(case, keys).material()
    asked = {question.key for question in made.questions}
    suggested = suggest(made.examples, made.questions, made.background, made.exempt)
    answers = {one.key: one.key_result for one in suggested.suggestions}
    found = keys & answers.keys()
    return Measured(
        hidden=len(keys & asked),
        answered=len(found),
        right=sum(answers[key] in truth[key] for key in found),
        never_linked=len(asked - keys),
        never_linked_answered=len(answers.keys() - keys),
        suggested=suggested,
    )


def _hidden(truth: Mapping[str, object], seed: int) -> set[str]:
    return set(_chance(seed).sample(sorted(truth), int(SHARE * len(truth))))


def _hidden_with_families(case: Case, truth: Mapping[str, object], seed: int) -> set[str]:
    families: dict[str, set[str]] = {}
    for example in case.material().examples:
        if example.key in truth:
            families.setdefault(example.family, set()).add(example.key)
    keys: set[str] = set()
    for family in _chance(seed).sample(sorted(families), len(families)):
        if len(keys) < SHARE * len(truth):
            keys |= families[family]
    return keys


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a sample that is the same in every run


def _without_links(case: Case, keys: set[str]) -> Case:
    placements = tuple(
        replace(placement, group=LinkStatus.UNLINKED, links=(), cause=UnlinkedCause.NO_RULE)
        if placement.item.key in keys
        else placement
        for placement in case.linking.placements
    )
    return replace(case, linking=replace(case.linking, placements=placements))


def _key_result(name: str) -> KeyResult:
    return KeyResult(
        id=name,
        cycle="years",
        objective="O1",
        title=name,
        state="draft",
        metric="",
        direction=Direction.INCREASE,
        baseline=None,
        target=None,
        band=None,
        kind="leading",
        level="outcome",
    )
