"""Reads single cells of a spreadsheet of OKRs: numbers, days, periods and words, in the ways people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

_EMPTY = frozenset({"", "-", "–", "—", "?", "n/a", "na", "#n/a", "none", "null", "tbd", "tba", "tbc"})
_CURRENCIES = "€$£¥"
_SCALES = (
    dict.fromkeys(("k", "K", "thousand", "tsd", "tsd."), 10**3)
    | dict.fromkeys(("M", "mio", "mio.", "mn", "million"), 10**6)
    | dict.fromkeys(("bn", "billion"), 10**9)
)
# Beside a currency these are no metres and no bytes.
_MONEY_SCALES = {"m": 10**6, "b": 10**9, "B": 10**9}
_GROUPED = re.compile(r"\d*|\d{1,3}(?:([., '’])\d{3})(?:\1\d{3})*", re.ASCII)
_NUMBER = re.compile(
    rf"(?:>=|<=|[≥≤])? ?(?P<first>[-−]?) ?(?P<money>[{_CURRENCIES}]|[A-Z]{{3}}(?= ))? ?(?P<sign>[-−]?)"
    r"(?P<digits>\d+(?:[., '’]\d+)*|[.,]\d+) ?(?P<after>[^\d]{0,30})",
    re.ASCII,
)
_SCIENTIFIC = re.compile(r"-?\d{1,15}(?:[.,]\d{1,20})?[eE][+-]?\d{1,2}", re.ASCII)
_AFTER = re.compile(rf"(?P<scale>[A-Za-z]+\.?)?(?![A-Za-z]) ?(?P<unit>[{_CURRENCIES}]?.*)")
_PERIOD = re.compile(
    r"(?P<kind>[QH]) ?(?P<part>[1-4])[ ./'’-]{0,3}(?P<year>\d{4}|\d{2})"
    r"|(?P<year_first>\d{4})[ ./-]{0,3}(?P<kind_last>[QH]) ?(?P<part_last>[1-4])"
    r"|(?:FY ?)?(?P<year_alone>\d{4})",
    re.IGNORECASE | re.ASCII,
)
_ERROR = re.compile(r"#(?:REF|DIV/0|VALUE|NAME|NUM|NULL|SPILL)[!?]?", re.IGNORECASE)
_DAY_ORDERS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII),
    re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4})", re.ASCII),
)
_BAND = re.compile(
    r"(?:between |from )?(?P<low>\S.*?) ?(?:–|—|\.\.\.?|…|\bto\b|\band\b| - |(?<=[\d%])-(?=\d)) ?(?P<high>\S.*)",
    re.ASCII,
)
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "direction": {
        "increase": (
            "increase",
            "increasing",
            "up",
            "raise",
            "grow",
            "higher",
            "more",
            "maximise",
            "maximize",
            "↑",
            "+",
        ),
        "decrease": ("decrease", "decreasing", "down", "reduce", "lower", "less", "minimise", "minimize", "↓"),
        "maintain": ("maintain", "keep", "hold", "stay", "stable", "→", "="),
    },
    "kind": {
        "leading": ("leading", "lead", "leading indicator"),
        "lagging": ("lagging", "lag", "lagging indicator"),
    },
}


class CellError(ValueError):
    """A cell cannot be understood; ``fix`` says what to write instead."""

    def __init__(self, message: str, fix: str) -> None:
        self.fix = fix
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the unit that stood beside it, or an empty one."""

    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SheetPeriod:
    """A quarter, half-year or year; both days belong to it."""

    id: str
    start: date
    end: date


def is_empty(text: str) -> bool:
    """Whether a cell says nothing: empty, a dash, or a word such as TBD."""
    return text.casefold() in _EMPTY


def is_broken(text: str) -> bool:
    """Whether a cell holds the error of a spreadsheet's formula."""
    return _ERROR.fullmatch(text) is not None


def decimal_marks(texts: Iterable[str]) -> set[str]:
    """The decimal marks, point or comma, that numbers among *texts* leave no doubt about."""
    found = {_proved(match["digits"]) for text in texts if (match := _NUMBER.fullmatch(text))}
    return found - {""}


def amount(text: str, mark: str) -> Amount:
    """
    The number in *text*, with its unit; *mark* is the sheet's decimal mark, empty where it is not known.

    Thousands may be set apart, and ``k``, ``M`` and the like count: ``€ 3.5k`` is 3500 €.

    Raises:
        CellError: it is no number, or may be two.
    """
    if _SCIENTIFIC.fullmatch(text):
        return Amount(float(text.replace(",", ".")))
    match = _NUMBER.fullmatch(text)
    if match is None:
        if text.startswith("+"):
            raise CellError(f'"{text[:40]}" is a change', "write the value itself, not the way to it")
        raise CellError(
            f'"{text[:40]}" is no number', "write a number such as 41, 3.5 or 41 %, or leave the cell empty"
        )
    factor, unit = _scale(match["after"].strip(), match["money"] or "")
    value = float(_plain(match["digits"], mark) * factor)
    if not math.isfinite(value):
        raise CellError(f'"{text[:40]}" is too large', "write a number of fewer digits")
    return Amount(-value if match["first"] or match["sign"] else value, unit)


def band(text: str, mark: str) -> tuple[float, float]:
    """
    The lowest and highest value in *text*, as in ``70 – 80 %``.

    Raises:
        CellError: it is no pair of numbers, the lower first.
    """
    match = _BAND.fullmatch(text)
    if match is None:
        raise CellError(f'"{text[:40]}" is no band', "write the lowest and highest value: 70 – 80")
    low, high = amount(match["low"], mark).value, amount(match["high"], mark).value
    if low >= high:
        raise CellError(f'"{text[:40]}" does not go from low to high', "write the lowest value first")
    return low, high


def share(text: str, mark: str) -> float:
    """
    A confidence between 0 and 1, from ``0.7`` or ``70 %``.

    Raises:
        CellError: it is neither.
    """
    found = amount(text, mark)
    value = found.value / 100 if found.unit == "%" else found.value
    if not 0 <= value <= 1:
        raise CellError(f'"{text[:40]}" is no confidence', "write 0 to 1, or a percentage")
    return value


def day(text: str) -> date:
    """
    The day in *text*; of a quarter, half-year or year the last one.

    Raises:
        CellError: it is no day, or one that is read differently here and there (``03/04/2026``).
    """
    for order in _DAY_ORDERS:
        if match := order.fullmatch(text):
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                break
    found = period(text)
    if found is not None:
        return found.end
    raise CellError(f'"{text[:40]}" is no day', "write YYYY-MM-DD, or a quarter such as 2026Q4")


def period(text: str) -> SheetPeriod | None:
    """The quarter, half-year or year that *text* is (``Q4 2026``, ``2026-Q4``, ``H1/27``, ``2026``), or ``None``."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    kind = (match["kind"] or match["kind_last"] or "").upper()
    part = int(match["part"] or match["part_last"] or 1)
    digits = match["year"] or match["year_first"] or match["year_alone"]
    year = int(digits) if len(digits) == 4 else 2000 + int(digits)
    months = {"Q": 3, "H": 6, "": 12}[kind]
    last_month = part * months
    if last_month > 12 or not 2000 <= year < 2100:
        return None
    after = date(year + last_month // 12, last_month % 12 + 1, 1)
    name = f"{year}{kind}{part}" if kind else str(year)
    return SheetPeriod(name, date(year, last_month - months + 1, 1), after - timedelta(days=1))


def choice(text: str, field: str) -> str:
    """
    The word of okrs.yaml that *text* means as a ``direction`` or ``kind``.

    Raises:
        CellError: it means none.
    """
    for word, spellings in _WORDS[field].items():
        if text.casefold() in spellings:
            return word
    raise CellError(f'"{text[:40]}" is no {field}', f"write {' or '.join(_WORDS[field])}, or leave the cell empty")


def _proved(digits: str) -> str:
    """The decimal mark that one number proves to be in use; empty where it may be either."""
    marks = [character for character in digits if character in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    if len(set(marks)) == 2:
        return last
    if len(marks) > 1:
        return "," if last == "." else "."
    before, _, after = digits.partition(last)
    is_group = len(after) == 3 and len(before) <= 3 and before not in {"", "0"}
    return "" if is_group else last


def _plain(digits: str, mark: str) -> Decimal:
    chosen = _proved(digits) or mark
    if not chosen and ("." in digits or "," in digits):
        one, other = re.sub(r"[.,]", ".", digits).rstrip("0"), re.sub(r"[.,]", "", digits)
        fix = f"write {other} or {one}, or show the sheet's decimal mark in another number"
        raise CellError(f'"{digits[:40]}" may be {one} or {other}', fix)
    whole, _, part = digits.partition(chosen) if chosen else (digits, "", "")
    if not _GROUPED.fullmatch(whole) or (part and not part.isdecimal()):
        raise CellError(f'"{digits[:40]}" is no number', "write a number such as 41, 3.5 or 1,200")
    return Decimal(f"{re.sub(r'[^0-9]', '', whole) or '0'}.{part or '0'}")


def _scale(after: str, money: str) -> tuple[int, str]:
    """The factor and the unit in what follows a number."""
    match = _AFTER.fullmatch(after)
    word, rest = (match["scale"] or "", match["unit"]) if match else ("", after)
    unit = money or rest
    scales = _SCALES | _MONEY_SCALES if unit and unit[0] in _CURRENCIES else _SCALES
    for spelled in (word, word.casefold() if len(word) > 1 else word):
        if spelled in scales:
            return scales[spelled], unit
    return 1, money or after
