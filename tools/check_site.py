"""
Check the built documentation site: every link and anchor leads somewhere, and no page loads anything from another host.

    python tools/check_site.py build/site

Prints one line for each problem, and ends with exit code 1 if there is any.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {
    ("audio", "src"),
    ("embed", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("image", "xlink:href"),
    ("img", "src"),
    ("input", "src"),
    ("link", "href"),
    ("object", "data"),
    ("script", "src"),
    ("source", "src"),
    ("track", "src"),
    ("use", "href"),
    ("use", "xlink:href"),
    ("video", "poster"),
    ("video", "src"),
}
"""Elements and attributes by which a page makes a browser load something."""
_FOLLOWED = {("a", "href"), ("area", "href"), ("form", "action")}
_NOT_LOADED_RELATIONS = {"alternate", "author", "canonical", "help", "license", "next", "prev", "search"}
_CSS_ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""", re.IGNORECASE)
_INDEX = "index.html"


@dataclass(slots=True)
class Document:
    """The addresses in one HTML, SVG or CSS file, and the anchors that it offers."""

    loaded: list[str] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Document()
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._is_style = tag == "style"
        relations = set(given.get("rel", "").lower().split()) if tag == "link" else set()
        for name, value in given.items():
            if name == "id" or (tag == "a" and name == "name"):
                self.document.anchors.add(value)
            elif (tag, name) in _FOLLOWED or (tag == "link" and relations & _NOT_LOADED_RELATIONS):
                if name in {"href", "action"} and value:
                    self.document.followed.append(value)
            elif (tag, name) in _LOADED:
                self.document.loaded.append(value)
            elif name == "srcset":
                self.document.loaded += [part.split()[0] for part in value.split(",") if part.strip()]
            elif name == "style":
                self.document.loaded += _addresses_in_css(value)

    def handle_endtag(self, tag: str) -> None:
        self._is_style = self._is_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._is_style:
            self.document.loaded += _addresses_in_css(data)


def problems(site: Path) -> list[str]:
    """Return a line for each dead link, dead anchor and resource of another host in the built *site*."""
    documents = {path.relative_to(site).as_posix(): _read(path) for path in sorted(site.rglob("*")) if _is_read(path)}
    return [
        f"{name}: {problem}"
        for name, document in documents.items()
        for problem in _problems_of(name, document, documents, site)
    ]


def _is_read(path: Path) -> bool:
    return path.suffix in {".html", ".svg", ".css"}


def _read(path: Path) -> Document:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return Document(loaded=list(_addresses_in_css(text)))
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.document


def _addresses_in_css(text: str) -> Iterator[str]:
    return (found[1] or found[2] for found in _CSS_ADDRESS.finditer(text))


def _problems_of(name: str, document: Document, documents: dict[str, Document], site: Path) -> Iterator[str]:
    for address in document.loaded:
        parts = urlsplit(address)
        if parts.scheme not in {"", "data"} or parts.netloc:
            yield f"loads {address} from another host"
    for address in (*document.loaded, *document.followed):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = _target_of(name, unquote(parts.path))
        if not (site / target).is_file():
            yield f"{address} leads to no file"
        elif parts.fragment and target in documents and unquote(parts.fragment) not in documents[target].anchors:
            yield f"{address} leads to no anchor"


def _target_of(name: str, path: str) -> str:
    """Return the file of the site that *path*, written in the file *name*, leads to."""
    if not path:
        return name
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(posixpath.dirname(name), path)
    target = posixpath.normpath(joined or ".")
    if target == ".":
        return _INDEX
    return posixpath.join(target, _INDEX) if path.endswith("/") or posixpath.basename(path) in {".", ".."} else target


def main(site: str) -> int:
    """Print the problems of the site in the folder *site*, and return the exit code."""
    found = problems(Path(site))
    for line in found:
        print(line)
    pages = len(list(Path(site).rglob("*.html")))
    print(f"{site}: {pages} pages, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
