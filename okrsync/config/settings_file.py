"""The shape of ``okrsync.yaml``: how to reach things, and how work is tied to key results."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from okrsync.config.lint_section import LintSection
from okrsync.config.patterns import compile_pattern
from okrsync.config.validation import ONE_OR_MORE, Texts, YamlEntry
from okrsync.model.days import check_day


def _known_zone(name: str) -> str:
    # The system may know further zones, but asking it for all of them opens every file of its database.
    listed = (files("tzdata") / "zones").read_text("utf-8").split()
    if name not in listed and name not in available_timezones():
        raise ValueError(f"{name} is no time zone; write one like Europe/Berlin")
    return name


def _share(what: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, str) and value.endswith("%"):
            try:
                share = float(value[:-1]) / 100
            except ValueError:
                share = -1.0
            if 0 <= share <= 1:
                return share
        raise ValueError(f"{what} is a share of the work; write for example 25%")

    return read


def store_url(url: str) -> str:
    """
    *url*, if a store can be there.

    Raises:
        ValueError: it cannot; the sentence says what can.
    """
    if url.startswith("sqlite:///") and url != "sqlite:///":
        return url
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError(
            "a store is in SQLite or PostgreSQL; write sqlite:///okrsync.db or postgresql://USER@HOST/NAME"
        )
    if parts.password is not None or "password" in parse_qs(parts.query, keep_blank_values=True):
        raise ValueError("a password must not stand in the file; set PGPASSWORD or write it into ~/.pgpass")
    return url.replace("postgres://", "postgresql://", 1)


def _pattern(text: str) -> str:
    compile_pattern(text, whole=True)
    return text


Patterns = Annotated[list[Annotated[str, Field(min_length=1), AfterValidator(_pattern)]], *ONE_OR_MORE]
"""One pattern or a list of them. Each covers the whole of what it is held against; `title` alone looks for a part."""
Timezone = Annotated[str, AfterValidator(_known_zone)]
_SHARE_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?%$"})
Budget = Annotated[float, BeforeValidator(_share("a budget")), _SHARE_SCHEMA]
Threshold = Annotated[float, BeforeValidator(_share("a threshold")), _SHARE_SCHEMA]


def marked_word(marker: str) -> str:
    """The word that a body marker such as ``KR:`` looks for."""
    return marker.rstrip(":").strip().casefold()


class Conditions(YamlEntry):
    """What an item must be like; all that are given must hold. Several values of one condition: any of them."""

    label: Patterns | None = None
    type: Patterns | None = None
    component: Patterns | None = None
    milestone: Annotated[Patterns | None, Field(description="Name of its sprint or milestone")] = None
    team: Patterns | None = None
    source: Patterns | None = None
    project: Annotated[Patterns | None, Field(description="Project key or repository")] = None
    title: Annotated[Patterns | None, Field(description="Found anywhere in the title")] = None
    body: Annotated[str | None, Field(pattern=r"^[A-Za-z][\w -]*:?$", description='A line marker such as "KR:"')] = None
    field: Annotated[str | None, Field(min_length=1, description="Id of a field that has a value")] = None
    parent_key: Annotated[Texts | None, Field(description="This item and all below it")] = None
    parent: Literal["linked"] | None = None

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not self.given:
            raise ValueError("no condition is given; write for example {label: area/checkout}")
        return self

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the conditions that are given."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)


class Rule(YamlEntry):
    """One way to tie items to key results."""

    condition: Annotated[Conditions, Field(alias="if")]
    link: Annotated[
        str, Field(min_length=1, description="A key result, or from_label, from_field, from_body, from_title, inherit")
    ]
    max_depth: Annotated[int | None, Field(ge=1, le=50, description="With inherit: how many steps up (default 5)")] = (
        None
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needed = {
            "from_label": "label",
            "from_field": "field",
            "from_body": "body",
            "from_title": "title",
            "inherit": "parent",
        }.get(self.link)
        if needed and needed not in self.condition.given:
            raise ValueError(f"link: {self.link} needs the condition {needed}; add it under if")
        if self.condition.parent and self.link != "inherit":
            raise ValueError("the condition parent: linked goes with link: inherit; write that")
        if self.max_depth is not None and self.link != "inherit":
            raise ValueError("max_depth goes with link: inherit; remove it")
        if self.link.startswith("from_") and not needed:
            raise ValueError(f"link: {self.link} is unknown; write from_label, from_field, from_body or from_title")
        return self


class ExemptClass(YamlEntry):
    """Work that need not serve a key result; counted and shown against its budget, never hidden."""

    id: Annotated[str, Field(min_length=1)]
    condition: Annotated[Conditions, Field(alias="if")]
    budget: Budget | None = None

    @model_validator(mode="after")
    def _no_parent(self) -> Self:
        if self.condition.parent:
            raise ValueError("an exempt class cannot depend on links; remove parent")
        return self


class DoneRule(YamlEntry):
    """What counts as delivered in one source, beside the tracker's own idea."""

    dropped: Annotated[Texts, Field(description="Resolutions that mean: not delivered")] = []
    delivered_field: Annotated[str, Field(description="Field with the date on which users got the item")] = ""
    delivered_on: Annotated[
        Literal["release", "deployment"] | None,
        Field(description="Users get it with the release (Jira: fix version) or deployment that follows"),
    ] = None
    environment: Annotated[str, Field(description="Which deployments count (GitHub)")] = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.delivered_field and self.delivered_on:
            raise ValueError("delivered_field and delivered_on say the same; keep one of them")
        if (self.delivered_on == "deployment") != bool(self.environment):
            raise ValueError("delivered_on: deployment and environment go together; write environment: production")
        return self


class SizeRule(YamlEntry):
    """Where the size of an item comes from in one source: a field, a label prefix, or each item counts 1."""

    field: str = ""
    label: str = ""
    count: bool = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(map(bool, (self.field, self.label, self.count))) != 1:
            raise ValueError("a size needs exactly one of field, label or count: true; keep one of them")
        return self


def _size(value: Any) -> Any:
    return {"count": True} if value == "count" else value


Size = Annotated[SizeRule, BeforeValidator(_size, json_schema_input_type=Literal["count"] | SizeRule)]


class Work(YamlEntry):
    """How work is tied to key results."""

    rules: list[Rule] = []
    aliases: Annotated[dict[str, Texts], Field(description="Labels that exist already, and their key results")] = {}
    exempt: list[ExemptClass] = []
    done: Annotated[dict[str, DoneRule], Field(description="By source")] = {}
    size: Annotated[dict[str, Size], Field(description="By source: {field: ID}, {label: PREFIX} or count")] = {}


class RulesSection(YamlEntry):
    """When evidence speaks against going on; printed with the stop list."""

    stop_after_no_movement: Annotated[
        int, Field(ge=1, description="Verdicts that it did not move, or moved the wrong way")
    ] = 1
    stop_after_inconclusive: Annotated[int, Field(ge=1, description="Verdicts that cannot be told from drift")] = 3


class PlanSection(YamlEntry):
    """What a plan is held against."""

    threshold: Annotated[
        Threshold,
        Field(
            description="Share of the work that needs a key result and should have one",
            json_schema_extra={"default": "70%"},  # as it is written, not as it is read
        ),
    ] = 0.7
    discovery: Annotated[
        Conditions | None, Field(description="Work that is to find something out; without it, no plan tells it apart")
    ] = None

    @model_validator(mode="after")
    def _no_parent(self) -> Self:
        if self.discovery is not None and self.discovery.parent:
            raise ValueError("discovery cannot depend on links; remove parent")
        return self


class SettingsFile(YamlEntry):
    """``okrsync.yaml`` but for the sources, which each connector checks itself."""

    version: Literal[1]
    timezone: Annotated[Timezone, Field(description="Days of sprints and reports are days of this zone")]
    store: Annotated[str, AfterValidator(store_url)] = "sqlite:///okrsync.db"
    okrs: Annotated[Texts, Field(min_length=1, description="A file, or a list of files and globs")] = ["okrs.yaml"]
    ledger: Annotated[str, Field(min_length=1)] = "ledger/"
    as_of: Annotated[
        Annotated[date, AfterValidator(check_day)] | None,
        Field(description="The day that reports take as today; for examples and tests"),
    ] = None
    sources: Annotated[list[dict[str, Any]], Field(min_length=1)]
    work: Work = Work()
    rules: Annotated[RulesSection, Field(description="When work comes onto the stop list")] = RulesSection()
    plan: Annotated[
        PlanSection, Field(default_factory=PlanSection, description="What `okrsync plan` holds planned work against")
    ]
    lint: Annotated[LintSection, Field(description="What `okrsync lint` takes for too much or too little")] = (
        LintSection()
    )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the organisation."""
        return ZoneInfo(self.timezone)
