"""Small hand-made items, key results and settings, and one call that places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.config.settings_file import Work
from okrsync.linking.placement import Placements, place_items
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import Cycle, Direction, KeyResult, Objective, Okrs
from okrsync.model.placements import Placement
from okrsync.model.work import Directive, Item, ItemKind, Iteration, Status

TODAY = date(2026, 11, 20)
BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)

BY_LABEL = {"if": {"label": "kr/*"}, "link": "from_label"}
BY_FIELD = {"if": {"field": "customfield_10999"}, "link": "from_field"}
BY_BODY = {"if": {"body": "KR:"}, "link": "from_body"}
BY_TITLE = {"if": {"title": "[*]"}, "link": "from_title"}
INHERIT = {"if": {"parent": "linked"}, "link": "inherit"}
RUN = {"id": "run", "if": {"type": ["Bug", "Incident"]}}


def item(
    key: str = "PAY-1",
    *,
    source: str = "product",
    external_id: str = "",
    kind: ItemKind = ItemKind.ISSUE,
    type: str = "Story",  # the model's own word
    title: str = "Shorten the form",
    status: Status = Status.TODO,
    updated: datetime = LONG_AGO,
    delivered: datetime | None = None,
    project: str = "PAY",
    team: str = "",
    parent: str = "",
    labels: Sequence[str] = (),
    components: Sequence[str] = (),
    milestones: Sequence[str] = (),
    closes: Sequence[str] = (),
    directives: Sequence[tuple[str, str]] = (),
    fields: Mapping[str, tuple[str, ...]] | None = None,
) -> Item:
    """An open story, but for what is given."""
    return Item(
        source=source,
        external_id=external_id or f"id of {key}",
        key=key,
        url="",
        kind=kind,
        type=type,
        title=title,
        status=status,
        original_status=str(status),
        created=LONG_AGO,
        updated=updated,
        delivered=delivered,
        project=project,
        team=team,
        parent=parent,
        labels=tuple(labels),
        components=tuple(components),
        iterations=tuple(Iteration(str(number), name) for number, name in enumerate(milestones)),
        closes=tuple(closes),
        directives=tuple(Directive(word, value) for word, value in directives),
        fields=fields or {},
    )


def done(key: str = "PAY-1", *, on: datetime, **rest: Any) -> Item:
    """An item that was delivered."""
    return item(key, status=Status.DONE, delivered=on, **rest)


def pull_request(key: str = "acme/web#7", *, closes: Sequence[str] = (), **rest: Any) -> Item:
    """An open pull request of another source than the issues'."""
    return item(
        key,
        **{
            "source": "web",
            "kind": ItemKind.PULL_REQUEST,
            "type": "Pull request",
            "project": "acme/web",
            "closes": closes,
            **rest,
        },
    )


Q3 = Cycle("2026Q3", date(2026, 7, 1), date(2026, 9, 30))
Q4 = Cycle("2026Q4", date(2026, 10, 1), date(2026, 12, 31))
Q1 = Cycle("2027Q1", date(2027, 1, 4), date(2027, 3, 31))


def goals(ids: Mapping[str, Sequence[str]], cycles: Sequence[Cycle] = (Q3, Q4, Q1)) -> Okrs:
    """Objectives with key results *ids* by cycle."""
    return Okrs(cycles=tuple(cycles), objectives=tuple(_objective(cycle, names) for cycle, names in ids.items()))


def _objective(cycle: str, names: Sequence[str]) -> Objective:
    return Objective("O1", cycle, "Wanted", key_results=tuple(_key_result(cycle, name) for name in names))


def _key_result(cycle: str, name: str) -> KeyResult:
    return KeyResult(
        id=name,
        cycle=cycle,
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


OKRS = goals({"2026Q3": ["KR1.1", "KR0.9"], "2026Q4": ["KR1.1", "KR1.2", "KR2.1"], "2027Q1": ["KR1.1", "KR5.1"]})


def settings(
    *rules: Mapping[str, Any], exempt: Sequence[Mapping[str, Any]] = (), aliases: Mapping[str, Any] | None = None
) -> Work:
    """The ``work`` section of an ``okrsync.yaml``."""
    return Work.model_validate({"rules": list(rules), "exempt": list(exempt), "aliases": dict(aliases or {})})


def decision(action: str, key: str, key_result: str, reason: str = "") -> LinkDecision:
    """A line of ``ledger/links.jsonl``."""
    when = datetime(2026, 11, 18, 10, tzinfo=UTC)
    return LinkDecision("li-1", when, when, "role:pm", "", action, key, key_result, reason)


def linked(key: str, key_result: str, reason: str = "") -> LinkDecision:
    """A person linked *key*."""
    return decision("link", key, key_result, reason)


def unlinked(key: str, key_result: str, reason: str = "") -> LinkDecision:
    """A person took a link of *key* away."""
    return decision("unlink", key, key_result, reason)


def place(
    items: Sequence[Item] | Item,
    work: Work,
    decisions: Sequence[LinkDecision] = (),
    *,
    okrs: Okrs = OKRS,
    today: date = TODAY,
    zone: ZoneInfo = BERLIN,
) -> Placements:
    """What the linking says of *items*."""
    items = [items] if isinstance(items, Item) else items
    linking = place_items(items, okrs, work, decisions, today=today, zone=zone)
    assert [placement.item for placement in linking.placements] == list(items)
    return linking


def first(items: Sequence[Item] | Item, work: Work, decisions: Sequence[LinkDecision] = (), **rest: Any) -> Placement:
    """The placement of the first of *items*."""
    return place(items, work, decisions, **rest).placements[0]


def shares(placement: Placement) -> dict[str, float]:
    """Shares by key result of the links that count."""
    return {link.key_result: link.share for link in placement.counted_links}


def links(placement: Placement) -> list[tuple[str, str, str]]:
    """Key result, rule and way of every link."""
    return [(link.key_result, link.rule, link.via) for link in placement.links]


def states(placement: Placement) -> dict[str, str]:
    """State by key result of every link."""
    return {link.key_result: str(link.state) for link in placement.links}
