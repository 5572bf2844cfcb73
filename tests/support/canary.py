"""Secrets that are unlike anything else, the forms in which they could leak, and where to look for them."""

from __future__ import annotations

import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus
from uuid import uuid4

from okrsync.store.database import Store
from okrsync.store.tables import metadata

_ENCODINGS: tuple[Callable[[bytes], bytes], ...] = (b64encode, urlsafe_b64encode)
# Characters of Base64 that depend on what stands before: none, eight or sixteen bits of it.
_OF_WHAT_IS_BEFORE = (0, 2, 3)


def new_secret(kind: str) -> str:
    """A secret of no known shape, with signs that addresses and Base64 change."""
    return f"canary-{kind}-{uuid4().hex}+/~end"


def forms_of(secret: str) -> set[bytes]:
    """*secret* in small letters as it is, as part of an address, in hexadecimal, and inside of longer Base64."""
    plain = secret.encode()
    found = {plain, quote(secret, safe="").encode(), quote_plus(secret).encode(), plain.hex().encode()}
    for encode in _ENCODINGS:
        for before, dependent in enumerate(_OF_WHAT_IS_BEFORE):
            found.add(encode(b"x" * before + plain).rstrip(b"=")[dependent:-3])
    return {form.lower() for form in found}


def hits(forms: Iterable[bytes], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Names of those *places* that hold one of *forms*."""
    wanted = list(forms)
    found = []
    for name, content in places:
        small = content.lower()
        found += [f"{name}: {form.decode()}" for form in wanted if form in small]
    return found


def files_below(folder: Path, *, but: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Every file below *folder* with its name; those called like one of *but* are what the test wrote."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            with suppress(FileNotFoundError):
                yield str(path.relative_to(folder)), path.read_bytes()


def rows_of(store_url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, what is compressed there also unpacked."""
    store = Store.open(store_url)
    try:
        with store.read() as view:
            for table in metadata.sorted_tables:
                for row in view.rows(table):
                    yield table.name, repr(tuple(row)).encode()
                    yield from ((table.name, _unpacked(value)) for value in row if isinstance(value, bytes))
    finally:
        store.close()


def _unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:  # a digest, for example
        return b""
