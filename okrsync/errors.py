"""
Every error that okrsync raises on purpose, each with the exit code a command ends with.

::

    OkrsyncError                         1
      ConfigError                        2   problems in the files a user writes, all of them at once
      UsageError                         2   a command was asked for something that is not there
      PluginError                        1   a plugin that is needed is missing or broken
      ConnectorError                     1   a tracker could not be read
        AuthenticationError              4   the tracker refuses the token
        RateLimitedError                75   the tracker asks to wait longer than this run may
        UnreachableError                 1   no connection, or no answer in time
        DeadlineError                   75   the time that this run was given is over
        NotFoundError                    1   the project or repository is not there, or is hidden
        UnexpectedResponseError          1   an answer that is no answer: HTML, empty, the wrong shape
        ShrinkError                      1   so much vanished at once that a person must look first
      MetricError                        1   a metric source could not be read
      StoreError                         1   the store cannot be opened, read or written
        StoreTooNewError                 2   the store was written by a newer okrsync
      LockHeldError                     75   another sync of the same source runs
      FileInUseError                     1   another program has a file open that is to be replaced or deleted

Facts are attributes; the sentence builds itself and ends with what to do next. Only ``okrsync.cli`` exits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar


class OkrsyncError(Exception):
    """Base of all errors that are meant for a person; ``exit_code`` is what a command ends with."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """
    One thing wrong in a file that a person writes.

    *line* and *column* count from 1; 0 means the file as a whole.
    """

    file: str
    line: int
    column: int
    message: str
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.message}; {self.fix}" if self.fix else f"{where}: {self.message}"


class ConfigError(OkrsyncError):
    """The files a user writes have problems; ``problems`` holds all that one run could find, in file order."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(OkrsyncError):
    """A command names something that does not exist or does not fit; the sentence says what would."""

    exit_code = 2


class PluginError(OkrsyncError):
    """
    A plugin is not installed, or does not load; then it is named, and what does not need it goes on.

    *is_installed* tells the two apart: a name that nothing has is the configuration's mistake.
    """

    def __init__(self, group: str, name: str, reason: str, *, is_installed: bool = True) -> None:
        self.group = group
        self.name = name
        self.reason = reason
        self.is_installed = is_installed
        super().__init__(f'plugin "{name}" ({group}) could not be loaded: {reason}')


class ConnectorError(OkrsyncError):
    """A tracker could not be read; *where* is the URL or item concerned, never with a credential in it."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        sentence = f"{where}: {what}" if where else what
        super().__init__(f"{sentence}; {next_step}" if next_step else sentence)


class AuthenticationError(ConnectorError):
    """The tracker refuses the token, or the token lacks a right; check where it comes from and what it may read."""

    exit_code = 4


class RateLimitedError(ConnectorError):
    """The tracker asks to wait longer than this run may wait; *until* says when to come back, if it said so."""

    exit_code = 75

    def __init__(self, what: str, *, where: str = "", until: datetime | None = None) -> None:
        self.until = until
        next_step = f"run again after {until:%Y-%m-%d %H:%M:%S} UTC" if until else "run again later"
        super().__init__(what, where=where, next_step=next_step)


class UnreachableError(ConnectorError):
    """No connection, or no answer in time; look at the URL, the network and the proxy."""


class DeadlineError(ConnectorError):
    """The time that this run was given is over, or would be after the next wait; run again to go on from there."""

    exit_code = 75

    def __init__(self, *, where: str = "") -> None:
        super().__init__("the run's deadline is over", where=where, next_step="run again to go on")


class NotFoundError(ConnectorError):
    """The tracker says that this project, repository or address does not exist, or hides it from this token."""


class UnexpectedResponseError(ConnectorError):
    """The tracker answered with something that is no answer; nothing of it was used."""


class ShrinkError(ConnectorError):
    """More vanished from a tracker at once than may without a person's word; nothing was taken for gone."""

    def __init__(self, source: str, partition: str, missing: int, held: int) -> None:
        self.source = source
        self.partition = partition
        super().__init__(
            f"{missing:,} of {held:,} items are not listed any more, and were kept",
            where=f"source {source}, {partition}",
            next_step="check what the token may read; if they are gone, run okrsync sync --allow-shrink",
        )


class MetricError(OkrsyncError):
    """A metric source could not be read; ``problems`` names each place, and the old observations are kept."""

    def __init__(self, metric: str, problems: Sequence[Problem]) -> None:
        self.metric = metric
        self.problems = tuple(problems)
        super().__init__(f'metric "{metric}" was not read:\n' + "\n".join(str(problem) for problem in problems))


class StoreError(OkrsyncError):
    """The store cannot be opened, read or written; nothing of the step that failed was kept."""


class StoreTooNewError(StoreError):
    """The store was written by a newer okrsync; update okrsync, or point it at another store."""

    exit_code = 2


class OutcomeInputError(OkrsyncError):
    """The statistics were given what they cannot work with: not finite, twice, or out of order."""

    exit_code = 2


class LockHeldError(OkrsyncError):
    """Another sync of the same source runs; *holder* says which. Come back when it is done."""

    exit_code = 75

    def __init__(self, source: str, holder: str) -> None:
        self.source = source
        self.holder = holder
        super().__init__(f"source {source}: {holder} is reading it; try again when it is done")


class FileInUseError(OkrsyncError):
    """Another program has *path* open, so that it cannot be *done* ("replaced", "deleted"); close it there."""

    def __init__(self, path: Path, done: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path}: cannot be {done} ({reason}) and is as it was; close the program that has it open, or check its "
            "permissions, then run again"
        )
