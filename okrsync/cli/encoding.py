"""
Output on terminals and in files whose code page lacks characters that reports use.

Apart, because it changes streams of the whole process: only the program does so, no command.
"""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

_ERRORS = "okrsync.plain"
_PLAIN = {
    "–": "-", "—": "-", "−": "-", "·": "-", "…": "...", "×": "x", "±": "+/-", "≤": "<=", "≥": ">=", "√": "sqrt ",
    "→": "->", "↑": "^", "↓": "v", "\N{LEFT SINGLE QUOTATION MARK}": "'", "’": "'", "“": '"', "”": '"', "„": '"',
    "€": "EUR", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d",
    # Marks of verdicts and of progress: each still another one.
    "▲": "^", "▼": "v", "■": "#", "◆": "=", "○": "o", "●": "*", "◐": "~", "◌": ".", "✔": "+", "▇": "#",
}  # fmt: skip


def accept_all_text() -> None:
    """Let stdout and stderr replace what their encoding lacks by plain characters instead of failing."""
    codecs.register_error(_ERRORS, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def plain_text(text: str) -> str:
    """Return *text* in ASCII: signs as their usual spelling, letters without accents, ``?`` for the rest."""
    return "".join(map(_plain_character, text))


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain_text(error.object[error.start : error.end]), error.end


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    known = _PLAIN.get(character)
    if known is None and character.lower() in _PLAIN:
        known = _PLAIN[character.lower()].upper()
    if known is None:
        known = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return known or ("" if unicodedata.combining(character) else "?")
