"""The files to start with, out of ``config/starter``, and a first look at those that were written."""

from __future__ import annotations

from pathlib import Path

from okrsync.config.ledger_file import GIT_ATTRIBUTES
from okrsync.config.project import Project
from okrsync.errors import OkrsyncError, UsageError
from okrsync.linking.key_result_resolver import KeyResultResolver
from okrsync.linking.rules import INHERIT


def starter_folder() -> Path:
    """Where the starter files lie: inside the installed package, or in a checkout's ``config/``."""
    installed = Path(__file__).parents[1] / "starter"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "config" / "starter"


def write_starter(folder: Path, tracker: str) -> list[Path]:
    """
    Write the starter files into *folder* and return their paths; *tracker* is ``github``, ``jira`` or ``both``.

    Raises:
        UsageError: one of them is there already; then none is written.
        OkrsyncError: the folder cannot be written.
    """
    source = starter_folder()
    texts = {Path("okrsync.yaml"): (source / f"okrsync.{tracker}.yaml").read_text("utf-8")}
    for path in sorted((source / "common").rglob("*")):
        if path.is_file():
            texts[path.relative_to(source / "common")] = path.read_text("utf-8")
    texts[Path("ledger/.gitattributes")] = GIT_ATTRIBUTES
    there = [str(folder / path) for path in texts if (folder / path).exists()]
    if there:
        raise UsageError(f"{', '.join(there)}: there already; nothing was written. Choose another folder")
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OkrsyncError(
            f"{folder}: cannot be written ({error.strerror}); check the path and its permissions"
        ) from None
    return [folder / path for path in texts]


def unknown_targets(project: Project) -> list[str]:
    """Key results that rules and aliases name and no cycle has; their links are broken, and nothing stops."""
    names = KeyResultResolver(project.okrs)
    work = project.settings.work
    fixed = [rule.link for rule in work.rules if rule.link != INHERIT and not rule.link.startswith("from_")]
    return sorted(
        {name for name in [*fixed, *(n for to in work.aliases.values() for n in to)] if not names.is_known(name)}
    )
