"""Reads as a GitHub App: its private key buys tokens that last an hour, through the same guarded transport."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from github import Auth
from pydantic import SecretStr

from okrsync.errors import AuthenticationError, UnexpectedResponseError
from okrsync.plugins.context import Context
from okrsync.plugins.secret import TokenReference
from okrsync_github.settings import AppSettings

_RENEW_BEFORE = timedelta(minutes=5)

Exchange = Callable[[str], Any]
"""POSTs to a path as the App, and returns the answer."""


def private_key(reference: TokenReference, folder: Path) -> SecretStr:
    """
    The PEM that *reference* names.

    Raises:
        AuthenticationError: it cannot be read, or is no private key.
    """
    text = reference.resolve_block(folder).get_secret_value()
    if not text.startswith("-----BEGIN") or "PRIVATE KEY" not in text:
        raise AuthenticationError(
            "there is no private key (PEM)", where=reference.place, next_step="store the App's private key there"
        )
    return SecretStr(text + "\n")


def app_auth(app: AppSettings, key: SecretStr) -> Auth.Auth:
    """What signs requests as the App itself."""
    return Auth.AppAuth(app.id, key.get_secret_value())


class InstallationAuth(Auth.Auth):
    """The App's token for one installation, bought when it is needed and anew before it expires."""

    def __init__(self, app: AppSettings, exchange: Exchange, context: Context) -> None:
        self._path = f"/app/installations/{app.installation}/access_tokens"
        self._exchange = exchange
        self._context = context
        self._token = ""
        self._expires = datetime.min.replace(tzinfo=UTC)

    @property
    def token_type(self) -> str:
        """How the token is named in the header."""
        return "token"

    @property
    def token(self) -> str:
        """
        A token that is good for some minutes at least.

        Raises:
            ConnectorError: GitHub gives none.
        """
        if not self._token or self._expires - _RENEW_BEFORE <= self._context.clock():
            self._renew()
        return self._token

    def _renew(self) -> None:
        answer = self._exchange(self._path)
        try:
            token, expires = answer["token"], datetime.fromisoformat(answer["expires_at"])
        except (KeyError, TypeError, ValueError):
            raise UnexpectedResponseError("no token for the installation", where=self._path) from None
        self._token, self._expires = str(token), expires if expires.tzinfo else expires.replace(tzinfo=UTC)
