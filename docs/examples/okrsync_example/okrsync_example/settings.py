"""What a Plainlist source in ``okrsync.yaml`` may say."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from okrsync.plugins.connector import SourceSettings, TrackerUrl

ProjectKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class PlainlistSettings(SourceSettings):
    """A source that reads tasks of Plainlist projects."""

    # One project more is a partition more, and no reason to read the others again.
    of_access: ClassVar[frozenset[str]] = SourceSettings.of_access | {"projects"}

    url: Annotated[TrackerUrl, Field(description="The API, for example https://plainlist.example/api")]
    projects: Annotated[list[ProjectKey], Field(min_length=1, description="Keys of the projects to read")]

    def reads(self) -> frozenset[str]:
        """Addresses of its projects."""
        return frozenset(f"{self.url}/projects/{key}".casefold() for key in self.projects)
