"""Checks that reach across entries and files: duplicate ids, dangling references, dates and numbers that contradict."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from okrsync.config.document import DataPath, Document, entries
from okrsync.config.okrs_file import is_output
from okrsync.errors import Problem

# These checks run on plain data, so that one wrong entry does not hide what is wrong with the others.


class _Defined(dict[str, tuple[Document, DataPath]]):
    """Ids, and where they stand; unless *complete*, a file that cannot be read may define more of them."""

    def __init__(self, *, complete: bool = True) -> None:
        super().__init__()
        self.complete = complete


def check_okrs(documents: Sequence[Document], *, complete: bool) -> Iterator[Problem]:
    """Everything in the OKR files that contradicts something else in them; *complete*: all of them could be read."""
    problems: list[Problem] = []
    values = _define(documents, "values", "value", problems, complete=complete)
    cycles = _define(documents, "cycles", "cycle", problems, complete=complete)
    metrics = _define(documents, "metrics", "metric", problems, complete=complete)
    yield from problems
    if documents and complete and not cycles:
        yield documents[0].problem((), "no cycle is defined", "add `cycles: [{id: 2026Q4, start: ..., end: ...}]`")
    for document in documents:
        for path, entry in _mappings(document, "values"):
            yield from _dangling_list(document, path, entry, "guardrails", "metric", metrics)
        for path, entry in _mappings(document, "cycles"):
            yield from _ordered(document, path, entry, "start", "end")
        for path, entry in _mappings(document, "metrics"):
            yield from _check_metric(document, path, entry)
    yield from _check_objectives(documents, values, cycles, metrics)


def check_sources(document: Document) -> Iterator[Problem]:
    """Source names that repeat, or that ``work`` names and no source has; exempt classes that repeat."""
    names: dict[str, int] = {}
    spelled: list[str] = []
    for path, entry in _mappings(document, "sources"):
        name = entry.get("name")
        if isinstance(name, str):
            if name.casefold() in names:
                line = names[name.casefold()]
                yield document.problem(
                    (*path, "name"), f'source "{name}" is there twice (first in line {line})', "rename one"
                )
            else:
                names[name.casefold()] = document.at((*path, "name"))[0]
                spelled.append(name)
    work = document.data.get("work") if isinstance(document.data, dict) else None
    if not isinstance(work, dict):
        return
    for section in ("done", "size"):
        named = work.get(section)
        for name in named if isinstance(named, dict) else ():
            if name.casefold() not in names:
                yield document.problem(
                    ("work", section, name),
                    f'no source is called "{name}"',
                    f"name one of {', '.join(spelled)}" if spelled else "give the source that name",
                    key=True,
                )
    seen: set[str] = set()
    for path, entry in entries(document, "work", "exempt"):
        class_id = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(class_id, str):
            if class_id in seen:
                yield document.problem((*path, "id"), f'exempt class "{class_id}" is there twice', "rename one")
            seen.add(class_id)


def _define(
    documents: Iterable[Document], section: str, noun: str, problems: list[Problem], *, complete: bool
) -> _Defined:
    defined = _Defined(complete=complete)
    for document in documents:
        for path, entry in _mappings(document, section):
            if isinstance(entry.get("id"), str):
                _add(defined, entry["id"], document, (*path, "id"), noun, problems)
    return defined


def _add(defined: _Defined, id_: str, document: Document, path: DataPath, noun: str, problems: list[Problem]) -> None:
    if id_ in defined:
        first_document, first_path = defined[id_]
        place = f"{first_document.file}:{first_document.at(first_path)[0]}"
        problems.append(
            document.problem(path, f'{noun} "{id_}" is there twice (first at {place})', "give one of them another id")
        )
    else:
        defined[id_] = (document, path)


def _mappings(document: Document, section: str) -> Iterator[tuple[DataPath, dict[str, Any]]]:
    for path, entry in entries(document, section):
        if isinstance(entry, dict):
            yield path, entry


def _check_metric(document: Document, path: DataPath, entry: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _ascending(document, path, entry, "bounds")
    events = entry.get("events")
    for index, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict):
            yield from _ordered(document, (*path, "events", index), event, "from", "to")


def _check_objectives(
    documents: Sequence[Document], values: _Defined, cycles: _Defined, metrics: _Defined
) -> Iterator[Problem]:
    problems: list[Problem] = []
    objectives, key_results = _Defined(), _Defined()
    for document in documents:
        for path, entry in _mappings(document, "objectives"):
            cycle = entry.get("cycle")
            if isinstance(cycle, str):
                yield from _dangling(document, (*path, "cycle"), cycle, "cycle", cycles)
                if isinstance(entry.get("id"), str):
                    _add(objectives, f"{cycle}/{entry['id']}", document, (*path, "id"), "objective", problems)
            uses = entry.get("values")
            for index, use in enumerate(uses if isinstance(uses, list) else ()):
                if isinstance(use, dict) and isinstance(use.get("id"), str):
                    yield from _dangling(document, (*path, "values", index, "id"), use["id"], "value", values)
            listed = entry.get("key_results")
            for index, key_result in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(key_result, dict):
                    inner = (*path, "key_results", index)
                    if isinstance(key_result.get("id"), str):
                        _add(
                            key_results, f"{cycle}/{key_result['id']}", document, (*inner, "id"), "key result", problems
                        )
                    yield from _check_key_result(document, inner, key_result, metrics)
    yield from problems


def _check_key_result(
    document: Document, path: DataPath, entry: Mapping[str, Any], metrics: _Defined
) -> Iterator[Problem]:
    name = f'key result "{entry["id"]}"' if isinstance(entry.get("id"), str) else "this key result"
    if isinstance(entry.get("metric"), str):
        yield from _dangling(document, (*path, "metric"), entry["metric"], "metric", metrics)
    yield from _dangling_list(document, path, entry, "controls", "metric", metrics)
    if entry.get("state") != "draft":
        needed = {
            "metric": "metric: ID",
            "baseline": "baseline: {value: ..., date: ...}",
            "target": "target: {value: ..., date: ...}",
        }
        for field, example in needed.items():
            if entry.get(field) is None:
                place = (*path, field) if field in entry else path
                fix = f"add `{example}`, or `state: draft`"
                yield document.problem(place, f"{name} has no {field}", fix)
    yield from _check_aim(document, path, entry, name)
    yield from _check_bounds(document, path, entry, metrics)
    yield from _check_level(document, path, entry, metrics)


def _check_bounds(document: Document, path: DataPath, entry: Mapping[str, Any], metrics: _Defined) -> Iterator[Problem]:
    bounds = _metric_of(entry, metrics).get("bounds")
    if not (isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_number, bounds)) and bounds[0] < bounds[1]):
        return
    for field in ("baseline", "target"):
        value = _number(entry.get(field))
        if value is not None and not bounds[0] <= value <= bounds[1]:
            message = f"{field} {value:g} lies outside the bounds of its metric, {bounds[0]:g} to {bounds[1]:g}"
            yield document.problem((*path, field), message, "mend the value, or the bounds")


def _check_level(document: Document, path: DataPath, entry: Mapping[str, Any], metrics: _Defined) -> Iterator[Problem]:
    source = _metric_of(entry, metrics).get("source")
    if entry.get("level") == "outcome" and isinstance(source, dict) and is_output(source):
        message = f'metric "{entry["metric"]}" counts work itself, which is an output'
        fix = "write level: output, or say in its source why it is an outcome (because: ...)"
        yield document.problem((*path, "level"), message, fix)


def _metric_of(entry: Mapping[str, Any], metrics: _Defined) -> Mapping[str, Any]:
    """The metric that a key result names; empty where there is none."""
    name = entry.get("metric")
    if not isinstance(name, str) or name not in metrics:
        return {}
    holder, id_path = metrics[name]
    metric: Any = holder.data
    for step in id_path[:-1]:
        metric = metric[step]
    return metric if isinstance(metric, dict) else {}


def _check_aim(document: Document, path: DataPath, entry: Mapping[str, Any], name: str) -> Iterator[Problem]:
    baseline, target = _number(entry.get("baseline")), _number(entry.get("target"))
    direction = entry.get("direction", "increase")
    if direction == "maintain":
        if entry.get("band") is None:
            place = (*path, "band") if "band" in entry else path
            yield document.problem(place, f"{name} is to be maintained but has no band", "add `band: [LOW, HIGH]`")
    elif baseline is not None and target is not None:
        place = (*path, "target")
        if baseline == target:
            fix = "write the value that is wanted, or direction: maintain with a band"
            yield document.problem(place, f"{name} has a target that equals its baseline", fix)
        elif direction in {"increase", "decrease"} and (target > baseline) != (direction == "increase"):
            other = "decrease" if direction == "increase" else "increase"
            yield document.problem(
                place,
                f"{name} is to {direction} from {baseline:g} to {target:g}",
                f"write direction: {other}, or mend the target",
            )
    yield from _ascending(document, path, entry, "band")
    starts, ends = _day(entry.get("baseline")), _day(entry.get("target"))
    if starts and ends and ends <= starts:
        yield document.problem(
            (*path, "target", "date"),
            f"{name} has its target on {ends}, not after its baseline of {starts}",
            "mend the dates",
        )


def _dangling(document: Document, path: DataPath, id_: str, noun: str, defined: _Defined) -> Iterator[Problem]:
    if id_ not in defined and defined.complete:
        close = get_close_matches(id_, defined, n=1, cutoff=0.6)
        fix = f'did you mean "{close[0]}"?' if close else f"define it under {noun}s, or name one that is there"
        yield document.problem(path, f'{noun} "{id_}" does not exist', fix)


def _dangling_list(
    document: Document, path: DataPath, entry: Mapping[str, Any], field: str, noun: str, defined: _Defined
) -> Iterator[Problem]:
    named = entry.get(field)
    for index, id_ in enumerate(named if isinstance(named, list) else ()):
        if isinstance(id_, str):
            yield from _dangling(document, (*path, field, index), id_, noun, defined)


def _ordered(document: Document, path: DataPath, entry: Mapping[str, Any], first: str, last: str) -> Iterator[Problem]:
    start, end = _as_day(entry.get(first)), _as_day(entry.get(last))
    if start and end and end < start:
        yield document.problem((*path, last), f"{last} {end} lies before {first} {start}", "mend the dates")


def _ascending(document: Document, path: DataPath, entry: Mapping[str, Any], field: str) -> Iterator[Problem]:
    pair = entry.get(field)
    if isinstance(pair, list) and len(pair) == 2 and all(_is_number(value) for value in pair) and pair[0] >= pair[1]:
        yield document.problem((*path, field), f"{field} must go from low to high", "write [LOW, HIGH]")


def _is_number(value: Any) -> bool:
    # Whole numbers in YAML have no limit; one that no float holds is refused by the shape of its field.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _number(entry: Any) -> float | None:
    value = entry.get("value") if isinstance(entry, dict) else None
    return value if _is_number(value) else None


def _day(entry: Any) -> date | None:
    return _as_day(entry.get("date")) if isinstance(entry, dict) else None


def _as_day(value: Any) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None
