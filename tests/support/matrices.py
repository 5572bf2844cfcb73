"""Long lists of parameters: a few of them in ``make test``, all of them in ``make test-long``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(count: int, values: Iterable[Any]) -> list[Any]:
    """Return *values* as parameters; of each *count* the first stays in ``make test``, the others are long."""
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.long if number % count else ()
        )
        for number, value in enumerate(values)
    ]
