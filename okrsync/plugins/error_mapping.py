"""What a tracker's refusals and a network's failures are called: okrsync's errors, without anything that was secret."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    NotFoundError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.plugins.text import without_people

_TOKEN = re.compile(
    r"(?i)\b(?:gh[a-z]_|github_pat_|atatt|atctt)[\w=-]{16,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|\b(?:bearer|basic|token) [\w.~+/=-]{16,}"
)
_SHORTEST_SECRET = 16
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def kind_of(response: requests.Response) -> str:
    """The content type, without its parameters, casefolded; empty where there is none."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().casefold()


_Words = tuple[type[ConnectorError], str, str]
_FAILURES: tuple[tuple[tuple[type[Exception], ...], _Words], ...] = (
    (
        (requests.exceptions.SSLError,),
        (
            ConnectorError,
            "the certificate cannot be verified",
            "set `ca` of the source, or REQUESTS_CA_BUNDLE, to your own CA",
        ),
    ),
    (
        (requests.exceptions.ProxyError,),
        (UnreachableError, "the proxy does not answer", "check `proxy` of the source, or HTTPS_PROXY"),
    ),
    (
        (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema),
        (ConnectorError, "the address or its proxy's cannot be used", "check url, `proxy` and HTTPS_PROXY"),
    ),
    ((requests.exceptions.Timeout,), (UnreachableError, "no answer in time", "try again later")),
    ((requests.exceptions.ConnectionError,), (UnreachableError, "no connection", "check the url and the network")),
    (
        (requests.exceptions.RequestException, HTTPError),
        (UnreachableError, "the answer broke off", "check the url and the network"),
    ),
)
"""The first that fits counts: some of requests' exceptions are of several kinds."""


def failure_of(error: Exception, where: str) -> ConnectorError:
    """Okrsync's error for what kept a request from being answered; it holds nothing of *error*."""
    if isinstance(error, requests.exceptions.ProxyError) and "407" in str(error):
        return ConnectorError(
            "the proxy wants another name or password (407)", where=where, next_step="check the proxy's address"
        )
    for kinds, (kind, what, next_step) in _FAILURES:
        if isinstance(error, kinds):
            return kind(what, where=where, next_step=next_step)
    return ConnectorError(f"could not be sent ({type(error).__name__})", where=where, next_step="check the url")


def refused_token(where: str) -> AuthenticationError:
    """The error for a credential that the tracker does not take."""
    return AuthenticationError("the token is refused (401)", where=where, next_step="check or renew the token")


def error_of(response: requests.Response, where: str) -> ConnectorError:
    """Okrsync's error for an answer with an error status, with the tracker's own words, scrubbed and short."""
    status = response.status_code
    if status == 401 and b"scope does not match" in response.content:
        return AuthenticationError(
            "the token lacks a scope for this (401)", where=where, next_step="give it the right to read"
        )
    if status == 401:
        return refused_token(where)
    if status == 403:
        return AuthenticationError(
            f"the token may not read this (403){said_by(response)}", where=where, next_step="give it the right to read"
        )
    if status == 404:
        return NotFoundError(
            "not found (404), or hidden from this token", where=where, next_step="check name and rights"
        )
    return UnexpectedResponseError(
        f"answered {status}{said_by(response)}", where=where, next_step="check the url and the scope of the source"
    )


def said_by(response: requests.Response) -> str:
    """The tracker's own words behind a refusal, short and without control characters: it is hostile text."""
    try:
        body: Any = json.loads(response.content[:65_536])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    messages = body.get("errorMessages")
    words = str(body.get("message") or " ".join(map(str, messages if isinstance(messages, list) else [])))
    text = quotable(words, response.request).strip()[:200]
    return f': "{text}"' if text else ""


def quotable(text: str, request: requests.PreparedRequest) -> str:
    """A tracker's text without control characters, mentions, and anything that is, or looks like, a credential."""
    for secret in _sent_secrets(request):
        text = text.replace(secret, "…")
    return without_people(_CONTROL.sub(" ", _TOKEN.sub("…", text)))


def is_told_in(content: bytes, request: requests.PreparedRequest) -> bool:
    """Whether *content* holds the credentials of *request*; what is too short to be one stands in many words."""
    return any(secret.encode() in content for secret in _sent_secrets(request) if len(secret) >= _SHORTEST_SECRET)


def authorization_of(request: requests.PreparedRequest) -> str:
    """The credential that *request* carries; empty where it has none."""
    value: Any = request.headers.get("Authorization", "")
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _sent_secrets(request: requests.PreparedRequest) -> list[str]:
    """What a tracker could quote of the credentials that it was sent: as sent, and decoded."""
    sent = authorization_of(request).rpartition(" ")[2]
    try:
        decoded = base64.b64decode(sent, validate=True).decode()
    except ValueError:
        decoded = ""
    secrets = (sent, decoded, decoded.partition(":")[2])
    # The longest first: one may be a part of another. Types of content come in small letters.
    found = {form for secret in secrets for form in (secret, secret.casefold()) if len(secret) >= 4}
    return sorted(found, key=len, reverse=True)
