"""Loads everything a user wrote as one project, or says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path, PurePath
from typing import Any

from pydantic import ConfigDict

from okrsync.config import references
from okrsync.config.document import Document, entries, parse_document, read_document
from okrsync.config.ledger_file import read_ledger
from okrsync.config.okrs_file import OkrsFile, to_model
from okrsync.config.settings_file import SettingsFile, marked_word
from okrsync.config.validation import check
from okrsync.errors import ConfigError, PluginError, Problem
from okrsync.model.expectations import WORD
from okrsync.model.ledger import Ledger
from okrsync.model.okrs import Okrs
from okrsync.plugins.connector import SourceSettings
from okrsync.plugins.context import WorkMapping
from okrsync.plugins.discovery import connector_names, load_connector, load_metric_source, metric_source_names
from okrsync.plugins.metric_source import CHECK_IN

DEFAULT_NAME = "okrsync.yaml"


class _AnySource(SourceSettings):
    """A source whose connector is not known: what all sources share is checked, the rest cannot be."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that a user wrote, checked. *folder* is where ``okrsync.yaml`` lies and relative paths start."""

    folder: Path
    settings: SettingsFile
    sources: tuple[SourceSettings, ...]
    okrs: Okrs
    okr_texts: Mapping[str, str]
    """The OKR files' own text by path, relative to *folder*."""
    document: Document
    """``okrsync.yaml`` itself, which knows where its parts stand."""
    okr_documents: tuple[Document, ...]
    ledger: Ledger

    @property
    def store_url(self) -> str:
        """The store's URL, with a relative SQLite path made absolute from *folder*."""
        if not self.settings.store.startswith("sqlite:///"):
            return self.settings.store
        path = Path(self.settings.store.removeprefix("sqlite:///"))
        return f"sqlite:///{(self.folder / path).resolve()}"

    @property
    def ledger_folder(self) -> Path:
        """Where ledger files lie."""
        return self.folder / self.settings.ledger

    def work_mapping(self, source: str) -> WorkMapping:
        """What the ``work`` section says about *source*."""
        work = self.settings.work
        done, size = _of_source(work.done, source), _of_source(work.size, source)
        conditions = [rule.condition for rule in work.rules] + [exempt.condition for exempt in work.exempt]
        return WorkMapping(
            dropped=tuple(sorted(name.casefold() for name in done.dropped)) if done else (),
            delivered_field=done.delivered_field if done else "",
            delivered_on=(done.delivered_on or "") if done else "",
            environment=done.environment if done else "",
            size_field=size.field if size else "",
            size_label=size.label if size else "",
            count_items=size.count if size else False,
            extra_fields=tuple(sorted({condition.field for condition in conditions if condition.field})),
            body_words=tuple(
                sorted({WORD, *(marked_word(condition.body) for condition in conditions if condition.body)})
            ),
        )


def load_project(path: Path, instead: Mapping[Path, str] | None = None) -> Project:
    """
    The project whose ``okrsync.yaml`` is *path*, or lies in that folder.

    *instead* holds texts by resolved path: OKR files as they would be, to see whether the project would still be sound.

    Raises:
        ConfigError: with all problems of all files that one run can find.
    """
    problems: list[Problem] = []
    if path.is_dir():
        path /= DEFAULT_NAME
    document, found = read_document(path)
    problems += found
    if document is None:
        raise ConfigError(problems)
    settings, found = check(document, SettingsFile)
    problems += _without_echo(found, problems)
    sources = _check_sources(document, problems)
    problems += references.check_sources(document)
    folder = path.resolve().parent
    texts = instead or {}
    files = _read_okrs(document, folder, texts, problems)
    ledger, found = read_ledger(folder / _text(document, "ledger", "ledger/"))
    problems += found
    if problems or settings is None:
        raise ConfigError(problems)
    return Project(
        folder=folder,
        settings=settings,
        sources=tuple(sources),
        okrs=to_model(files),
        okr_texts={name_below(folder, okrs.path): _text_of(okrs.path, texts) for okrs, _ in files},
        document=document,
        okr_documents=tuple(okrs for okrs, _ in files),
        ledger=ledger,
    )


def okr_paths(path: Path) -> list[Path]:
    """
    The OKR files that are there and that the ``okrsync.yaml`` at *path*, or in that folder, names.

    Raises:
        ConfigError: that file cannot be read at all.
    """
    path = path / DEFAULT_NAME if path.is_dir() else path
    document, found = read_document(path)
    if document is None:
        raise ConfigError(found)
    return _okrs_paths(document, path.resolve().parent, {}, [])


def name_below(folder: PurePath, path: PurePath) -> str:
    """Return *path* relative to *folder*, the same on every system: a store may be shared by several."""
    return path.relative_to(folder).as_posix()


def _text_of(path: Path, instead: Mapping[Path, str]) -> str:
    text = instead.get(path.resolve())
    return path.read_text("utf-8-sig") if text is None else text


def _of_source(by_name: Mapping[str, Any], source: str) -> Any:
    return next((entry for name, entry in by_name.items() if name.casefold() == source.casefold()), None)


def _text(document: Document, key: str, default: str) -> str:
    value = document.data.get(key) if isinstance(document.data, dict) else None
    return value if isinstance(value, str) and value else default


def _without_echo(found: list[Problem], known: list[Problem]) -> list[Problem]:
    """*found* without those at places where the text itself was already refused."""
    places = {(problem.file, problem.line, problem.column) for problem in known}
    return [problem for problem in found if (problem.file, problem.line, problem.column) not in places]


def _check_sources(document: Document, problems: list[Problem]) -> list[SourceSettings]:
    checked: list[SourceSettings] = []
    for path, entry in entries(document, "sources"):
        if not isinstance(entry, dict):
            continue
        if isinstance(entry.get("token"), str):
            fix = (
                "write token: {env: NAME} and put the token into that environment variable; revoke it if it was shared"
            )
            problems.append(document.problem((*path, "token"), "a token must not stand in the file", fix))
        shape: type[SourceSettings] = _AnySource
        name = entry.get("connector")
        if isinstance(name, str):
            try:
                shape = load_connector(name).Settings
            except PluginError as error:
                # One that is installed but broken fails its own source when it is read, and stops no other.
                if not error.is_installed:
                    fix = f"write one of {', '.join(connector_names())}"
                    problems.append(document.problem((*path, "connector"), f'connector "{name}" is not installed', fix))
        settings, found = check(document, shape, path)
        problems += _without_echo(found, problems)
        if settings is not None:
            twice = next((other for other in checked if other.reads() & settings.reads()), None)
            if twice is not None:
                name = min(settings.reads() & twice.reads())
                message = f"{name} is read by source {twice.name} already, and its items would count twice"
                problems.append(document.problem(path, message, "name it in one source"))
            checked.append(settings)
    return checked


def _read_okrs(
    document: Document, folder: Path, instead: Mapping[Path, str], problems: list[Problem]
) -> list[tuple[Document, OkrsFile]]:
    documents: list[Document] = []
    files: list[tuple[Document, OkrsFile]] = []
    refused: list[Problem] = []
    paths = _okrs_paths(document, folder, instead, problems)
    for path in paths:
        text = instead.get(path.resolve())
        okrs, found = read_document(path) if text is None else parse_document(text, path)
        problems += found
        refused += found
        if okrs is None:
            continue
        documents.append(okrs)
        file, found = check(okrs, OkrsFile)
        problems += _without_echo(found, problems)
        problems += _without_echo(_check_metric_sources(okrs), refused)
        if file is not None:
            files.append((okrs, file))
    contradictions = references.check_okrs(documents, complete=len(documents) == len(paths))
    problems += _without_echo(list(contradictions), refused)
    return files


def _okrs_paths(document: Document, folder: Path, instead: Mapping[Path, str], problems: list[Problem]) -> list[Path]:
    named = document.data.get("okrs", "okrs.yaml") if isinstance(document.data, dict) else "okrs.yaml"
    patterns = named if isinstance(named, list) else [named]
    files: dict[object, Path] = {}
    for index, pattern in enumerate(patterns):
        if not isinstance(pattern, str) or not pattern:
            continue
        # An anchor alone leads out: on Windows "\x" and "C:x" start elsewhere, and are not absolute.
        if Path(pattern).anchor or ".." in Path(pattern).parts:
            message, fix = f'"{pattern}" leaves the folder of this file', "keep OKR files below it"
        elif matches := _matching(folder, pattern, instead):
            for match in matches:
                files.setdefault(_identity(match), match)
            continue
        elif has_magic(pattern):
            message, fix = f'no file matches "{pattern}"', "mend the pattern, or write okrs: okrs.yaml"
        else:
            message = f'"{pattern}": no such file'
            fix = "write / between folders, on every system" if "\\" in pattern else "write that file, or mend the name"
        problems.append(document.problem(("okrs", index), message, fix))
    return list(files.values())


def _identity(path: Path) -> object:
    """What tells the file at *path* from others: where case does not count, one file has many names."""
    try:
        found = path.stat()
    except OSError:
        return path
    return (found.st_dev, found.st_ino) if found.st_ino else path  # some disks of other machines number nothing


def _matching(folder: Path, pattern: str, instead: Mapping[Path, str]) -> list[Path]:
    try:
        if not has_magic(pattern):
            path = folder / pattern
            return [path] if path.exists() or path.resolve() in instead else []
        there = [path for path in folder.glob(pattern) if path.exists()]
        new = [path for path in instead if not path.exists() and path.is_relative_to(folder) and path.match(pattern)]
        return sorted([*there, *new])
    except ValueError:  # `**` as a part of a name, or a NUL
        return []


def _check_metric_sources(document: Document) -> list[Problem]:
    problems: list[Problem] = []
    for path, entry in entries(document, "metrics"):
        source = entry.get("source") if isinstance(entry, dict) else None
        if not isinstance(source, dict) or not isinstance(kind := source.get("type"), str):
            continue
        place = (*path, "source")
        if kind == CHECK_IN:
            problems += [
                document.problem((*place, extra), f'unknown key "{extra}"', "a check-in needs none", key=True)
                for extra in sorted(set(source) - {"type"})
            ]
            continue
        try:
            loaded = load_metric_source(kind)
        except PluginError as error:
            if not error.is_installed:
                fix = f"write one of {', '.join(sorted({*metric_source_names(), CHECK_IN}))}"
                problems.append(document.problem((*place, "type"), f'metric source "{kind}" is not installed', fix))
            continue
        problems += check(document, loaded.Settings, place)[1]
    return problems
