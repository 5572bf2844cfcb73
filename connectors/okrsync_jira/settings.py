"""What a Jira source in ``okrsync.yaml`` may say."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from okrsync.plugins.connector import SourceSettings, TrackerUrl

_QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


def _project_key(key: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+", key):
        raise ValueError("a project is named by its key; write for example PAY")
    return key


def _query(jql: str) -> str:
    bare = _QUOTED.sub("x", jql)
    if not jql.strip():
        raise ValueError("a query holds conditions; write for example project = PAY AND labels = okr")
    if _ORDER.search(bare):
        raise ValueError("okrsync puts the items in order itself; write the query without ORDER BY")
    depth = 0
    for sign in bare:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        # The query is put into brackets: one that closes them would add to its scope, or leave the dates out.
        if depth < 0:
            break
    if depth or '"' in bare or "'" in bare:
        raise ValueError("brackets or quotation marks do not match; write each with its counterpart")
    return jql.strip()


ProjectKey = Annotated[
    str, AfterValidator(_project_key), Field(json_schema_extra={"pattern": r"^[A-Za-z][A-Za-z0-9_]+$"})
]


class JiraSettings(SourceSettings):
    """A source that reads issues of Jira projects, of a query or of a board."""

    of_access: ClassVar[frozenset[str]] = SourceSettings.of_access | {"user", "projects", "jql", "board"}

    url: Annotated[TrackerUrl, Field(description="The site, for example https://acme.atlassian.net")]
    site: Annotated[
        TrackerUrl | None,
        Field(
            description="The address that people open, where url is https://api.atlassian.com/ex/jira/<cloudId>, "
            "as tokens with scopes and of service accounts need it"
        ),
    ] = None
    user: Annotated[
        str,
        Field(
            description="E-mail of the account; without it the token is sent as bearer: a personal access token of "
            "Data Center, or the token of a service account"
        ),
    ] = ""
    projects: Annotated[list[ProjectKey], Field(description="Project keys")] = Field(default_factory=list)
    jql: Annotated[str, AfterValidator(_query), Field(description="A query instead of projects, without ORDER BY")] = ""
    board: Annotated[int, Field(ge=0, description="Id of a board instead of projects: what its filter finds")] = 0

    @model_validator(mode="after")
    def _has_one_scope(self) -> Self:
        if sum(map(bool, (self.projects, self.jql, self.board))) != 1:
            raise ValueError("a source reads projects, a query or a board; write one of them, like projects: [PAY]")
        return self

    @property
    def address(self) -> str:
        """The address that people open."""
        return self.site or self.url

    def reads(self) -> frozenset[str]:
        """Addresses of its projects; empty for a query or a board, which may find any."""
        return frozenset(f"{self.address}/projects/{key}".casefold() for key in self.projects)
