"""
The guarded transport that both client libraries are given in place of their own.

Their defaults hang for ever, sleep for hours, retry writes and swallow empty answers. Here every request has a
time-out, leaves for the configured origin only, never before the time that the tracker allows, is counted and, if it
only reads, retried; every answer is capped in size and is either JSON or one of okrsync's errors.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from okrsync.errors import (
    ConnectorError,
    DeadlineError,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.plugins.context import Context
from okrsync.plugins.error_mapping import (
    authorization_of,
    error_of,
    failure_of,
    is_told_in,
    kind_of,
    quotable,
    refused_token,
)
from okrsync.plugins.origin import Origin, without_query
from okrsync.plugins.rate_limit import (
    Block,
    Budget,
    Quota,
    RateLimitScope,
    Refusal,
    lengthened,
    refusal_of,
    retry_after,
)

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
MAX_BODY_BYTES = 32 * 1024 * 1024
ATTEMPTS = 4
INSISTENT_ATTEMPTS = 8
"""Where an origin stumbles but answers most requests."""
REDIRECTS = 5
_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 0.5, 8.0
_TRANSIENT = {500, 502, 503, 504}


def guard_session(session: requests.Session, adapter: GuardedAdapter) -> None:
    """
    Let *adapter* send all that *session* sends, and let no ``.netrc`` put credentials into it.

    Proxies and CA bundles from the environment stay in use: the adapter reads them itself.
    """
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # The only switch that also covers redirects, where requests would replace the credentials of the request.
    session.trust_env = False
    session.max_redirects = REDIRECTS


@dataclass(frozen=True, slots=True)
class _Call:
    """One request with all that its attempts share."""

    request: requests.PreparedRequest
    where: str
    lanes: RateLimitScope
    budget: Budget
    only_reads: bool
    verify: bool | str
    cert: bytes | str | tuple[bytes | str, bytes | str] | None
    proxies: Mapping[str, str]


class GuardedAdapter(HTTPAdapter):
    """
    Sends requests of one source; put it into a client library's session with ``guard_session``.

    *reading_posts* are ends of paths whose POST changes nothing. *ca* is a file of certificates to trust instead of
    the usual ones; *proxy* is a URL to use whatever the environment says.
    *server_time* is the ``Date`` of the last answer, aware in UTC.

    Raises:
        ConnectorError: *ca* or *proxy* cannot be used.
    """

    def __init__(
        self,
        url: str,
        context: Context,
        *,
        reading_posts: tuple[str, ...] = (),
        ca: str | None = None,
        proxy: str | None = None,
    ) -> None:
        super().__init__(max_retries=0)
        # urllib3 logs every address with its query.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        self.origin = Origin.of(url)
        self.server_time: datetime | None = None
        self._heard_at = 0.0
        self._context = context
        self._circuit = context.limiter.circuit(str(self.origin))
        self._reading_posts = reading_posts
        self._ca = _checked_ca(ca) if ca else None
        self._proxy = _checked_proxy(proxy) if proxy else None

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
        limiter = self._context.limiter
        call = _Call(
            request,
            where,
            RateLimitScope.of(request.method or "", urlsplit(request.url or "").path),
            limiter.budget(str(self.origin), limiter.digest(authorization_of(request))),
            self._only_reads(request),
            self._trusted(verify, where),
            cert,
            self._route(request, proxies),
        )
        attempt = 1
        while (response := self._try(call, attempt)) is None:
            attempt += 1
        return self._accepted(response, where)

    def _only_reads(self, request: requests.PreparedRequest) -> bool:
        if request.method in {"GET", "HEAD"}:
            return True
        return request.method == "POST" and urlsplit(request.url or "").path.endswith(self._reading_posts or ("\0",))

    def _trusted(self, verify: bool | str, where: str) -> bool | str:
        """What to check certificates against: no library can switch that off."""
        if self._ca:
            return self._ca
        if isinstance(verify, str) or self.origin.scheme != "https":
            return verify
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            if bundle := os.environ.get(name):
                if not Path(bundle).exists():
                    raise ConnectorError(
                        "there are no certificates to trust", where=where, next_step=f"{name} names no file; correct it"
                    )
                return bundle
        return True

    def _route(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> Mapping[str, str]:
        if self._proxy:
            return {"http": self._proxy, "https": self._proxy}
        return get_environ_proxies(request.url or "", no_proxy=None) | dict(proxies or {})

    def _try(self, call: _Call, attempt: int) -> requests.Response | None:
        """The answer, or ``None`` where the request is to be sent again: then the time for that has come."""
        self._let_pass(call)
        sent_at = self._context.monotonic()
        try:
            response = self._attempt(call)
        except UnreachableError as error:
            failure = error
        else:
            return self._judge(call, response, attempt, sent_at)
        self._circuit.failed()
        if self._is_last(call, attempt):
            self._circuit.gave_up(self._context.monotonic())
            raise failure
        self._pause(_backoff(attempt), call.where)
        return None

    def _is_last(self, call: _Call, attempt: int) -> bool:
        if not call.only_reads or attempt >= INSISTENT_ATTEMPTS:
            return True
        return attempt >= ATTEMPTS and not self._circuit.may_insist

    def _let_pass(self, call: _Call) -> None:
        """Come back when the request may be sent."""
        while True:
            if self._is_too_late(0.0):
                raise DeadlineError(where=call.where)
            if call.budget.is_refused:
                raise refused_token(call.where)
            now = self._context.monotonic()
            if (seconds := self._circuit.open_for(now)) > 0:
                raise UnreachableError(
                    "several requests in a row got no answer, so no more are sent for now",
                    where=call.where,
                    next_step=f"run again in {seconds:.0f} seconds",
                )
            hold = call.budget.held(call.lanes)
            if hold is None:
                return
            if hold.until > now:
                self._sit_out(hold, hold.until - now, call.where)
            # What was waited for is over, also by a clock that a test does not move.
            call.budget.release(hold.until)

    def _attempt(self, call: _Call) -> requests.Response:
        self._context.requests.add()
        timeout = (CONNECT_SECONDS, READ_SECONDS)
        try:
            response = super().send(call.request, True, timeout, call.verify, call.cert, call.proxies)
            _read_body(response, call.where)
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            failure = failure_of(error, call.where)
        else:
            if _is_cut_off(response):
                raise UnreachableError(
                    "the answer broke off", where=call.where, next_step="check the url and the network"
                )
            return response
        # Raised out here, because a library's exception holds the request with its headers: `from None` would hide it
        # from a traceback, and keep it as the context.
        raise failure

    def _judge(
        self, call: _Call, response: requests.Response, attempt: int, sent_at: float
    ) -> requests.Response | None:
        status, headers = response.status_code, response.headers
        now = self._context.monotonic()
        told = self._told_time(response, now)
        quota, asked = Quota.told_by(headers, told), retry_after(headers, told)
        call.budget.note(quota, call.lanes, now)
        refusal = refusal_of(status, headers, response.content, call.lanes, told)
        if refusal is None and status in _TRANSIENT:
            self._stumbled(call, status, asked, attempt, now)
            return None
        self._circuit.answered()
        if refusal:
            self._limited(call, refusal, attempt, sent_at, now)
            return None
        call.budget.served(sent_at)
        if asked:
            call.budget.hold(Block(now + asked, "the tracker asked to wait"))
        if quota.is_used_up and quota.reset:
            call.budget.hold(Block(now + quota.reset, "rate limit used up"), quota.resource or call.lanes.resource)
        # Jira says 401 also where a scoped token lacks one scope; that token is good for other requests.
        if status == 401 and b"scope does not match" not in response.content:
            call.budget.refuse()
        return response

    def _limited(self, call: _Call, refusal: Refusal, attempt: int, sent_at: float, now: float) -> None:
        seconds = refusal.seconds
        if seconds is None:
            seconds = call.budget.strike(refusal.first_pause, sent_at, now)
        elif attempt > 1:
            seconds = max(seconds, _backoff(attempt - 1))  # asked to wait for nothing, and refused again
        hold = Block(now + seconds, refusal.what, refusal.ends_run)
        call.budget.hold(hold, refusal.lane)
        if not call.only_reads or attempt >= ATTEMPTS:
            raise self._limit_error(hold, seconds, call.where)
        self._sit_out(hold, seconds, call.where)
        call.budget.release(hold.until)

    def _stumbled(self, call: _Call, status: int, asked: float | None, attempt: int, now: float) -> None:
        self._circuit.failed()
        hold = None if asked is None else Block(now + asked, f"the tracker answered {status} and asked to wait")
        if hold:
            call.budget.hold(hold)
        seconds = _backoff(attempt) if asked is None else asked
        if self._is_last(call, attempt) or seconds > self._context.max_wait:
            self._circuit.gave_up(now)
            raise UnreachableError(f"answered {status} {attempt} times", where=call.where, next_step="try again later")
        self._pause(seconds, call.where)
        if hold:
            call.budget.release(hold.until)

    def _sit_out(self, hold: Block, seconds: float, where: str) -> None:
        """Wait for a limit, if this run may; *seconds* is what is left of *hold*."""
        if hold.ends_run or seconds > self._context.max_wait or self._is_too_late(seconds):
            raise self._limit_error(hold, seconds, where)
        self._context.sleep(seconds)

    def _limit_error(self, hold: Block, seconds: float, where: str) -> RateLimitedError:
        return RateLimitedError(hold.what, where=where, until=_later(self._context.clock(), seconds))

    def _pause(self, seconds: float, where: str) -> None:
        if self._is_too_late(seconds):
            raise DeadlineError(where=where)
        self._context.sleep(seconds)

    def _is_too_late(self, seconds: float) -> bool:
        deadline = self._context.deadline
        return deadline is not None and self._context.monotonic() + seconds >= deadline

    def _told_time(self, response: requests.Response, now: float) -> datetime:
        """The tracker's clock; without a ``Date`` in this answer, it went on since the last one."""
        try:
            told = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError, TypeError):
            if self.server_time is None:
                return self._context.clock()
            return self.server_time + timedelta(seconds=max(0.0, now - self._heard_at))
        self.server_time = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
        self._heard_at = now
        return self.server_time

    def _accepted(self, response: requests.Response, where: str) -> requests.Response:
        status = response.status_code
        if 300 <= status < 400:
            return self._redirect(response, where)
        if status >= 400:
            raise error_of(response, where)
        kind = kind_of(response)
        body = response.content.strip()
        if is_told_in(body, response.request):
            # It would go into the store with the rest of the answer.
            raise UnexpectedResponseError(
                "an answer that repeats the token",
                where=where,
                next_step="check what stands between here and the tracker",
            )
        if not body:
            raise UnexpectedResponseError("an empty answer", where=where, next_step="try again; nothing was changed")
        if not (kind.endswith("json") and body[:1] in b"{[" and body[-1:] in b"}]"):
            if kind == "text/html" or body[:1] == b"<":
                what = "a page of HTML instead of JSON"
            elif kind.endswith("json"):
                what = "JSON that is no object or list"
            else:
                what = f"{quotable(kind, response.request)[:60] or 'no content type'} instead of JSON"
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
        try:
            target = urljoin(response.url, location)
            # With a token in it, it would stand in messages and in other people's logs.
            is_here = Origin.of(target) == self.origin and not is_told_in(unquote(target).encode(), response.request)
            place = quotable(unquote(without_query(target)), response.request)[:200]
        except ValueError:
            is_here, place = False, "an address that is none"
        if not is_here:
            raise UnexpectedResponseError(
                f"redirects to another place ({place})",
                where=where,
                next_step="put the tracker's final address into url",
            )
        # A library that does not follow it must not take its body for the answer.
        response._content = b""  # noqa: SLF001
        return response


def _checked_ca(path: str) -> str:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        what = "is not there" if isinstance(error, FileNotFoundError) else "holds no certificates that can be read"
    else:
        return path
    raise ConnectorError(f"the CA file {path} {what}", next_step="correct `ca` of the source: a file in PEM format")


def _checked_proxy(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https", "socks5", "socks5h"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if is_usable:
        return url
    # Not quoted: there may be a password in it.
    raise ConnectorError(
        "the proxy's address cannot be used", next_step="write `proxy` of the source as http://HOST:PORT"
    )


def _read_body(response: requests.Response, where: str) -> None:
    try:
        _read_capped(response, where)
    except (requests.exceptions.RequestException, HTTPError, OSError, ConnectorError):
        # A limit or a refused token must be heeded however its words arrive.
        is_told_by_headers = response.status_code in {401, 429} or "Retry-After" in response.headers
        if response.ok or not is_told_by_headers:
            raise
        _put_body(response, b"")


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
    _put_body(response, b"".join(chunks))


def _put_body(response: requests.Response, body: bytes) -> None:
    # The libraries read the body through .content and .text, which this hands them without a second read.
    response._content = body  # noqa: SLF001
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - not in the stubs


def _is_cut_off(response: requests.Response) -> bool:
    # Neither half a gzip stream nor a body without a length is noticed below.
    body = response.content.strip()
    is_json = response.ok and kind_of(response).endswith("json")
    return is_json and body[:1] in {b"{", b"["} and body[-1:] not in {b"}", b"]"}


def _backoff(attempt: int) -> float:
    return lengthened(min(_BACKOFF_SECONDS * 2.0 ** (attempt - 1), _LONGEST_BACKOFF_SECONDS))


def _later(now: datetime, seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else now + timedelta(seconds=seconds)
    except OverflowError:  # a tracker may name any number
        return None
