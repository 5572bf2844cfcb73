"""Progress on stderr: a live line on a terminal, nothing where nobody watches."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from okrsync.store.records import SaveCounts


class SyncProgress:
    """A line a source, with how many items were read so far."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, source: str, partition: str, saved: SaveCounts) -> None:
        """Show that *saved* of *source* is stored."""
        text = f"{source} {partition}: {saved.seen:,} read, {saved.new:,} new, {saved.changed:,} changed"
        if source not in self._tasks:
            self._tasks[source] = self._progress.add_task(text, total=None)
        self._progress.update(self._tasks[source], description=text)
