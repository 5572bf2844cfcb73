"""What a second process runs; it must be importable there, which a test module is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from okrsync.config.ledger_file import LedgerWriter


def append_many(folder: str, start: Any, name: str, record: Mapping[str, Any], now: datetime) -> None:
    """Wait for *start*, then append 50 times one to three records at once."""
    start.wait(20)
    for number in range(50):
        LedgerWriter(Path(folder), name, now).append(
            "check_ins", [{**record, "value": number, "note": name * 2_000}] * (number % 3 + 1)
        )
