"""What a Jira source in ``okrsync.yaml`` may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from okrsync.plugins.connector import SourceSettings, TrackerUrl

ProjectKey = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]+$")]


class JiraSettings(SourceSettings):
    """A source that reads issues of Jira projects."""

    url: Annotated[TrackerUrl, Field(description="The site, for example https://acme.atlassian.net")]
    user: Annotated[
        str, Field(description="E-mail of the account; without it the token is a personal access token (Data Center)")
    ] = ""
    projects: Annotated[list[ProjectKey], Field(min_length=1, description="Project keys")]
