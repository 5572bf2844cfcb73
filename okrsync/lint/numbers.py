"""Numbers in titles, as people write them in several languages."""

from __future__ import annotations

import re
from itertools import chain

from okrsync.model.okrs import KeyResult

# Digits in groups of three or not, then a decimal part, then a multiplier; not the digits of KR1.1, Q4 or v2.
_NUMBER = re.compile(
    r"(?<![\w.,])[-−+]?(\d{1,3}(?:[.,’'   ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?)(?!\d)"
    r"(?:\s?(k|tsd|mio|mn|m|million|millions|millionen|millones|mrd|bn|billion)\b)?",
    re.IGNORECASE,
)
_TIMES = {"k": 1e3, "tsd": 1e3, "mrd": 1e9, "bn": 1e9, "billion": 1e9}
_MILLION = 1e6
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
# A title may say percent, seconds or thousands where the metric counts shares, milliseconds or ones.
_SCALES = (1.0, 0.01, 100.0, 0.001, 1000.0, 1 / 60, 60.0)
_YEARS = range(1900, 2101)


def numbers_in(title: str) -> list[frozenset[float]]:
    """Each number of *title*, as everything that its spelling can mean: ``1.500`` is 1.5 or 1500."""
    return [frozenset(_readings(match[1], match[2])) for match in _NUMBER.finditer(title)]


def has_number(title: str) -> bool:
    """Whether *title* has a number that is no year."""
    return any(not all(value in _YEARS for value in readings) for readings in numbers_in(title))


def fits(title: str, key_result: KeyResult) -> bool:
    """Whether a number of *title* is the target, the change, the change in percent or the factor of *key_result*."""
    wanted = _wanted(key_result)
    said = set(chain.from_iterable(numbers_in(title)))
    return any(_is_close(value * scale, aim) for value in said for aim in wanted for scale in _SCALES)


def _readings(text: str, multiplier: str | None) -> set[float]:
    times = _TIMES.get(multiplier.casefold(), _MILLION) if multiplier else 1.0
    plain = re.sub(r"[’'   ]", "", text)
    found = set()
    if _GROUPED.fullmatch(plain):
        found.add(float(re.sub(r"[.,]", "", plain)))
    whole, separator, decimals = plain.replace(",", ".").rpartition(".")
    found.add(float(f"{whole.replace('.', '')}{separator}{decimals}"))
    return {value * times for value in found}


def _wanted(key_result: KeyResult) -> list[float]:
    wanted = list(key_result.band or ())
    if key_result.target is not None:
        wanted.append(key_result.target.value)
    if key_result.target is not None and key_result.baseline is not None:
        start, end = key_result.baseline.value, key_result.target.value
        wanted.append(abs(end - start))
        if start:
            wanted += [abs(end - start) / abs(start) * 100, end / start]
    return wanted


def _is_close(said: float, wanted: float) -> bool:
    """Equal but for the rounding of a title: to half a percent."""
    return abs(abs(said) - abs(wanted)) <= 0.005 * abs(wanted)
