"""What a key result's metric did after the delivery of work, and what may be said about it. Pure, numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings

if TYPE_CHECKING:
    from okrsync.outcome.attribution import attribute, attribute_all

__all__ = ["Case", "Delivery", "MetricSeries", "Settings", "attribute", "attribute_all"]


def __getattr__(name: str) -> Any:
    """``attribute`` and ``attribute_all``, at their first use: what asks for no verdict does not load numpy."""
    if name not in {"attribute", "attribute_all"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from okrsync.outcome import attribution  # noqa: PLC0415

    return getattr(attribution, name)
