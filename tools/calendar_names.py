"""
Write ``okrsync/config/calendar_names.py`` anew: the calendars that every supported version of holidays knows.

With the lowest supported version: ``python tools/calendar_names.py list lowest.json``. Then with the newest:
``python tools/calendar_names.py write lowest.json okrsync/config/calendar_names.py``.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from holidays import list_supported_countries

HEAD = '''"""
Names of holiday calendars, so that checking one does not import holidays and its 300 modules.

Made by ``tools/calendar_names.py``. A name that is not here is not wrong: another version of holidays may know it.
"""

from __future__ import annotations

'''


def main() -> None:
    """Run the step that the first argument names."""
    match sys.argv[1:]:
        case ["list", target]:
            Path(target).write_text(json.dumps(list_supported_countries()), encoding="utf-8")
        case ["write", listed, target]:
            lowest = json.loads(Path(listed).read_text(encoding="utf-8"))
            Path(target).write_text(module_text(lowest, list_supported_countries()), encoding="utf-8")
        case _:
            sys.exit(__doc__)


def module_text(lowest: dict[str, list[str]], newest: dict[str, list[str]]) -> str:
    """Return the module with the countries, and the parts of them, that *lowest* and *newest* both have."""
    countries_of: dict[tuple[str, ...], list[str]] = {}
    for country in sorted(lowest.keys() & newest.keys()):
        both = set(lowest[country]) & set(newest[country])
        countries_of.setdefault(tuple(sorted(both)), []).append(country)
    lines = [f"_WITHOUT_PARTS = (\n{literals(' '.join(countries_of.pop((), [])))}\n)", "_PARTS = {"]
    lines += [
        f'    "{" ".join(countries)}": (\n{literals(", ".join(parts), 8)}\n    ),'
        for parts, countries in countries_of.items()
    ]
    lines += [
        "}",
        "",
        "PARTS: dict[str, tuple[str, ...]] = dict.fromkeys(_WITHOUT_PARTS.split(), ()) | {",
        '    country: tuple(parts.split(", ")) for names, parts in _PARTS.items() for country in names.split()',
        "}",
        '"""The parts of each country, by the country\'s code of two or three letters."""',
        "",
    ]
    return HEAD + "\n".join(lines)


def literals(text: str, indent: int = 4) -> str:
    """Return indented string literals, one a line, that Python joins to *text*."""
    lines = textwrap.wrap(text, 105, drop_whitespace=False)
    return "\n".join(f'{" " * indent}"{line}"' for line in lines)


if __name__ == "__main__":
    main()
