"""What people state of work: what it is to change, what was decided about it, and what else speaks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from okrsync.answers.finding import current_linking, find_item, find_key_result
from okrsync.answers.workspace import Workspace
from okrsync.config.ledger_file import LedgerWriter
from okrsync.errors import UsageError
from okrsync.linking.placement import Placements
from okrsync.model.okrs import Direction, KeyResult
from okrsync.model.work import Item
from okrsync.plugins.text import without_people


@dataclass(frozen=True, slots=True)
class Written:
    """A record that is in the ledger now, and what its writer should know of it."""

    kind: str
    record: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewHypothesis:
    """What is to be expected of *items* (keys)."""

    key_result: str
    change: float
    items: Sequence[str]
    due: date
    because: str
    stop_if: str = ""
    guardrails: Sequence[str] = ()
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What was decided about *about*: an item, a hypothesis or a key result."""

    about: str
    choice: str
    because: str
    values: Sequence[str] = ()
    evidence: Sequence[str] = ()
    alignment: str = ""
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """What else speaks of *about*, beside the numbers."""

    about: str
    kind: str
    text: str
    n: int | None = None
    url: str = ""


def add_hypothesis(workspace: Workspace, expected: NewHypothesis, by: str) -> Written:
    """
    Write *expected* to the ledger.

    Raises:
        UsageError: an item, the key result, a guardrail or the corrected hypothesis does not exist; nothing is written.
    """
    key_result = find_key_result(workspace, expected.key_result)
    linking = current_linking(workspace)
    items = [find_item(linking, key) for key in expected.items]
    _known("metric", expected.guardrails, [metric.id for metric in workspace.project.okrs.metrics])
    if expected.replaces:
        _known("hypothesis", [expected.replaces], [entry.id for entry in workspace.project.ledger.hypotheses])
    if not expected.change:
        raise UsageError("a change of 0 expects nothing; write for example +2.0")
    record: dict[str, Any] = {
        "items": [item.key for item in items],
        "key_result": key_result.qualified_id,
        "expected": {"change": expected.change, "by": expected.due.isoformat()},
        "because": without_people(expected.because),
        "stop_if": without_people(expected.stop_if),
        "guardrails": list(expected.guardrails),
    }
    if expected.replaces:
        record["replaces"] = expected.replaces
    warnings = _doubts(workspace, linking, items, key_result, expected)
    return _written(workspace, "hypotheses", record, by, warnings)


def _doubts(
    workspace: Workspace, linking: Placements, items: Sequence[Item], key_result: KeyResult, expected: NewHypothesis
) -> tuple[str, ...]:
    found = []
    for item in items:
        if item.is_delivered:
            found.append(f"{item.key} is delivered already: this is kept as post hoc, and confirms nothing")
        placement = linking.by_key[item.key.casefold()]
        if all(link.key_result != key_result.qualified_id for link in placement.counted_links):
            found.append(
                f"{item.key} does not serve {key_result.qualified_id} yet; run okrsync link {item.key} {key_result.id}"
            )
    wanted = {Direction.INCREASE: 1, Direction.DECREASE: -1}.get(key_result.direction, 0)
    if expected.change * wanted < 0:
        found.append(f"{key_result.qualified_id} is to {key_result.direction}: {expected.change:+g} leads away from it")
    if expected.due < workspace.today:
        found.append(f"{expected.due} has passed")
    return tuple(found)


def decide(workspace: Workspace, decided: NewDecision, by: str) -> Written:
    """
    Write *decided* to the ledger.

    Raises:
        UsageError: something that it names does not exist; nothing is written.
    """
    ledger, okrs = workspace.project.ledger, workspace.project.okrs
    about = find_subject(workspace, decided.about)
    _known("value", decided.values, [value.id for value in okrs.values])
    _known("evidence", decided.evidence, [entry.id for entry in ledger.evidence])
    if decided.reverses:
        _known("decision", [decided.reverses], [entry.id for entry in ledger.decisions if entry.about == about])
    if not decided.because.strip():
        raise UsageError("a decision without a reason cannot be learned from; say why with --because")
    record = {
        "about": about,
        "choice": decided.choice,
        "because": without_people(decided.because),
        "values": list(decided.values),
        "evidence": list(decided.evidence),
        "alignment": decided.alignment,
        "reverses": decided.reverses,
    }
    standing = [entry for entry in ledger.decisions if entry.about == about]
    warnings = []
    if standing and not decided.reverses and standing[-1].choice != decided.choice:
        last = standing[-1]
        warnings.append(f"{about} was decided before: {last.choice} ({last.id}); --reverses {last.id} links the two")
    if not decided.values and okrs.values:
        warnings.append(f"no value is named; there are {', '.join(value.id for value in okrs.values)}")
    return _written(workspace, "decisions", record, by, tuple(warnings))


def add_evidence(workspace: Workspace, noted: NewEvidence, by: str) -> Written:
    """
    Write *noted* to the ledger.

    Raises:
        UsageError: what it is about does not exist, or it says nothing; nothing is written.
    """
    if not noted.text.strip():
        raise UsageError("evidence without a word says nothing; write --text")
    record: dict[str, Any] = {
        "about": find_subject(workspace, noted.about),
        "kind": noted.kind,
        "text": without_people(noted.text),
        "url": noted.url,
    }
    if noted.n is not None:
        record["n"] = noted.n
    return _written(workspace, "evidence", record, by, ())


def find_subject(workspace: Workspace, name: str) -> str:
    """
    What *name* means: a hypothesis (its id), a key result (qualified) or an item (its key).

    Raises:
        UsageError: none of them is called so.
    """
    for entry in workspace.project.ledger.hypotheses:
        if entry.id == name:
            return name
    try:
        return find_key_result(workspace, name).qualified_id
    except UsageError:
        pass
    try:
        return find_item(current_linking(workspace), name).key
    except UsageError as error:
        raise UsageError(f'"{name[:80]}" is no hypothesis, key result or item: {error}') from None


def _known(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "there is none"
            raise UsageError(f'no {what} is called "{name[:80]}"; {there}; nothing was written')


def _written(workspace: Workspace, kind: str, record: dict[str, Any], by: str, warnings: tuple[str, ...]) -> Written:
    writer = LedgerWriter(workspace.project.ledger_folder, by, workspace.now)
    (id_,) = writer.append(kind, [record])
    return Written(kind, {**record, "id": id_}, warnings)
