"""The ledger: JSON Lines files that people's words are appended to, and that nothing ever rewrites."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema

from okrsync.config.document import MAX_BYTES, Document, is_unicode, not_utf8, shown
from okrsync.config.validation import YamlEntry, check
from okrsync.errors import OkrsyncError, Problem
from okrsync.model import ledger as model
from okrsync.model.days import check_day
from okrsync.plugins.secret import looks_like_token

# A ledger grows for years, a configuration file does not.
MAX_LEDGER_BYTES = 64 * MAX_BYTES
GIT_ATTRIBUTES = """\
# Lines that two branches appended are all kept when they are merged.
*.jsonl merge=union
"""
"""Of the ledger's folder: without it, git takes two lines at one end for a conflict."""
_APPENDS_AT_ONCE = os.name == "posix"
"""Whether the system puts a write behind what others wrote meanwhile; Windows looks for the end first, then writes."""
_LOCK_SECONDS = 10.0


def _read_time(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError('a time is text; write "2026-10-01T08:00:00Z"')  # noqa: TRY004 - pydantic collects ValueErrors
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f'{value[:40]!r} is no time; write "2026-10-01T08:00:00Z"') from None


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError('a time needs its zone; write "2026-10-01T08:00:00Z"')
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError('a time outside the calendar; write "2026-10-01T08:00:00Z"') from None


def _read_day(value: Any) -> Any:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('no date; write "2026-12-01"') from None
    return check_day(day)


Moment = Annotated[
    datetime,
    BeforeValidator(_read_time),
    AfterValidator(_aware),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[date, BeforeValidator(_read_day), WithJsonSchema({"type": "string", "format": "date"})]
Word = Annotated[str, Field(min_length=1, max_length=500)]
Prose = Annotated[str, Field(max_length=10_000)]


class RecordEntry(YamlEntry):
    """What every record carries."""

    id: Word
    at: Annotated[Moment, Field(description="When it holds")]
    recorded_at: Annotated[Moment, Field(description="When it was written")]
    by: Annotated[Word, Field(description="The role that wrote it")]
    replaces: Annotated[str, Field(description="Id of the record that this one corrects")] = ""

    def _common(self) -> tuple[str, datetime, datetime, str, str]:
        return (self.id, self.at, self.recorded_at, self.by, self.replaces)


class LinkEntry(RecordEntry):
    """A link made or taken away by a person."""

    action: Literal["link", "unlink"]
    item: Word
    key_result: Word
    reason: Prose = ""

    def to_model(self) -> model.LinkDecision:
        """The record as okrsync's own."""
        return model.LinkDecision(*self._common(), self.action, self.item, self.key_result, self.reason)


class CheckInEntry(RecordEntry):
    """A key result's value as a person reports it."""

    key_result: Word
    value: float
    confidence: Annotated[float | None, Field(ge=0, le=1)] = None
    note: Prose = ""

    def to_model(self) -> model.CheckIn:
        """The record as okrsync's own."""
        return model.CheckIn(*self._common(), self.key_result, self.value, self.confidence, self.note)


class Expected(YamlEntry):
    """The expected change, in the metric's unit, and by when."""

    change: float
    by: Day


class HypothesisEntry(RecordEntry):
    """What items are expected to do to a key result."""

    items: Annotated[list[Word], Field(min_length=1)]
    key_result: Word
    expected: Expected
    because: Prose
    stop_if: Prose = ""
    guardrails: list[Word] = []

    def to_model(self) -> model.Hypothesis:
        """The record as okrsync's own."""
        expected = self.expected
        return model.Hypothesis(
            *self._common(),
            tuple(self.items),
            self.key_result,
            expected.change,
            expected.by,
            self.because,
            self.stop_if,
            tuple(self.guardrails),
        )


class DecisionEntry(RecordEntry):
    """What was decided, and why."""

    about: Word
    choice: Literal["persevere", "scale", "pivot", "stop", "revert"]
    because: Prose
    values: list[Word] = []
    evidence: list[Word] = []
    alignment: Literal["", "comfortable", "uneasy", "opposed"] = ""
    reverses: str = ""

    def to_model(self) -> model.Decision:
        """The record as okrsync's own."""
        return model.Decision(
            *self._common(),
            self.about,
            self.choice,
            self.because,
            tuple(self.values),
            tuple(self.evidence),
            self.alignment,
            self.reverses,
        )


class EvidenceEntry(RecordEntry):
    """A note beside the numbers."""

    about: Word
    kind: Literal["survey", "interview", "support", "usage"]
    text: Prose
    n: Annotated[int | None, Field(ge=1)] = None
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""

    def to_model(self) -> model.EvidenceNote:
        """The record as okrsync's own."""
        return model.EvidenceNote(*self._common(), self.about, self.kind, self.text, self.n, self.url)


RECORD_KINDS: dict[str, type[RecordEntry]] = {
    "links": LinkEntry,
    "check_ins": CheckInEntry,
    "hypotheses": HypothesisEntry,
    "decisions": DecisionEntry,
    "evidence": EvidenceEntry,
}
RecordT = TypeVar("RecordT", bound=model.Recorded)


def read_ledger(folder: Path) -> tuple[model.Ledger, list[Problem]]:
    """All records below *folder* (none where it does not exist) as :class:`Ledger` holds them, and all problems."""
    problems: list[Problem] = []
    records: dict[str, list[Any]] = {}
    for kind, entry in RECORD_KINDS.items():
        found = _read_file(folder / f"{kind}.jsonl", entry, problems)
        records[kind] = [record.to_model() for record in found]  # type: ignore[attr-defined]  # every kind has it
    ledger = model.Ledger(
        links=_in_force(records["links"]),
        check_ins=_in_force(records["check_ins"]),
        hypotheses=tuple(records["hypotheses"]),
        decisions=_in_force(records["decisions"]),
        evidence=_in_force(records["evidence"]),
    )
    return ledger, problems


@dataclass(frozen=True, slots=True)
class LedgerWriter:
    """Appends records for one command; *by* is the role that speaks."""

    folder: Path
    by: str
    now: datetime

    def append(self, kind: str, records: Sequence[Mapping[str, Any]], at: datetime | None = None) -> list[str]:
        """
        Append *records* to the file of *kind*, in one write, and return their new ids.

        Raises:
            OkrsyncError: a record does not have the shape of its kind, or the file cannot be written; then none of
                the records is in it.
        """
        stamp = {"at": _iso(at or self.now), "recorded_at": _iso(self.now), "by": self.by}
        full = [{**record, **stamp, "id": f"{kind[0]}{secrets.token_hex(6)}"} for record in records]
        for record in full:
            self._check(kind, record)
        lines = "".join(json.dumps(record, sort_keys=True, ensure_ascii=False) + "\n" for record in full)
        try:
            _append(self.folder / f"{kind}.jsonl", lines.encode())
        except OSError as error:
            raise OkrsyncError(
                f"{shown(self.folder)}: the ledger cannot be written ({error.strerror}); check path and permissions"
            ) from None
        return [record["id"] for record in full]

    def _check(self, kind: str, record: Mapping[str, Any]) -> None:
        text = json.dumps(record, ensure_ascii=False)
        if looks_like_token(text):
            raise OkrsyncError("this looks like an access token; it was not written to the ledger")
        if not is_unicode(text):
            raise OkrsyncError("the text has half characters; write it as UTF-8; nothing was written")
        try:
            RECORD_KINDS[kind].model_validate(record)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise OkrsyncError(f"the record does not fit: {where}: {first['msg']}; nothing was written") from None


def _append(path: Path, content: bytes) -> None:
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
        (path.parent / ".gitattributes").write_text(GIT_ATTRIBUTES, encoding="utf-8", newline="\n")
    with _only_writer(path):
        # Binary, where a system tells the two apart: in text mode Windows writes other line ends than were given.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o644)
        try:
            # A line that an editor or a crash left open must not swallow the new record.
            end = os.lseek(descriptor, 0, os.SEEK_END)
            if end:
                os.lseek(descriptor, end - 1, os.SEEK_SET)
                if os.read(descriptor, 1) != b"\n":
                    content = b"\n" + content
            written = os.write(descriptor, content)  # one write with O_APPEND: two writers never mix their lines
            os.fsync(descriptor)
            if written < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Let no other okrsync append to *path* meanwhile, where the system itself does not keep their lines apart."""
    if _APPENDS_AT_ONCE:
        yield
        return
    from filelock import FileLock, Timeout  # noqa: PLC0415 - not needed where appending is one step

    try:
        with FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_SECONDS):
            yield
    except Timeout:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY)) from None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_force(records: list[RecordT]) -> tuple[RecordT, ...]:
    replaced = {record.replaces for record in records if record.replaces}
    return tuple(record for record in records if record.id not in replaced)


def _read_file(path: Path, entry: type[RecordEntry], problems: list[Problem]) -> list[RecordEntry]:
    file = shown(path)
    try:
        if path.stat().st_size > MAX_LEDGER_BYTES:
            problems.append(Problem(file, 0, 0, "larger than 64 MiB", "move closed years into a folder beside it"))
            return []
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        problems.append(Problem(file, 0, 0, f"cannot be read: {reason}", "check the path and its permissions"))
        return []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(not_utf8(file, content, error))
        return []
    return _read_lines(text, path, entry, problems)


def _read_lines(text: str, path: Path, entry: type[RecordEntry], problems: list[Problem]) -> list[RecordEntry]:
    file = shown(path)
    found: list[RecordEntry] = []
    ids: dict[str, int] = {}
    # Only a line feed ends a record: str.splitlines would also cut at characters that JSON allows inside text.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if looks_like_token(line):
            problems.append(Problem(file, number, 1, "this looks like an access token", "revoke it and take it out"))
            continue
        data, column = _json_object(line)
        if data is None:
            fix = "one JSON object a line; after a merge, look for conflict marks"
            problems.append(Problem(file, number, column, "not a JSON record", fix))
            continue
        if "\\ud" in line.casefold() and not is_unicode(json.dumps(data, ensure_ascii=False)):
            problems.append(
                Problem(file, number, 1, "half a character (a lone surrogate)", "write the character itself")
            )
            continue
        record, wrong = check(Document(file, path, data, {(): (number, 1)}, {}), entry)
        problems.extend(wrong)
        if record is None:
            continue
        if record.id in ids:
            problems.append(
                Problem(
                    file,
                    number,
                    1,
                    f'id "{record.id}" is there twice (first in line {ids[record.id]})',
                    "give one of them another id",
                )
            )
            continue
        ids[record.id] = number
        found.append(record)
    return found


def _json_object(line: str) -> tuple[dict[str, Any] | None, int]:
    """The object in *line*, or ``None`` and the column from which it is none."""
    try:
        # The parser counts a carriage return at the end as a place where something could stand.
        data = json.loads(line.removesuffix("\r"))
    except (ValueError, RecursionError) as error:
        return None, error.colno if isinstance(error, json.JSONDecodeError) else 1
    return (data, 1) if isinstance(data, dict) else (None, 1)
