"""Addresses: where a token may be sent, and how a message names them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: where a token may be sent."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of *url*, with the scheme's own port where it names none."""
        parts = urlsplit(url)
        return cls(
            parts.scheme, (parts.hostname or "").casefold(), parts.port or (443 if parts.scheme == "https" else 80)
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def without_query(url: str | None) -> str:
    """*url* fit for a message: no query, no user."""
    parts = urlsplit(url or "")
    host = f"{parts.hostname}:{parts.port}" if parts.port else (parts.hostname or "")
    return f"{parts.scheme}://{host}{parts.path}"
