"""One GET of a metric's address: within its time, under its size, at the hosts that are allowed, tokens kept back."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from threading import Event
from urllib.parse import urljoin

import orjson
import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from okrsync.errors import AuthenticationError, ConnectorError, NotFoundError, UnexpectedResponseError
from okrsync.metrics.access import WebAccess
from okrsync.metrics.points import plain
from okrsync.metrics.timeouts import within
from okrsync.plugins.error_mapping import failure_of
from okrsync.plugins.origin import Origin, without_query

_CONNECT_SECONDS = 5.0
_REDIRECTS = 5
_CHUNK = 65_536
_SHORTEST_SECRET = 8


def fetch(url: str, access: WebAccess, folder: Path) -> bytes:
    """
    The body at *url*, unpacked; relative token files start from *folder*.

    Raises:
        ConnectorError: in one of its kinds; never with a header or a query in its text.
    """
    request = _Request(url, access, _headers(access, folder))
    try:
        return within(access.timeout_seconds, request.body, without_query(url))
    finally:
        request.is_over.set()


def _headers(access: WebAccess, folder: Path) -> dict[str, str]:
    headers = {name: reference.resolve(folder).get_secret_value() for name, reference in access.headers.items()}
    if access.token is not None:
        token = access.token.resolve(folder).get_secret_value()
        basic = b64encode(f"{access.user}:{token}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}" if access.user else f"Bearer {token}"
    return headers


class _Request:
    """One address while it is asked, over its redirects."""

    def __init__(self, url: str, access: WebAccess, headers: Mapping[str, str]) -> None:
        self._url = url
        self._access = access
        self._headers = headers
        self._origin = Origin.of(url)
        self.is_over = Event()
        """Nobody waits any more."""

    def body(self) -> bytes:
        # The adapter alone: a session would add credentials from a .netrc, and read redirects itself.
        with closing(HTTPAdapter(max_retries=0)) as adapter:
            url = self._url
            for _ in range(_REDIRECTS + 1):
                with self._answer(adapter, url) as response:
                    if not 300 <= response.status_code < 400:
                        return self._accepted(response, without_query(url))
                    url = self._target(response, url)
        raise UnexpectedResponseError(
            f"redirects more than {_REDIRECTS} times", where=without_query(self._url), next_step="check the url"
        )

    def _answer(self, adapter: HTTPAdapter, url: str) -> requests.Response:
        # Secrets belong to the place they were written for; a redirect that is allowed goes on without them.
        own = self._headers if Origin.of(url) == self._origin else {}
        seconds = self._access.timeout_seconds
        try:
            return adapter.send(
                requests.Request("GET", url, {"User-Agent": "okrsync", "Accept-Encoding": "gzip", **own}).prepare(),
                stream=True,
                timeout=(min(_CONNECT_SECONDS, seconds), seconds),
                verify=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
                proxies=get_environ_proxies(url, no_proxy=None),
            )
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            failure = failure_of(error, without_query(url))
        # Raised out here: a library's exception holds the request with its headers.
        raise failure

    def _target(self, response: requests.Response, url: str) -> str:
        where = without_query(url)
        try:
            target = urljoin(url, response.headers.get("Location", ""))
            there, place = Origin.of(target), plain(without_query(target))
        except ValueError:
            raise UnexpectedResponseError(
                "redirects to an address that is none", where=where, next_step="check the url"
            ) from None
        if there == self._origin:
            return target
        is_downgrade = self._origin.scheme == "https" and there.scheme != "https"
        allowed = there.host in self._access.allowed_hosts or f"{there.host}:{there.port}" in self._access.allowed_hosts
        if allowed and not is_downgrade and there.scheme in {"http", "https"}:
            return target
        raise UnexpectedResponseError(
            f"redirects to another place ({place})",
            where=where,
            next_step="put the final address into url, or its host into allowed_hosts",
        )

    def _accepted(self, response: requests.Response, where: str) -> bytes:
        status = response.status_code
        if status in {401, 403}:
            raise AuthenticationError(
                f"refused ({status})", where=where, next_step="check the token and what it may read"
            )
        if status == 404:
            raise NotFoundError("not found (404)", where=where, next_step="check the url")
        content = self._content(response, where)
        if any(secret.encode() in content for secret in self._secrets()):
            raise UnexpectedResponseError(
                "an answer that repeats the token", where=where, next_step="check what stands between here and there"
            )
        if status != 200:
            words = _words(content)
            raise UnexpectedResponseError(f"answered {status}{words}", where=where, next_step="check the url and query")
        return content

    def _secrets(self) -> list[str]:
        parts = {part for value in self._headers.values() for part in (value, value.rpartition(" ")[2])}
        return [part for part in parts if len(part) >= _SHORTEST_SECRET]

    def _content(self, response: requests.Response, where: str) -> bytes:
        chunks: list[bytes] = []
        size = 0
        try:
            # read() waits for a whole chunk; read1() gives what has come, so that size and time count.
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > self._access.max_bytes or self.is_over.is_set():
                    break
                chunks.append(chunk)
        except (HTTPError, OSError, ValueError) as error:
            failure: ConnectorError = failure_of(error, where)
        else:
            if size <= self._access.max_bytes:
                return b"".join(chunks)
            failure = UnexpectedResponseError(
                f"an answer over {self._access.max_mib:g} MiB", where=where, next_step="ask for less, or raise max_mib"
            )
        raise failure


def _words(content: bytes) -> str:
    """What a server says in JSON of its refusal: short, on one line."""
    try:
        body = orjson.loads(content[:_CHUNK])
    except orjson.JSONDecodeError:
        return ""
    said = (body.get("error") or body.get("message")) if isinstance(body, dict) else None
    return f': "{plain(said, 200)}"' if isinstance(said, str) and said else ""
