"""Brings OKRs from a spreadsheet into an OKR file: first as a preview, then, if the project stays sound, as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from okrsync.config import references
from okrsync.config.document import Document, parse_document, read_document, shown
from okrsync.config.okrs_edit import NEW_FILE, edited
from okrsync.config.okrs_file import OkrsFile
from okrsync.config.project import DEFAULT_NAME, load_project, okr_paths
from okrsync.config.validation import check
from okrsync.errors import ConfigError, OkrsyncError, Problem, UsageError
from okrsync.formats.files import write_whole
from okrsync.importing.merge import Merge, merge
from okrsync.importing.sheet import read_sheet


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do to the file *path*, and why it may not: *problems* of the project as it would be."""

    sheet: str
    path: Path
    text: str
    """The file as it would be."""
    is_new: bool
    merge: Merge
    problems: tuple[Problem, ...]

    @property
    def file(self) -> str:
        """The file as a message shows it."""
        return shown(self.path)

    @property
    def changes_nothing(self) -> bool:
        """Whether the file holds all of it already."""
        return not self.merge.edits


def plan_import(sheet: Path, config: Path, to: Path | None, cycle: str) -> ImportPlan:
    """
    What the CSV or Markdown file *sheet* changes in the OKR file *to* (default: the only one of the project).

    *cycle* holds for rows that name none. Nothing is written. Without an ``okrsync.yaml`` at *config* the OKR file is
    checked alone.

    Raises:
        ConfigError: the sheet has rows that cannot be understood, or the files are wrong already.
        UsageError: it is not clear which OKR file is meant.
    """
    rows = read_sheet(sheet)
    project = config / DEFAULT_NAME if config.is_dir() else config
    known = okr_paths(project) if project.exists() else []
    path = to or _only_one(known, project)
    is_new = not path.exists()
    text = NEW_FILE if is_new else _text(path)
    target = _sound(*parse_document(text, path))
    others = [_sound(*read_document(other)) for other in known if other.resolve() != path.resolve()]
    merged = merge(rows, target, others, cycle)
    after = edited(text, merged.edits, path)
    problems = _problems(project, path, after, others) if merged.edits else []
    return ImportPlan(rows.file, path, after, is_new, merged, tuple(problems))


def apply_import(plan: ImportPlan) -> bool:
    """
    Write the file of *plan* in one step, and return whether there was anything to write.

    Raises:
        ConfigError: the project would not be sound; the file is as it was.
        OkrsyncError: the file cannot be written; it is as it was.
    """
    if plan.problems:
        raise ConfigError(plan.problems)
    if plan.changes_nothing:
        return False
    write_whole(plan.path.resolve(), plan.text)
    return True


def _only_one(known: Sequence[Path], project: Path) -> Path:
    if len(known) > 1:
        names = ", ".join(shown(path) for path in known)
        raise UsageError(f"the project has several OKR files; name one with --to: {names}")
    return known[0] if known else project.parent / "okrs.yaml"


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(read_document(path)[1]) from None
    except OSError as error:
        raise OkrsyncError(f"{shown(path)}: cannot be read ({error.strerror}); check the path") from None


def _sound(document: Document | None, found: list[Problem]) -> Document:
    """*document*, if it is an OKR file already; what is wrong with it has to be mended first."""
    problems = found or (check(document, OkrsFile)[1] if document else [])
    if document is None or problems:
        raise ConfigError(problems)
    return document


def _problems(project: Path, path: Path, text: str, others: Sequence[Document]) -> list[Problem]:
    """What would be wrong with the project if *path* held *text*; lines are those of that text."""
    if not project.exists():
        document, found = parse_document(text, path)
        after = [*others, document] if document else others
        found += check(document, OkrsFile)[1] if document else []
        return _as_it_would_be([*found, *references.check_okrs(after, complete=True)], path)
    try:
        loaded = load_project(project, {path.resolve(): text})
    except ConfigError as error:
        return _as_it_would_be(error.problems, path)
    if path.resolve() not in {(loaded.folder / name).resolve() for name in loaded.okr_texts}:
        fix = f"add {path.name} to okrs: there, or choose another file with --to"
        return [Problem(shown(project), 0, 0, f"does not name {shown(path)} under okrs", fix)]
    return []


def _as_it_would_be(problems: Sequence[Problem], path: Path) -> list[Problem]:
    name = shown(path)
    return [
        replace(problem, file=f"{name} (as it would be)") if problem.file in {name, shown(path.resolve())} else problem
        for problem in problems
    ]
