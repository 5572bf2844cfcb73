"""
What trackers told about their limits and their health, shared by all sources and threads of one process.

Apart from the transport, because a limit belongs to a credential at an origin and not to one connection: what one
thread is told holds for all. Nothing here waits or sends; times are seconds of the monotonic clock, given in.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

RESERVE = 0.1
"""Part of a tracker's limit that is left to others who use the same credential."""
FIRST_PAUSE_SECONDS = 0.5
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
SECONDARY_SECONDS = 60.0
GIVE_UPS = 3
COOL_DOWN_SECONDS = 30.0
_REST_SECONDS = 1e-3
_EVERYTHING = ""


@dataclass(frozen=True, slots=True)
class RateLimitScope:
    """The parts of a budget that one request uses: a limit may hold for one of them only."""

    resource: str
    """GitHub's separate hourly limits: ``core``, ``graphql``, ``search``."""
    endpoint: str
    """Method and path with ids left out: what Jira's burst limit is about."""
    path: str
    """Method and path: Jira's limit of writes to one issue."""

    @classmethod
    def of(cls, method: str, path: str) -> RateLimitScope:
        """The lanes of one request; *path* is that of its URL."""
        resource = "core"
        if path.endswith("/graphql"):
            resource = "graphql"
        elif path.startswith(("/search/", "/api/v3/search/")):
            resource = "search"
        return cls(resource, f"{method} {re.sub(r'[^/]*[0-9][^/]*', '*', path)}", f"{method} {path}")


@dataclass(frozen=True, slots=True)
class Quota:
    """What any answer tells of the budget; ``None`` where it does not. *reset* is in seconds from the answer."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    is_near: bool = False
    """The tracker itself says that little is left (Jira: ``X-RateLimit-NearLimit``)."""
    resource: str = ""

    @classmethod
    def told_by(cls, headers: Mapping[str, str], now: datetime) -> Quota:
        """What *headers* tell; *now* is the tracker's clock."""
        return cls(
            _whole(headers.get("X-RateLimit-Limit")),
            _whole(headers.get("X-RateLimit-Remaining")),
            _seconds_until(_moment(headers.get("X-RateLimit-Reset", "")), now),
            headers.get("X-RateLimit-NearLimit", "").strip().casefold() == "true",
            headers.get("X-RateLimit-Resource", "").strip().casefold(),
        )

    @property
    def is_used_up(self) -> bool:
        """Nothing is left; a limit of 0 is none (GitHub Enterprise Server with limits off)."""
        return self.remaining == 0 and self.limit != 0

    @property
    def is_in_reserve(self) -> bool:
        """Less is left than what is kept for others."""
        return (
            bool(self.limit and self.limit > 0)
            and self.remaining is not None
            and self.remaining < RESERVE * (self.limit or 0)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says: not now."""

    what: str
    seconds: float | None
    """What the tracker asks to wait; ``None``: it does not say."""
    lane: str
    first_pause: float
    """What to wait at first where *seconds* is ``None``; doubled each time."""
    ends_run: bool = False
    """The budget of an hour is used up: nothing is tried again before its reset."""


@dataclass(frozen=True, slots=True)
class Block:
    """No request before *until*."""

    until: float
    what: str
    ends_run: bool = False


class Budget:
    """What one credential may do at one origin; for use by any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holds: dict[str, Block] = {}
        self._quotas: dict[str, Quota] = {}
        self._is_refused = False
        self._strikes = 0
        self._struck_at = -math.inf

    @property
    def is_refused(self) -> bool:
        """The tracker refused the credential: nothing more is sent with it."""
        with self._lock:
            return self._is_refused

    @property
    def quotas(self) -> dict[str, Quota]:
        """What was told last, by resource (``core``, ``graphql``, ...)."""
        with self._lock:
            return dict(self._quotas)

    def refuse(self) -> None:
        """Record that the tracker refuses the credential."""
        with self._lock:
            self._is_refused = True

    def held(self, lanes: RateLimitScope) -> Block | None:
        """The hold that a request on *lanes* has to wait for, the longest first; it may be over already."""
        names = (_EVERYTHING, lanes.resource, lanes.endpoint, lanes.path, _reserve_of(lanes.resource))
        with self._lock:
            holds = [hold for name in names if (hold := self._holds.get(name))]
        return max(holds, key=lambda hold: hold.until, default=None)

    def hold(self, hold: Block, lane: str = _EVERYTHING) -> None:
        """Let nothing pass on *lane* before the hold's end; a hold that ends later stays."""
        with self._lock:
            if lane not in self._holds or self._holds[lane].until < hold.until:
                self._holds[lane] = hold

    def release(self, until: float) -> None:
        """Take away what ends at *until* or before: that time was waited for."""
        with self._lock:
            self._holds = {lane: hold for lane, hold in self._holds.items() if hold.until > until}

    def note(self, quota: Quota, lanes: RateLimitScope, now: float) -> None:
        """Record what an answer told; hold the resource until its reset where only the reserve is left."""
        if quota.limit is None and quota.remaining is None and not quota.is_near:
            return
        resource = quota.resource or lanes.resource
        with self._lock:
            self._quotas[resource] = quota
        if quota.is_in_reserve and quota.reset:
            self.hold(Block(now + quota.reset, "little of the rate limit is left"), _reserve_of(resource))
        elif not quota.is_in_reserve:
            with self._lock:
                self._holds.pop(_reserve_of(resource), None)

    def strike(self, first_pause: float, sent_at: float, now: float) -> float:
        """
        Seconds to wait after a refusal that names no time: doubled with each one in a row.

        Refusals of requests that were under way together count as one.
        """
        with self._lock:
            if sent_at >= self._struck_at:
                self._strikes += 1
                self._struck_at = now
            return lengthened(first_pause * 2.0 ** min(self._strikes - 1, 20))

    def served(self, sent_at: float) -> None:
        """Record an answer to a request sent at *sent_at*: refusals before it are over."""
        with self._lock:
            if sent_at >= self._struck_at:
                self._strikes = 0


class CircuitBreaker:
    """Whether an origin answers at all; for use by any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers = self._failures = self._given_up = 0
        self._open_until = -math.inf

    def open_for(self, now: float) -> float:
        """Seconds during which nothing is sent to the origin; 0: it may be asked."""
        with self._lock:
            left = self._open_until - now
            # Clocks count in fractions that add up with a rest; nobody waits for that.
            return left if left > _REST_SECONDS else 0.0

    @property
    def may_insist(self) -> bool:
        """Most attempts are answered, so one more is worth it: the origin stumbles, but is not down."""
        with self._lock:
            return self._failures < self._answers

    def answered(self) -> None:
        """Record an answer, whatever it says."""
        with self._lock:
            self._answers += 1
            self._given_up = 0

    def failed(self) -> None:
        """Record one attempt without an answer, or with one that blames the server."""
        with self._lock:
            self._failures += 1

    def gave_up(self, now: float) -> None:
        """Record a request that used up its attempts; the third in a row opens the circuit for a while."""
        with self._lock:
            self._given_up += 1
            if self._given_up >= GIVE_UPS:
                self._open_until = now + COOL_DOWN_SECONDS


class Limiter:
    """
    The budgets and circuits of one run: give the same one to the contexts of all its sources.

    A credential is known by a digest with a key that lives as long as the limiter, never by its text.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._circuits: dict[str, CircuitBreaker] = {}

    def digest(self, credential: str) -> str:
        """What stands for *credential* in this limiter."""
        return hashlib.blake2b(credential.encode("utf-8", "replace"), key=self._key, digest_size=16).hexdigest()

    def budget(self, origin: str, credential_digest: str) -> Budget:
        """The one budget of that credential at that origin."""
        with self._lock:
            return self._budgets.setdefault((origin, credential_digest), Budget())

    def circuit(self, origin: str) -> CircuitBreaker:
        """The one circuit of that origin."""
        with self._lock:
            return self._circuits.setdefault(origin, CircuitBreaker())


def refusal_of(
    status: int, headers: Mapping[str, str], body: bytes, lanes: RateLimitScope, now: datetime
) -> Refusal | None:
    """What kind of limit an answer tells of; ``None``: of none. *now* is the tracker's clock."""
    quota = Quota.told_by(headers, now)
    words = body[:2000].lower()
    is_secondary = b"secondary rate limit" in words
    if status == 200:
        if not (lanes.resource == "graphql" and _is_graphql_refusal(body)):
            return None
        what = "GraphQL rate limit used up"
    elif status == 429:
        what = "rate limit reached"
    elif status == 403 and quota.is_used_up:
        what = "rate limit used up"
    elif status == 403 and ("Retry-After" in headers or b"rate limit" in words):
        what, is_secondary = "secondary rate limit reached", True
    else:
        return None
    after = retry_after(headers, now)
    reason = headers.get("RateLimit-Reason", "").strip().casefold()
    if reason.startswith("jira-quota"):
        known = [seconds for seconds in (after, quota.reset) if seconds is not None]
        return Refusal("the hour's quota is used up", max(known, default=None), _EVERYTHING, SECONDARY_SECONDS, True)
    # With something left, GitHub's reset is that of the hour and has nothing to do with the refusal.
    seconds = quota.reset if after is None and not (is_secondary and quota.remaining) else after
    is_github = status != 429 or is_secondary or "X-GitHub-Request-Id" in headers
    first_pause = SECONDARY_SECONDS if is_github else FIRST_PAUSE_SECONDS
    return Refusal(what, seconds, _lane_of(reason, status, quota, lanes), first_pause)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or a date; ``None``: it is not there, or is nonsense."""
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        return _seconds_until(_moment(text), now)
    return None if math.isnan(seconds) else max(0.0, seconds)


def lengthened(seconds: float) -> float:
    """*seconds* and up to a fifth more, so that those who failed together do not come back together."""
    return seconds * random.uniform(1.0, 1.2)  # noqa: S311 - spreads load, protects nothing


def _lane_of(reason: str, status: int, quota: Quota, lanes: RateLimitScope) -> str:
    if reason.startswith("jira-burst"):
        return lanes.endpoint
    if reason.startswith("jira-per-issue"):
        return lanes.path
    if status == 200 or (quota.resource and quota.is_used_up):
        return quota.resource or lanes.resource
    return _EVERYTHING


def _reserve_of(resource: str) -> str:
    return f"reserve of {resource}"


def _is_graphql_refusal(body: bytes) -> bool:
    if b"RATE_LIMITED" not in body:
        return False
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        return False
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return isinstance(errors, list) and any(
        isinstance(error, dict) and error.get("type") == "RATE_LIMITED" for error in errors
    )


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _seconds_until(moment: datetime | None, now: datetime) -> float | None:
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
