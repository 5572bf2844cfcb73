"""What a site is asked once a day, and remembered from run to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from okrsync.plugins.context import Context

_HOLDS = timedelta(hours=24)


class Daily:
    """One entry of ``Context.memory`` that holds for a day; what is in it is JSON."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._name = name

    def held(self, of: Sequence[str]) -> Any:
        """What was kept of *of* less than a day ago; ``None`` where nothing was."""
        kept = self._context.memory.get(self._name) or {}
        try:
            age = self._context.clock() - datetime.fromisoformat(kept["at"])
            is_of_same = kept["of"] == list(of)
            return kept["held"] if is_of_same and timedelta() <= age < _HOLDS else None
        except (KeyError, TypeError, ValueError):
            return None

    def keep(self, of: Sequence[str], held: Any) -> None:
        """Remember *held* of *of* for a day."""
        self._context.memory[self._name] = {"at": self._context.clock().isoformat(), "of": list(of), "held": held}

    def amend(self, change: Callable[[Any], Any]) -> None:
        """Apply *change* to each entry of a list that is held; it holds no longer for that."""
        kept = self._context.memory.get(self._name)
        if kept:
            kept["held"] = [change(each) for each in kept["held"]]
