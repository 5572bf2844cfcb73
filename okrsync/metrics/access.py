"""How the address of a metric is asked, as goals files say it; apart from the asking, which imports an HTTP client."""

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from okrsync.config.validation import YamlEntry
from okrsync.plugins.secret import TokenReference, looks_like_token

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SECRET_WORD = re.compile(r"(?i)(?:^|[?&])(?:access_token|api_?key|passw(?:or)?d|secret|token)=")


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("a URL starts with https:// and names a host; write it out")
    _ = parts.port  # raises ValueError where it is no port
    if parts.username or parts.password:
        raise ValueError("a URL must not carry a user or token; write user: and token: {env: NAME}")
    if looks_like_token(url) or _SECRET_WORD.search(parts.query):
        raise ValueError("a token must not stand in a URL; send it with token: or headers: {NAME: {env: NAME}}")
    return url


def _host(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?", name):
        raise ValueError("a host is a name without scheme and path; write for example data.example.com")
    return name.casefold()


WebAddress = Annotated[str, AfterValidator(_address)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")]


class WebAccess(YamlEntry):
    """How an address is asked; *token* is sent as bearer, with *user* as HTTP Basic."""

    token: TokenReference | None = None
    user: str = ""
    headers: Annotated[dict[HeaderName, TokenReference], Field(description="Where each further header comes from")] = {}
    allowed_hosts: Annotated[
        list[Annotated[str, AfterValidator(_host)]],
        Field(description="Where a redirect may lead beside the url's host"),
    ] = []
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    max_mib: Annotated[float, Field(gt=0, le=1024)] = 16

    @property
    def has_secrets(self) -> bool:
        """Whether something is sent that others must not see."""
        return self.token is not None or bool(self.headers)

    @property
    def max_bytes(self) -> int:
        """The most that an answer may have, unpacked."""
        return int(self.max_mib * 1024 * 1024)

    @model_validator(mode="after")
    def _user_has_token(self) -> Self:
        if self.user and self.token is None:
            raise ValueError("user goes with a token; add token: {env: NAME}")
        return self


def refuse_open_secrets(url: str, access: WebAccess) -> None:
    """
    Nothing, where what *access* sends to *url* cannot be read on the way.

    Raises:
        ValueError: it could.
    """
    parts = urlsplit(url)
    if parts.scheme == "http" and access.has_secrets and parts.hostname not in _LOOPBACK:
        raise ValueError("a token is only sent over https; write https, or remove token and headers")
