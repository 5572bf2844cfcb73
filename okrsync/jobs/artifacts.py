"""Writes a run's reports to files: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from okrsync.errors import OkrsyncError
from okrsync.reports.outcomes import OutcomesReport
from okrsync.reports.pages.outcomes_page import outcomes_page
from okrsync.reports.render.as_json import dumped, report_document
from okrsync.reports.render.page_markdown import render_page
from okrsync.store.failpoints import failpoint


def write_outcomes(report: OutcomesReport, folder: Path) -> list[Path]:
    """
    Write the outcomes report as Markdown and JSON into *folder*, and return their paths.

    Raises:
        OkrsyncError: they cannot be written; what was there before stays.
    """
    texts = {
        "outcomes.md": render_page(outcomes_page(report)),
        "outcomes.json": dumped(report_document("outcomes", report)),
    }
    return [write_whole(folder / name, text) for name, text in texts.items()]


def write_whole(path: Path, text: str) -> Path:
    """
    Put *text* into *path* in one step, so that nobody ever reads half of it.

    Raises:
        OkrsyncError: it cannot be written; what was there before stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(descriptor)
            Path(name).chmod(0o644)
            failpoint("report-written")
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OkrsyncError(f"{path}: cannot be written ({error.strerror}); the old file is untouched") from None
    return path
