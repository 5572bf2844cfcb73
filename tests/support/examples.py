"""How many examples a property is tried on: a third in ``make test``, all of them in ``make test-long``."""

from __future__ import annotations

from hypothesis import settings

LONG = "long"
"""The profile with all examples."""
SHORT = "okrsync"
_PART = 3
_FEWEST = 10


def register_profiles() -> None:
    """Register both profiles, and load the short one; ``--hypothesis-profile=long`` chooses the other."""
    # Machines are shared and noisy: how long one example takes says nothing of the code.
    settings.register_profile(LONG, deadline=None)
    settings.load_profile(LONG)
    full = settings.get_profile(LONG).max_examples
    settings.register_profile(SHORT, deadline=None, max_examples=_fewer(full))
    settings.load_profile(SHORT)


def examples(full: int) -> int:
    """Return how many of *full* examples the loaded profile tries."""
    return full if settings.get_current_profile_name() == LONG else _fewer(full)


def _fewer(full: int) -> int:
    return min(full, max(_FEWEST, full // _PART))
