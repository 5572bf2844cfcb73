"""
Add to the documentation site the pages and files that the repository keeps outside of docs/.

MkDocs loads this module as a hook. Pages are written for GitHub, with links relative to the file that they are in. On
the site those links lead to the page or file that the same target became; a link to anything that is not published is
a warning, and fails the strict build.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
HOME = "index.md"
PAGES = {
    "README.md": HOME,
    "CHANGELOG.md": "CHANGELOG.md",
    "CODE_OF_CONDUCT.md": "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "THIRD_PARTY_NOTICES.md": "THIRD_PARTY_NOTICES.md",
}
"""Pages outside of docs/ by their path in the repository, and where they are on the site."""
DOWNLOADS = {
    ".github/workflows/ci.yml": "ci.yml",
    ".github/workflows/release.yml": "release.yml",
    "okrsync/lint/words.toml": "lint/words.toml",
}
"""Files that are published as they are; the JSON Schemas of config/schemas are too."""
SCHEMAS = "config/schemas"
EXAMPLE = "docs/examples/okrsync_example"
EXAMPLE_PAGE = "examples/okrsync_example.md"
LICENSE_PAGE = "LICENSE.md"
_LANGUAGES = {".py": "python", ".toml": "toml"}
_FENCE = re.compile(r"^ *(`{3,}|~{3,})")
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_OTHER_SITE = re.compile(r"[a-z][a-z+.-]*:|#|/", re.IGNORECASE)
_log = logging.getLogger("mkdocs.hooks.site_pages")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the page of each lint code to the navigation, below the page that lists them."""
    codes = sorted(path.name for path in (ROOT / "docs" / "lint").glob("*.md"))
    section = _section(config.nav or [], "Lint")
    section += [f"lint/{name}" for name in codes]
    return config


def _section(entries: list[Any], title: str) -> list[Any]:
    """Return the navigation's section *title*, wherever it is in *entries*; an empty list if there is none."""
    for entry in entries:
        for name, content in entry.items() if isinstance(entry, dict) else ():
            found = content if name == title else isinstance(content, list) and _section(content, title)
            if found:
                return cast("list[Any]", found)
    return []


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and downloads to *files*."""
    for source, target in {**PAGES, **_downloads()}.items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, LICENSE_PAGE, content=_license_page()))
    files.append(File.generated(config, EXAMPLE_PAGE, content=_example_page()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return *markdown* with its links to files of the repository turned into links to pages of the site."""
    target = page.file.src_uri
    if target == HOME:
        page.meta["hide"] = ["navigation"]  # the only page of its group
    source = next((path for path, uri in PAGES.items() if uri == target), f"docs/{target}")
    return "".join(_lines_with_site_links(markdown, source, target))


def _lines_with_site_links(markdown: str, source: str, target: str) -> Iterator[str]:
    fence = ""
    for line in markdown.splitlines(keepends=True):
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
            yield line
        elif fence:
            yield line
        else:
            yield _LINK.sub(lambda link: f"{link[1]}{_site_link(link[2], source, target)}{link[3]}", line)


def _site_link(link: str, source: str, target: str) -> str:
    """
    Return *link* as the page *target* of the site needs it.

    Args:
        link: as it is written in *source*.
        source: path of the page's file in the repository.
        target: path of the page among the site's sources.
    """
    if _OTHER_SITE.match(link):
        return link
    path, hash_, anchor = link.partition("#")
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    uri, found_anchor = _published(wanted)
    if not uri or not (ROOT / wanted).exists():
        problem = "is not published: add it to tools/site_pages.py" if not uri else "does not exist"
        _log.warning("%s links to %s, which %s", source, wanted, problem)
        return link
    relative = posixpath.relpath(uri, posixpath.dirname(target) or ".")
    return f"{relative}#{found_anchor}" if found_anchor else f"{relative}{hash_}{anchor}"


def _published(path: str) -> tuple[str, str]:
    """Return where *path* of the repository is on the site, with an anchor; two empty texts if it is not there."""
    published = {**PAGES, **_downloads(), "LICENSE": LICENSE_PAGE, SCHEMAS: "schemas.md", EXAMPLE: EXAMPLE_PAGE}
    if path in published:
        return published[path], ""
    if path.startswith(f"{EXAMPLE}/"):
        return EXAMPLE_PAGE, _example_anchor(path.removeprefix(f"{EXAMPLE}/"))
    return (path.removeprefix("docs/"), "") if path.startswith("docs/") else ("", "")


def _downloads() -> dict[str, str]:
    schemas = sorted((ROOT / SCHEMAS).glob("*.json"))
    return {**DOWNLOADS, **{f"{SCHEMAS}/{path.name}": f"schemas/{path.name}" for path in schemas}}


def _license_page() -> str:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8").strip("\n")
    return f"# Licence\n\n```text\n{text}\n```\n"


def _example_files() -> list[Path]:
    folder = ROOT / EXAMPLE
    return sorted(path for path in folder.rglob("*") if path.suffix in _LANGUAGES and "__pycache__" not in path.parts)


def _example_anchor(name: str) -> str:
    """Return the anchor of the file or folder *name*: a folder's is that of its first file."""
    names = [path.relative_to(ROOT / EXAMPLE).as_posix() for path in _example_files()]
    first = next((entry for entry in names if entry == name or entry.startswith(f"{name}/")), name)
    return re.sub(r"[^\w-]", "", first.lower())


def _example_page() -> str:
    head = (
        "# The example connector\n\nEvery file of the package that [Writing a connector](../connectors.md) explains.\n"
    )
    parts = [head]
    for path in _example_files():
        name = path.relative_to(ROOT / EXAMPLE).as_posix()
        code = path.read_text(encoding="utf-8").strip("\n")
        shown = f"```{_LANGUAGES[path.suffix]}\n{code}\n```" if code else "The file is empty."
        parts.append(f"## `{name}`\n\n{shown}\n")
    return "\n".join(parts)
