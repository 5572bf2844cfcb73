"""What a GitHub source in ``okrsync.yaml`` may say."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from okrsync.plugins.connector import SourceSettings, TrackerUrl

PUBLIC_API = "https://api.github.com"


def _api_url(url: str) -> str:
    if url.casefold() in {"https://github.com", "https://www.github.com"}:
        raise ValueError(f"this is GitHub's web address; its API is {PUBLIC_API} (the default)")
    return url


def _repository(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", name):
        raise ValueError("a repository is named by its owner and name; write owner/name")
    return name


Repository = Annotated[
    str, AfterValidator(_repository), Field(json_schema_extra={"pattern": r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$"})
]


class GithubSettings(SourceSettings):
    """A source that reads issues and pull requests of GitHub repositories."""

    url: Annotated[
        TrackerUrl,
        AfterValidator(_api_url),
        Field(description="The API; GitHub Enterprise Server: https://HOST/api/v3"),
    ] = PUBLIC_API
    repositories: Annotated[list[Repository], Field(min_length=1, description="owner/name, case-insensitive")]

    def reads(self) -> frozenset[str]:
        """Addresses of its repositories."""
        return frozenset(f"{self.url}/repos/{name}".casefold() for name in self.repositories)
