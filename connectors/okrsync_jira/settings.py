"""What a Jira source in ``okrsync.yaml`` may say."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from okrsync.plugins.connector import SourceSettings, TrackerUrl


def _project_key(key: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+", key):
        raise ValueError("a project is named by its key; write for example PAY")
    return key


ProjectKey = Annotated[
    str, AfterValidator(_project_key), Field(json_schema_extra={"pattern": r"^[A-Za-z][A-Za-z0-9_]+$"})
]


class JiraSettings(SourceSettings):
    """A source that reads issues of Jira projects."""

    url: Annotated[TrackerUrl, Field(description="The site, for example https://acme.atlassian.net")]
    user: Annotated[
        str, Field(description="E-mail of the account; without it the token is a personal access token (Data Center)")
    ] = ""
    projects: Annotated[list[ProjectKey], Field(min_length=1, description="Project keys")]

    def reads(self) -> frozenset[str]:
        """Addresses of its projects."""
        return frozenset(f"{self.url}/projects/{key}".casefold() for key in self.projects)
