"""What a GitHub source in ``okrsync.yaml`` may say."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from okrsync.plugins.connector import SourceSettings, TrackerUrl

PUBLIC_API = "https://api.github.com"
_REPOSITORY = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.*?-]+"
_PROJECT = r"[A-Za-z0-9_.-]+/[1-9][0-9]{0,8}"


def _api_url(url: str) -> str:
    if url.casefold() in {"https://github.com", "https://www.github.com"}:
        raise ValueError(f"this is GitHub's web address; its API is {PUBLIC_API} (the default)")
    return url


def _repository(name: str) -> str:
    if not re.fullmatch(_REPOSITORY, name):
        raise ValueError("a repository is named by its owner and name; write owner/name")
    return name


def _project(name: str) -> str:
    if not re.fullmatch(_PROJECT, name):
        raise ValueError("a project is named by its owner and number; write owner/7")
    return name


Repository = Annotated[str, AfterValidator(_repository), Field(json_schema_extra={"pattern": rf"^{_REPOSITORY}$"})]
ProjectName = Annotated[str, AfterValidator(_project), Field(json_schema_extra={"pattern": rf"^{_PROJECT}$"})]


class AppSettings(BaseModel):
    """A GitHub App that reads in place of a person; the source's token is then the App's private key (PEM)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    id: Annotated[int, Field(gt=0, description="The App's id")]
    installation: Annotated[int, Field(gt=0, description="Id of its installation in the organisation")]


class GithubSettings(SourceSettings):
    """A source that reads issues and pull requests of GitHub repositories."""

    of_access: ClassVar[frozenset[str]] = SourceSettings.of_access | {
        "app",
        "repositories",
        "exclude",
        "topics",
        "archived",
        "projects",
    }

    url: Annotated[
        TrackerUrl,
        AfterValidator(_api_url),
        Field(description="The API; GitHub Enterprise Server: https://HOST/api/v3"),
    ] = PUBLIC_API
    repositories: Annotated[
        list[Repository],
        Field(min_length=1, description="owner/name, case-insensitive; owner/* and owner/web-* name several"),
    ]
    exclude: Annotated[list[Repository], Field(description="Of those that a pattern names, these are left out")] = []
    topics: Annotated[list[str], Field(description="A pattern only names repositories with one of these topics")] = []
    archived: Annotated[bool, Field(description="A pattern names archived repositories too")] = False
    projects: Annotated[
        list[ProjectName], Field(description="Projects (owner/number) whose iterations and fields are watched")
    ] = []
    app: Annotated[AppSettings | None, Field(description="Read as this GitHub App; token is then its private key")] = (
        None
    )

    def reads(self) -> frozenset[str]:
        """Addresses of its repositories; a pattern is an address as it is written."""
        return frozenset(f"{self.url}/repos/{name}".casefold() for name in self.repositories)

    def excludes(self, repository: str) -> bool:
        """Whether *repository* (``owner/name``) is one that a pattern must not name."""
        return any(fnmatchcase(repository.casefold(), pattern.casefold()) for pattern in self.exclude)


def is_pattern(repository: str) -> bool:
    """Whether *repository* may name several."""
    return "*" in repository or "?" in repository
