"""What a key result's name in a tracker means: which key result, of which cycle, on a day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from okrsync.model.okrs import Cycle, KeyResult, Okrs
from okrsync.model.work import LinkState

_SPLIT = re.compile(r"[,;\s]+")


@dataclass(frozen=True, slots=True)
class ResolvedKeyResult:
    """What a name means; *key_result* is qualified where the state is not ``BROKEN``, else as written."""

    key_result: str
    state: LinkState
    reason: str = ""


class KeyResultResolver:
    """
    Resolves key result names of all cycles, upper and lower case alike.

    A qualified name (``2026Q4/KR1.1``) is taken as it is. A bare one (``KR1.1``), unique in its cycle only, means the
    key result of the cycle that runs on the day in question.
    """

    def __init__(self, okrs: Okrs, aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        self._cycles = {cycle.id: cycle for cycle in okrs.cycles}
        self._qualified = {entry.qualified_id.casefold(): entry for entry in okrs.key_results}
        self._bare: dict[str, list[KeyResult]] = {}
        for entry in okrs.key_results:
            self._bare.setdefault(entry.id.casefold(), []).append(entry)
        self._aliases = {name.casefold(): tuple(names) for name, names in (aliases or {}).items()}
        self._unknown: dict[str, ResolvedKeyResult] = {}
        """What was said of names that mean nothing: to look for the closest one takes milliseconds."""
        self._prefixes = {_prefix(entry.id) for entry in okrs.key_results} - {""}

    def alias(self, text: str) -> tuple[str, ...]:
        """The names that *text* stands for by the configuration's aliases; empty if it is no alias."""
        return self._aliases.get(text.casefold(), ())

    def split(self, text: str) -> list[str]:
        """The names in *text*, which may list several with commas or spaces."""
        return [name for name in _SPLIT.split(text.strip()) if name]

    def is_known(self, name: str) -> bool:
        """Whether *name* is a key result of any cycle."""
        return name.casefold() in self._qualified or name.casefold() in self._bare

    def looks_like_one(self, name: str) -> bool:
        """Whether *name* is a key result or is written like one (``KR9`` where there is a ``KR1.1``)."""
        return self.is_known(name) or (_prefix(name) in self._prefixes and any(map(str.isdigit, name)))

    def resolve(self, name: str, day: date) -> ResolvedKeyResult:
        """What *name* means on *day*."""
        exact = self._qualified.get(name.casefold())
        candidates = [exact] if exact else self._bare.get(name.casefold(), [])
        if not candidates:
            if name not in self._unknown:
                self._unknown[name] = ResolvedKeyResult(name, LinkState.BROKEN, self._no_such(name))
            return self._unknown[name]
        running = [entry for entry in candidates if self._cycle(entry).contains(day)]
        if len(running) > 1:
            names = ", ".join(entry.qualified_id for entry in running)
            return ResolvedKeyResult(running[0].qualified_id, LinkState.AMBIGUOUS, f"runs in several cycles: {names}")
        if running:
            return ResolvedKeyResult(running[0].qualified_id, LinkState.OK)
        coming = [entry for entry in candidates if self._cycle(entry).start > day]
        if coming:
            return ResolvedKeyResult(min(coming, key=lambda entry: self._cycle(entry).start).qualified_id, LinkState.OK)
        last = max(candidates, key=lambda entry: self._cycle(entry).end)
        cycle = self._cycle(last)
        return ResolvedKeyResult(last.qualified_id, LinkState.STALE, f"cycle {cycle.id} ended on {cycle.end}")

    def closest(self, name: str) -> str:
        """The known name that *name* is most like; empty where none is near."""
        known = {entry.id.casefold(): entry.id for entry in self._qualified.values()}
        known |= {entry.qualified_id.casefold(): entry.qualified_id for entry in self._qualified.values()}
        # Another number is another key result, not a slip: only spelling is guessed at.
        alike = [text for text in known if _digits(text) == _digits(name)]
        close = get_close_matches(name.casefold(), alike, n=1, cutoff=0.6)
        return known[close[0]] if close else ""

    def _cycle(self, entry: KeyResult) -> Cycle:
        return self._cycles[entry.cycle]

    def _no_such(self, name: str) -> str:
        close = self.closest(name)
        return f'no key result is called "{name[:80]}"' + (f'; did you mean "{close}"?' if close else "")


def _digits(name: str) -> str:
    return "".join(character for character in name.rpartition("/")[2] if character.isdigit())


def _prefix(name: str) -> str:
    """The letters that *name* starts with, without its cycle."""
    match = re.match(r"[A-Za-z]+", name.rpartition("/")[2])
    return match.group().casefold() if match else ""
