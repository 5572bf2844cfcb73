"""The goals as they stood: every version of the OKR files that a sync saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from okrsync.answers.workspace import Workspace
from okrsync.config.document import Document, parse_document
from okrsync.config.okrs_file import OkrsFile, to_model
from okrsync.config.validation import check
from okrsync.model.okrs import Okrs
from okrsync.okrs.changes import OkrVersion

Texts = Sequence[tuple[datetime, str, str]]


def versions_of(workspace: Workspace, texts: Texts, since: datetime | None = None) -> list[OkrVersion]:
    """
    The versions in *texts* (when first seen, path, text; oldest first), the present one last.

    With *since*, only the last before that moment and those after it. A version that cannot be read any more, because
    an older okrsync took what this one does not, is left out: what came before it stands on.
    """
    moments = sorted({seen for seen, _, _ in texts})
    if since is not None:
        before = [moment for moment in moments if moment <= since]
        moments = [*before[-1:], *(moment for moment in moments if moment > since)]
    if len(moments) < 2:
        return [OkrVersion(moments[-1] if moments else workspace.now, workspace.project.okrs)]
    found = []
    for moment in moments[:-1]:
        okrs = _at({path: text for seen, path, text in texts if seen <= moment}, workspace.project.folder)
        if okrs is not None:
            found.append(OkrVersion(moment, okrs))
    return [*found, OkrVersion(moments[-1], workspace.project.okrs)]


def _at(texts: Mapping[str, str], folder: Path) -> Okrs | None:
    files: list[tuple[Document, OkrsFile]] = []
    for name, text in texts.items():
        document, problems = parse_document(text, folder / name)
        if document is None or problems:
            return None
        file, problems = check(document, OkrsFile)
        if file is None or problems:
            return None
        files.append((document, file))
    return to_model(files)
