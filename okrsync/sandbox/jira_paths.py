"""How a Jira site reads parameters and words its refusals, on every path of both of its APIs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import RawObject

PAGE_DEFAULT = 50


class RefusedError(Exception):
    """The request gets an error answer with this status; the text is for ``errorMessages``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def given(request: Request) -> RawObject:
    """Return the parameters of *request*, from its query or its JSON body."""
    if request.method == "GET":
        return dict(request.query)
    try:
        body = request.json()
    except ValueError:
        raise RefusedError(400, "Invalid request payload. Refer to the REST API documentation and try again.") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "Invalid request payload. Refer to the REST API documentation and try again.")
    return body


def first(value: Any) -> Any:
    """Return the first of several values, or the only one."""
    return value[0] if isinstance(value, list) and value else value


def listed(value: Any) -> list[str]:
    """Return the parts of a parameter that is repeated, or written with commas."""
    parts = [value] if isinstance(value, str) else value or []
    return [name.strip() for part in parts for name in str(part).split(",") if name.strip()]


def whole(parameters: RawObject, name: str, default: int) -> int:
    """Return the parameter *name* as a whole number."""
    value = first(parameters.get(name))
    if value in (None, ""):
        return default
    if not str(value).isdecimal():
        raise RefusedError(400, f"The {name} parameter must be a whole number of zero or more, not '{value}'.")
    return int(value)


def with_self(raw: RawObject, address: str) -> RawObject:
    """Return *raw* with its own address below *address*."""
    return raw | {"self": f"{address}/{raw['id']}"}


def is_authorised(request: Request) -> bool:
    """Say whether *request* carries a token that is neither empty nor ``bad``."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            credentials = base64.b64decode(credentials, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return credentials.strip() not in {"", "bad"}


def no_path(request: Request) -> str:
    """Return what Jira says of a path that it does not have."""
    return f"null for uri: {request.base_url}{request.path}"


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error answer."""
    return Response(status, {"errorMessages": [message], "errors": {}}, headers or {})
