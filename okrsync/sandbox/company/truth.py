"""What is true of the company, for judging what a program finds: effects, links, counts and planted faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from okrsync.sandbox.company.calendar import TODAY
from okrsync.sandbox.company.deliveries import DeliveredUnit
from okrsync.sandbox.company.plan import KEY_RESULTS, LINT_FAULTS, GoalPlan
from okrsync.sandbox.company.series import COMPLAINTS_RISE, effect_of, noise_sd
from okrsync.sandbox.company.work import CompanyItem, sorted_items

_COUNTED: Final = ("todo", "in_progress", "done", "dropped")
_EXEMPT_KINDS: Final = ("bug", "incident")


def describe(
    seed: int,
    units: Sequence[DeliveredUnit],
    items: Sequence[CompanyItem],
    special: Mapping[str, CompanyItem],
    expecting: Sequence[CompanyItem],
) -> dict[str, Any]:
    """Return the truth as plain data; *special* are items at the edges of the rules, by name of the edge."""
    planned = {id(item) for unit in units for item in unit.items}
    others = [item for item in items if item.status == "done" and item.key_results and id(item) not in planned]
    return {
        "seed": seed,
        "today": TODAY.isoformat(),
        "key_results": {one.id: _key_result(one, units, others) for one in KEY_RESULTS},
        "counts": _counts(items),
        "links": _links(items),
        "special_items": {name: item.key for name, item in sorted(special.items())},
        "expectations_in_items": [item.key for item in expecting],
        "guardrail_breaches": [
            {
                "value": "trust",
                "metric": "complaints",
                "limit": 4.0,
                "since": COMPLAINTS_RISE[0].isoformat(),
                "effect": COMPLAINTS_RISE[1],
                "cycle": "2026Q4",
                "objectives": ["O2", "O3"],
                "key_results": [one.id for one in KEY_RESULTS if one.id.startswith(("2026Q4/KR2", "2026Q4/KR3"))],
            }
        ],
        "lint_faults": [asdict(fault) for fault in LINT_FAULTS],
    }


def _key_result(one: GoalPlan, units: Sequence[DeliveredUnit], others: Sequence[CompanyItem]) -> dict[str, Any]:
    sd = noise_sd(one.metric) if one.metric else None
    deliveries = [_delivery(unit, sd) for unit in units if unit.key_result is one]
    deliveries.extend(
        {"keys": [item.key], "date": item.closed.date().isoformat(), "effect": 0.0}
        for item in others
        if one.id in item.key_results and item.closed is not None
    )
    deliveries.sort(key=lambda delivery: str(delivery["date"]))
    return {"metric": one.metric, "sd": sd, "deliveries": deliveries, "expect": one.expect}


def _delivery(unit: DeliveredUnit, sd: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "keys": [item.key for item in unit.items],
        "date": unit.planned.day.isoformat(),
        "effect": effect_of(unit.planned.size, sd) if sd else 0.0,
    }
    if unit.planned.expect is not None:
        found["expect"] = unit.planned.expect
    return found


def _counts(items: Sequence[CompanyItem]) -> dict[str, int]:
    """Return totals that can be told from the raw objects alone."""
    statuses = Counter(item.status for item in items)
    pulls = sum(item.kind == "pull_request" for item in items)
    counts = {"total": len(items), "issue": len(items) - pulls, "pull_request": pulls}
    return {**counts, **{status: statuses[status] for status in _COUNTED}}


def _links(items: Sequence[CompanyItem]) -> dict[str, Any]:
    """
    Return each item's state under the rules of ``okrsync.yaml`` and the ledger's links.

    A pull request takes the links of the issue that it names or closes.
    """
    found: dict[str, Any] = {"linked": {}, "exempt": {}, "unlinked": [], "broken": [], "ambiguous": []}
    for item in sorted_items(items):
        if item.key_results:
            found["linked"][item.key] = {"key_results": list(item.key_results), "via": item.via}
        elif item.via in {"broken", "ambiguous"}:
            found[item.via].append(item.key)
        elif exempt_class(item):
            found["exempt"][item.key] = exempt_class(item)
        else:
            found["unlinked"].append(item.key)
    return found


def exempt_class(item: CompanyItem) -> str | None:
    """Return the class by which an item without a link is exempt, or ``None``."""
    if item.kind in _EXEMPT_KINDS:
        return "run"
    if "upkeep" in item.labels:
        return "upkeep"
    return "learning" if "spike" in item.labels else None
