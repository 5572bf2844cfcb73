"""
The guarded transport that both client libraries are given in place of their own.

Their defaults hang for ever, sleep for hours, retry writes and swallow empty answers. Here every request has a
time-out, leaves for the configured origin only, is counted and, if it only reads, retried; every answer is capped in
size and is either JSON or one of okrsync's errors.
"""

from __future__ import annotations

import base64
import json
import logging
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.plugins.context import Context

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
MAX_BODY_BYTES = 32 * 1024 * 1024
ATTEMPTS = 4
_BACKOFF_SECONDS = 0.5
_TRANSIENT = {500, 502, 503, 504}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


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


class GuardedAdapter(HTTPAdapter):
    """
    Sends requests of one source; mount it for ``https://`` and ``http://`` of a client library's session.

    *server_time* is the ``Date`` of the last answer, aware in UTC.
    """

    def __init__(self, url: str, context: Context, *, reading_posts: tuple[str, ...] = ()) -> None:
        super().__init__(max_retries=0)
        # urllib3 logs every address with its query.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        self.origin = Origin.of(url)
        self.server_time: datetime | None = None
        self._context = context
        self._reading_posts = reading_posts

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """
        Send *request*, wait and retry where the tracker asks for it, and return a whole JSON answer.

        Raises:
            ConnectorError: in one of its kinds; never with a header or a query in its text.
        """
        where = without_query(request.url)
        if Origin.of(request.url or "") != self.origin:
            raise UnexpectedResponseError(
                f"refused: the token belongs to {self.origin}", where=where, next_step="check the url of the source"
            )
        attempts = ATTEMPTS if self._only_reads(request) else 1
        for attempt in range(1, attempts + 1):
            try:
                response = self._attempt(request, where, verify, cert, proxies)
            except UnreachableError:
                if attempt == attempts:
                    raise
                self._context.sleep(_backoff(attempt))
                continue
            refusal = _limit_of(response) if response.status_code in {403, 429} else None
            if refusal is None and response.status_code not in _TRANSIENT:
                return self._accepted(response, where)
            self._wait(response, refusal, attempt, attempts, where)
        raise AssertionError("the last attempt returns or raises")

    def _only_reads(self, request: requests.PreparedRequest) -> bool:
        if request.method in {"GET", "HEAD"}:
            return True
        return request.method == "POST" and urlsplit(request.url or "").path.endswith(self._reading_posts or ("\0",))

    def _attempt(
        self,
        request: requests.PreparedRequest,
        where: str,
        verify: bool | str,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None,
        proxies: Mapping[str, str] | None,
    ) -> requests.Response:
        self._context.requests.add()
        timeout = (CONNECT_SECONDS, READ_SECONDS)
        try:
            response = super().send(request, True, timeout, verify, cert, proxies)
            _read_capped(response, where)
        except requests.exceptions.RequestException as error:
            failure = _failure(error, where)
        else:
            if _is_cut_off(response):
                raise UnreachableError("the answer broke off", where=where, next_step="check the url and the network")
            self._note_date(response)
            return response
        # Raised out here, because a library's exception holds the request with its headers: `from None` would hide it
        # from a traceback, and keep it as the context.
        raise failure

    def _note_date(self, response: requests.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError, TypeError):
            return
        self.server_time = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)

    def _accepted(self, response: requests.Response, where: str) -> requests.Response:
        status = response.status_code
        if 300 <= status < 400:
            return self._redirect(response, where)
        if status >= 400:
            raise _refusal(response, where)
        kind = _kind(response)
        body = response.content.strip()
        if not body:
            raise UnexpectedResponseError("an empty answer", where=where, next_step="try again; nothing was changed")
        if not (kind.endswith("json") and body[:1] in b"{[" and body[-1:] in b"}]"):
            if kind == "text/html" or body[:1] == b"<":
                what = "a page of HTML instead of JSON"
            elif kind.endswith("json"):
                what = "JSON that is no object or list"
            else:
                what = f"{kind or 'no content type'} instead of JSON"
            raise UnexpectedResponseError(
                what,
                where=where,
                next_step="check that the url is the tracker's own, not a login page",
            )
        response.encoding = "utf-8"  # JSON is; guessing it costs more than reading it
        return response

    def _redirect(self, response: requests.Response, where: str) -> requests.Response:
        location = response.headers.get("Location")
        if not location:
            raise UnexpectedResponseError(
                f"answered {response.status_code} without an address to go to", where=where, next_step="check the url"
            )
        target = urljoin(response.url, location)
        if Origin.of(target) != self.origin:
            raise UnexpectedResponseError(
                f"redirects to another place ({without_query(target)})",
                where=where,
                next_step="put the tracker's final address into url",
            )
        # A library that does not follow it must not take its body for the answer.
        response._content = b""  # noqa: SLF001
        return response

    def _wait(self, response: requests.Response, refusal: str | None, attempt: int, attempts: int, where: str) -> None:
        now = self._context.clock()
        asked = _asked_wait(response, self.server_time or now)
        seconds = _backoff(attempt) if asked is None else asked
        limited = refusal is not None
        if attempt == attempts or seconds > self._context.max_wait:
            if limited:
                raise RateLimitedError(refusal or "", where=where, until=_later(now, asked))
            raise UnreachableError(
                f"answered {response.status_code} {attempt} times", where=where, next_step="try again later"
            )
        self._context.sleep(seconds)


def _read_capped(response: requests.Response, where: str) -> None:
    """Read the body, decompressed, and stop at the cap: a small answer can unpack to a huge one."""
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(65_536):
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise UnexpectedResponseError(
                    f"an answer over {MAX_BODY_BYTES // 1024 // 1024} MiB", where=where, next_step="check the url"
                )
            chunks.append(chunk)
    finally:
        response.close()
    # The libraries read the body through .content and .text, which this hands them without a second read.
    response._content = b"".join(chunks)  # noqa: SLF001
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - not in the stubs


def _kind(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().casefold()


def _is_cut_off(response: requests.Response) -> bool:
    # Neither half a gzip stream nor a body without a length is noticed below.
    body = response.content.strip()
    is_json = response.ok and _kind(response).endswith("json")
    return is_json and body[:1] in {b"{", b"["} and body[-1:] not in {b"}", b"]"}


def _failure(error: requests.exceptions.RequestException, where: str) -> ConnectorError:
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectorError(
            "the certificate cannot be verified", where=where, next_step="set REQUESTS_CA_BUNDLE to your own CA"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return UnreachableError("the proxy does not answer", where=where, next_step="check HTTPS_PROXY")
    if isinstance(error, requests.exceptions.Timeout):
        return UnreachableError("no answer in time", where=where, next_step="try again later")
    what = "no connection" if isinstance(error, requests.exceptions.ConnectionError) else "the answer broke off"
    return UnreachableError(what, where=where, next_step="check the url and the network")


def _later(now: datetime, seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else now + timedelta(seconds=seconds)
    except OverflowError:  # a tracker may name any number
        return None


def _backoff(attempt: int) -> float:
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, protects nothing
    return _BACKOFF_SECONDS * 2.0 ** (attempt - 1) * jitter


def _limit_of(response: requests.Response) -> str | None:
    """What kind of limit a 403 or 429 tells of; ``None``: it is a missing right."""
    if response.status_code == 429:
        return "rate limit reached"
    headers = response.headers
    if headers.get("X-RateLimit-Remaining") == "0":
        return "rate limit used up"
    if "Retry-After" in headers or b"rate limit" in response.content[:2000].lower():
        return "secondary rate limit reached"
    return None


def _asked_wait(response: requests.Response, now: datetime) -> float | None:
    """Seconds that the tracker asks to wait: Retry-After as number or date, else the reset as epoch or ISO 8601."""
    after = response.headers.get("Retry-After", "")
    if after:
        try:
            seconds = float(after)
        except ValueError:
            moment = _moment(after)
        else:
            return None if math.isnan(seconds) else max(0.0, seconds)
    else:
        moment = _moment(response.headers.get("X-RateLimit-Reset", "")) if response.status_code in {403, 429} else None
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str) -> datetime | None:
    for read in (_from_epoch, datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, OverflowError, OSError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _from_epoch(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)


def _refusal(response: requests.Response, where: str) -> ConnectorError:
    status = response.status_code
    if status == 401:
        return AuthenticationError("the token is refused (401)", where=where, next_step="check or renew the token")
    if status == 403:
        return AuthenticationError(
            f"the token may not read this (403){_said(response)}", where=where, next_step="give it the right to read"
        )
    if status == 404:
        return NotFoundError(
            "not found (404), or hidden from this token", where=where, next_step="check name and rights"
        )
    return UnexpectedResponseError(
        f"answered {status}{_said(response)}", where=where, next_step="check the url and the scope of the source"
    )


def _said(response: requests.Response) -> str:
    """The tracker's own words behind a refusal, short and without control characters: it is hostile text."""
    try:
        body: Any = json.loads(response.content[:65_536])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    messages = body.get("errorMessages")
    words = str(body.get("message") or " ".join(map(str, messages if isinstance(messages, list) else [])))
    for secret in _sent_secrets(response.request):
        words = words.replace(secret, "…")
    text = _CONTROL.sub(" ", words).strip()[:200]
    return f': "{text}"' if text else ""


def _sent_secrets(request: requests.PreparedRequest) -> list[str]:
    """What a tracker could quote of the credentials that it was sent: as sent, and decoded."""
    sent = str(request.headers.get("Authorization", "")).rpartition(" ")[2]
    try:
        decoded = base64.b64decode(sent, validate=True).decode()
    except ValueError:
        decoded = ""
    return [secret for secret in (sent, decoded.partition(":")[2]) if len(secret) >= 4]
