"""What other systems do differently, as types that tests share; the fixtures are in ``tests/portability``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Hold = Callable[[Path, int | None], None]
"""Has another program keep a file open for so many tries to replace or delete it; ``None``: for good."""
