"""Reads what people write into titles and bodies: directives, closing words, keys; and takes people out of text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from okrsync.model.work import Directive

_MAX_DIRECTIVES = 50
_MAX_VALUE = 500
_MOST_NESTED = 5

# Templates and quoted code are not what the author says: trackers ignore closing words in them, and so does okrsync.
_NOT_SAID = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|^ {0,3}(```|~~~)(?![^\n]*`).*?(?:^ {0,3}\1|\Z)"
    r"|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\2(?!`)",
    re.DOTALL | re.MULTILINE,
)
_DIRECTIVE = re.compile(
    r"^[ \t]*(?:[-*][ \t]+)?\**(?P<word>[A-Za-z][\w-]{0,29}(?: [\w-]{1,20}){0,2})\**[ \t]*:\**[ \t]*"
    r"(?P<value>\S[^\r\n]*)",
    re.MULTILINE,
)
_CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+"
    r"(?P<first>(?:https?://\S+?/issues/\d+|[\w.-]+/[\w.-]+#\d+|#\d+|[A-Z][A-Z0-9_]+-\d+)\b)",
    re.IGNORECASE,
)
_CLOSING_WORD = re.compile(r"(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)", re.IGNORECASE)
_TRAILER = re.compile(r"^[ \t]*[A-Za-z]+(?:-[A-Za-z]+)*-by[ \t]*:[^\n]*\n?", re.IGNORECASE | re.MULTILINE)
_ISSUE_URL = re.compile(r"https?://[^/\s]+/(?P<repository>[\w.-]+/[\w.-]+)/issues/(?P<number>\d+)$", re.IGNORECASE)
_JIRA_KEY = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Z0-9_]{1,99}-[1-9]\d{0,17}(?![A-Za-z0-9])")
_BRANCH_KEY = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9_]{1,99}-[1-9]\d{0,17}(?![A-Za-z0-9])")
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]+\.)+[^\W\d_][\w-]*")  # core@7.0.0 is a package
# Not a mention: a scope in a package name (@types/node), an address, a decorator with a dot or a call behind it.
# Letters of other scripts end a name: in some of them no space stands between words.
_MENTION = re.compile(r"(?<![A-Za-z\d_@])@[A-Za-z\d][A-Za-z\d_-]{0,99}(?![A-Za-z\d_-]|\.[A-Za-z_]|/[A-Za-z\d_.-]|\()")
_ACCOUNT_MENTION = re.compile(r"\[~[^\[\]\r\n]{1,255}\]")
# Addresses of people's pages; on Cloud by the shapes that accounts have, for a folder may be called people too.
_CLOUD_PROFILE = re.compile(r"(?<=/people/)(?:[0-9A-Za-z]+(?::|%3A)[\w:%-]+|[0-9a-f]{24})(?![\w-])", re.IGNORECASE)
_PROFILE = re.compile(r"(?<=ViewProfile\.jspa\?name=)[^\s&#\"'<>)\]|]+")


def said(text: str) -> str:
    """*text* without comments, code blocks and code spans."""
    return _NOT_SAID.sub(" ", text) if ("<!--" in text or "`" in text or "~~~" in text) else text


def directives(text: str, words: Collection[str]) -> tuple[Directive, ...]:
    """Lines of the form ``word: value`` with one of *words* (casefolded), in order, at most 50 of them."""
    found: list[Directive] = []
    if not words or not _line_of(tuple(words)).search(text):
        return ()  # most bodies have none, and taking out what is not said costs more than all else
    for match in _DIRECTIVE.finditer(said(text)):
        value = match["value"].strip()
        if match["word"].casefold() not in words:
            continue
        found.append(Directive(match["word"].casefold(), value[:_MAX_VALUE]))
        if len(found) == _MAX_DIRECTIVES:
            break
    return tuple(found)


@lru_cache(maxsize=64)
def _line_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds a line that may be a directive with one of *words*; what it finds is looked at again."""
    several = "|".join(map(re.escape, words))
    return re.compile(rf"^[ \t]*(?:[-*][ \t]+)?\**(?:{several})\**[ \t]*:", re.IGNORECASE | re.MULTILINE)


def closing_keys(text: str, repository: str) -> Iterator[str]:
    """Keys behind closing words in *text*: ``owner/name#12`` (also from ``#12`` or a URL) or ``PAY-12``."""
    if not _CLOSING.search(text):
        return
    for match in _CLOSING.finditer(said(text)):
        reference = match["first"]
        url = _ISSUE_URL.match(reference)
        if url:
            yield f"{url['repository']}#{url['number']}"
        elif reference.startswith("#"):
            yield f"{repository}{reference}"
        elif "#" in reference or _JIRA_KEY.fullmatch(reference):
            yield reference


def title_keys(title: str) -> Iterator[str]:
    """What looks like a Jira key in a title; most of it (``UTF-8``) names no item and is ignored later."""
    yield from _JIRA_KEY.findall(title)


def branch_keys(branch: str) -> Iterator[str]:
    """
    What looks like a Jira key in a branch name, in capitals: branches are often written small.

    An underscore may be part of a key or stand before it (``feature_PAY-12``), so both readings are given.
    """
    for found in _BRANCH_KEY.findall(branch):
        key = found.upper()
        yield key
        while "_" in key:
            key = key.partition("_")[2]
            if _JIRA_KEY.fullmatch(key):
                yield key


@dataclass(frozen=True, slots=True)
class _Replacement:
    pattern: re.Pattern[str]
    trigger: str
    by: str


_PEOPLE = (
    _Replacement(_CLOUD_PROFILE, "/people/", "someone"),
    _Replacement(_PROFILE, "ViewProfile.jspa", "someone"),
    _Replacement(_EMAIL, "@", "someone@…"),
    _Replacement(_MENTION, "@", "@someone"),
)


def without_names(text: str, names: Collection[str]) -> str:
    """
    *text* without *names* (of an item's own people) where they stand as words.

    Names under four characters are too common. What stands in a reference or address (``name/lib#3``) stays, and so do
    closing words and markers of directives, whatever people call themselves.
    """
    folded = text.casefold()
    for name in sorted(names, key=lambda name: (-len(name), name)):
        known = name.casefold()
        if len(name) < 4 or known not in folded or _CLOSING_WORD.fullmatch(known):
            continue
        text = re.sub(rf"(?<![\w/-]){re.escape(name)}(?![\w/-]|[ \t]*:)", "someone", text, flags=re.IGNORECASE)
    return text


def without_people(text: str) -> str:
    """*text* with mentions and e-mail addresses replaced, and without lines such as ``Signed-off-by: ...``."""
    if "-by" in text or "-By" in text:
        text = _TRAILER.sub("", text)
    # First: what is left in its place may run together with what follows it, and is a mention then.
    text = _without_account_mentions(text)
    for replacement in _PEOPLE:
        if replacement.trigger in text:
            text = replacement.pattern.sub(replacement.by, text)
    return text


def _without_account_mentions(text: str) -> str:
    """Return *text* with ``[~account]`` replaced, also where one stands inside of another."""
    for _ in range(_MOST_NESTED):
        if "[~" not in text:
            return text
        text, count = _ACCOUNT_MENTION.subn("@someone", text)
        if count == 0:
            return text
    # Deeper than people write: without their mark the rest are no mentions, and each pass would cost as much again.
    return text.replace("[~", "[")
