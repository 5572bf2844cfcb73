"""
Looks at everything that a sync needs, and says what to do where something is missing.

It changes nothing at a tracker. Of a project's own things only the store may change: opening one that is older brings
it up to date, as every command does.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from okrsync.config.project import Project, load_project
from okrsync.errors import AuthenticationError, ConfigError, ConnectorError, OkrsyncError, StoreError
from okrsync.jobs.sync_all import connect, context_of
from okrsync.plugins.connector import CONNECTOR_GROUP, CheckLine, Connector, HasCheck, SourceSettings
from okrsync.plugins.context import Context
from okrsync.plugins.discovery import broken_plugins, connector_names, metric_source_names
from okrsync.plugins.metric_source import METRIC_GROUP
from okrsync.plugins.rate_limit import Limiter
from okrsync.store.database import SCHEMA_REVISION, Store

Level = Literal["ok", "warn", "fail"]

MAX_WAIT_SECONDS = 5.0
"""A tracker that asks to wait longer is a line of the report: nobody waits an hour for a diagnosis."""
_PROBE_SECONDS = 10.0
_LITTLE_SPACE, _NO_SPACE = 1024**3, 64 * 1024**2
_MIB = 1024**2

# SQLite's WAL needs memory that all processes share, which a file system between machines has not:
# https://sqlite.org/wal.html
_BETWEEN_MACHINES = {
    "9p",
    "afs",
    "ceph",
    "cifs",
    "glusterfs",
    "nfs",
    "nfs4",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "sshfs",
    "vboxsf",
}
# The disk of a container that was started without rights: a layer above a local one.
_LOCAL_FUSE = {"fuse.fuse-overlayfs", "fuse.overlayfs"}
_CI_NAMES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI")
_USE_ANOTHER_DISK = "move the store to a local disk, or write store: postgresql://USER@HOST/NAME"
_KEEP_HISTORY = (
    "what was known when is lost with the runner: write store: postgresql://USER@HOST/NAME, or restore the file from "
    "a cache before each sync and save it after"
)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at; *advice* says what to do where *level* is not ``ok``."""

    group: str
    level: Level
    what: str
    advice: str = ""
    exit_code: int = 1
    """What a ``fail`` ends the command with: 2 configuration, 4 authentication, 1 anything else."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was looked at, in its order."""

    checks: tuple[CheckResult, ...]

    @property
    def is_ok(self) -> bool:
        """Whether nothing failed; a warning is no failure."""
        return not self._codes

    @property
    def exit_code(self) -> int:
        """0 where nothing failed; else 2, 4 or 1, the first of them that some failure has."""
        return next((code for code in (2, 4, 1) if code in self._codes), 0)

    @property
    def _codes(self) -> set[int]:
        return {check.exit_code for check in self.checks if check.level == "fail"}

    def document(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        return {
            "schema_version": 1,
            "ok": self.is_ok,
            "checks": [
                {"group": check.group, "level": check.level, "what": check.what, "advice": check.advice}
                for check in self.checks
            ],
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine as a diagnosis sees it; a test gives another one."""

    mounts: Path = Path("/proc/mounts")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


def diagnose(config: Path, surroundings: Surroundings | None = None) -> Diagnosis:
    """What is well and what is not with the project at *config*; where its files do not load, only they are told."""
    around = surroundings or Surroundings()
    try:
        project = load_project(config)
    except ConfigError as error:
        return Diagnosis((*_mistakes(error), *_plugins(None)))
    checks = [_files(project), *_plugins(project)]
    with _opened(project, around, checks) as store:
        checks += [_ledger(project.ledger_folder), _time_zone(project.settings.timezone)]
        limiter = Limiter()
        for source in project.sources:
            checks += _source(project, source, limiter, store)
    return Diagnosis(tuple(checks))


def _mistakes(error: ConfigError) -> list[CheckResult]:
    return [
        CheckResult("project", "fail", str(replace(problem, fix="")), problem.fix or "correct it", exit_code=2)
        for problem in error.problems
    ]


def _files(project: Project) -> CheckResult:
    okrs = project.okrs
    counts = f"{len(project.sources)} sources, {len(okrs.cycles)} cycles, {len(okrs.key_results)} key results"
    return CheckResult("project", "ok", f"the files load: {counts}")


def _plugins(project: Project | None) -> list[CheckResult]:
    """One line for each plugin that does not load, and one for the others; *project* tells which of them matter."""
    used = _used(project) if project else set()
    broken = broken_plugins()
    names = {*connector_names(), *metric_source_names()} - {error.name for error in broken}
    lines = [CheckResult("plugins", "ok", f"these load: {', '.join(sorted(names)) or 'none'}")]
    for error in broken:
        level: Level = "fail" if (error.group, error.name) in used else "warn"
        what, _, advice = str(error).rpartition("; ")
        lines.append(CheckResult("plugins", level, what or advice, advice if what else "reinstall or remove it"))
    return lines


def _used(project: Project) -> set[tuple[str, str]]:
    connectors = {(CONNECTOR_GROUP, source.connector) for source in project.sources}
    return connectors | {(METRIC_GROUP, metric.source_type) for metric in project.okrs.metrics}


@contextmanager
def _opened(project: Project, around: Surroundings, checks: list[CheckResult]) -> Iterator[Store | None]:
    """The store, where it can be opened without harm; what was seen of it is put into *checks*."""
    path = _store_file(project.store_url)
    if path is not None:
        checks += _disk(path, around)
        if not path.exists() or any(check.group == "store" and check.level == "fail" for check in checks):
            yield None
            return
    store: Store | None = None
    try:
        store = Store(project.store_url)
        checks += _soundness(store, store.migrated())
        if path is not None and _is_on_runner(around):
            checks.append(_kept_on_runner(store))
    except StoreError as error:
        checks.append(_failure("store", error))
    is_sound = not any(check.group == "store" and check.level == "fail" for check in checks)
    try:
        yield store if is_sound else None
    finally:
        if store is not None:
            store.close()


def _store_file(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _soundness(store: Store, before: str | None) -> Iterator[CheckResult]:
    told = "up to date" if before == SCHEMA_REVISION else f"brought up to date from {before or 'nothing'}"
    yield CheckResult("store", "ok", f"{store.place} opens; schema {SCHEMA_REVISION}, {told}")
    faults = store.faults()
    for fault in faults:
        yield CheckResult("store", "fail", fault, "delete the file, and sync again: it is made anew from the trackers")
    if not faults:
        yield CheckResult("store", "ok", "its content is sound")


def _disk(path: Path, around: Surroundings) -> Iterator[CheckResult]:
    """What can be said of a store's place without opening it."""
    folder = path.parent
    if not folder.is_dir():
        yield CheckResult("store", "fail", f"{folder}: no such folder", "make it, or name another store")
        return
    kind = file_system(folder, around.mounts)
    if is_between_machines(kind):
        yield CheckResult(
            "store", "fail", f"{path} is on a network file system ({kind}): WAL does not work there", _USE_ANOTHER_DISK
        )
    for place in (folder, path) if path.exists() else (folder,):
        if not os.access(place, os.W_OK):
            yield CheckResult(
                "store", "fail", f"{place} cannot be written", "check its permissions, or name another store"
            )
    if not path.exists():
        yield CheckResult("store", "ok", f"{path} is not there yet; the first sync makes it")
        if _is_on_runner(around):
            yield CheckResult("store", "warn", "this is a runner, and its disk is thrown away", _KEEP_HISTORY)
    yield _space(path, around.free_bytes(folder))


def _space(path: Path, free: int) -> CheckResult:
    # Bringing a store up to date copies it beside itself first.
    wanted = max(_LITTLE_SPACE, 2 * path.stat().st_size if path.exists() else 0)
    what = f"{free // _MIB:,} MiB are free on its disk"
    if free < _NO_SPACE:
        return CheckResult("store", "fail", what, "free some disk space, or name a store on another disk")
    if free < wanted:
        return CheckResult("store", "warn", what, f"{wanted // _MIB:,} MiB are enough for an update of the store")
    return CheckResult("store", "ok", what)


def _is_on_runner(around: Surroundings) -> bool:
    return any(around.environment.get(name, "").casefold() not in {"", "0", "false"} for name in _CI_NAMES)


def _kept_on_runner(store: Store) -> CheckResult:
    with store.read() as view:
        runs = view.last_runs()
    if runs:
        return CheckResult("store", "ok", "this is a runner, and the store was kept from an earlier run")
    return CheckResult("store", "warn", "this is a runner, and its disk is thrown away", _KEEP_HISTORY)


def file_system(folder: Path, mounts: Path) -> str:
    """
    The kind of file system that *folder* is on, by the kernel's table *mounts*; empty where there is no such table.

    A share of Windows, also behind a drive letter, is ``cifs``.

    The table has one mount a line (device, place, kind), as fstab(5) describes it; a later one covers an earlier.
    """
    resolved = folder.resolve()
    if resolved.drive.startswith("\\\\"):
        return "cifs"
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    place, kind = Path("/"), ""
    for line in lines:
        parts = line.split()
        if len(parts) < 3:
            continue
        mounted = Path(_unescaped(parts[1]))
        if resolved.is_relative_to(mounted) and len(mounted.parts) >= len(place.parts):
            place, kind = mounted, parts[2]
    return kind


def is_between_machines(kind: str) -> bool:
    """Whether a file system of *kind* is shared between machines, or is run by a program of its own."""
    return kind in _BETWEEN_MACHINES or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _ledger(folder: Path) -> CheckResult:
    """Whether a command could append to the ledger; nothing is written to find out."""
    if folder.exists() and not folder.is_dir():
        return CheckResult("ledger", "fail", f"{folder} is no folder", "move the file, or name another ledger")
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return CheckResult("ledger", "fail", f"{nearest} cannot be written", "check its permissions")
    told = "can be written" if folder.exists() else "is made by the first record"
    return CheckResult("ledger", "ok", f"{folder} {told}")


def _time_zone(name: str) -> CheckResult:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return CheckResult("time zone", "fail", f"{name} cannot be loaded", "run pip install tzdata")
    try:
        told = f"tzdata {version('tzdata')} is there for systems without their own"
    except PackageNotFoundError:
        told = f"the system knows {len(available_timezones())} zones"
    return CheckResult("time zone", "ok", f"{name}; {told}")


def _source(project: Project, source: SourceSettings, limiter: Limiter, store: Store | None) -> Iterator[CheckResult]:
    """What is to be said of one source; whatever goes wrong is a line."""
    group = f"source {source.name}"
    context = context_of(project, source, limiter, MAX_WAIT_SECONDS)
    try:
        if store is not None:
            with store.read() as view:
                context.memory.update(view.memory(source.name))
        connector = connect(source, context)
        yield CheckResult(group, "ok", f"its token comes from {source.token.place}")
        yield from _asked(group, source, connector, context)
    except OkrsyncError as error:
        yield _failure(group, error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's bug must not hide the other sources
        yield CheckResult(
            group,
            "fail",
            f"the connector {source.connector} failed with {type(error).__name__}",
            "report this to whoever maintains it",
        )


def _asked(group: str, source: SourceSettings, connector: Connector, context: Context) -> Iterator[CheckResult]:
    if not isinstance(connector, HasCheck):
        yield CheckResult(
            group, "warn", f"the connector {source.connector} cannot check itself", "run okrsync sync to see it read"
        )
        return
    lines: Sequence[CheckLine] = connector.check()
    code = _code_of_reading(connector, context) if any(line.level == "fail" for line in lines) else 0
    yield from (_line(group, line, code) for line in lines)


def _line(group: str, line: CheckLine, code: int) -> CheckResult:
    advice = "" if line.level == "ok" else line.advice or "see the documentation of the connector"
    return CheckResult(group, line.level, line.what, advice, code)


def _code_of_reading(connector: Connector, context: Context) -> int:
    """
    Which exit code a sync would meet: a line says what failed in words, and an error says it by its kind.

    Asks for what a sync asks for first, and for no more than that.
    """
    context.deadline = context.monotonic() + _PROBE_SECONDS
    try:
        fields = connector.discover()
        for partition in connector.partitions():
            next(iter(connector.pages(partition, None, fields)), None)
    except ConnectorError as error:
        return AuthenticationError.exit_code if isinstance(error, AuthenticationError) else 1
    return 1


def _failure(group: str, error: OkrsyncError) -> CheckResult:
    code = error.exit_code if error.exit_code in {2, 4} else 1
    if isinstance(error, ConnectorError):
        what = f"{error.where}: {error.what}" if error.where else error.what
        return CheckResult(group, "fail", what, error.next_step or "try again later", code)
    what, _, advice = str(error).rpartition("; ")
    return CheckResult(group, "fail", what or advice, advice if what else "see above", code)


def levels(checks: Iterable[CheckResult]) -> dict[Level, int]:
    """How many of *checks* there are of each level."""
    counted: dict[Level, int] = {"ok": 0, "warn": 0, "fail": 0}
    for check in checks:
        counted[check.level] += 1
    return counted
