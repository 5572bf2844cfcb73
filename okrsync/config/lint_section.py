"""The section ``lint`` of ``okrsync.yaml``: which rules are off, and where the thresholds lie."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from okrsync.config.validation import YamlEntry

Language = Literal["de", "en", "es", "fr"]


class LintSection(YamlEntry):
    """What ``okrsync lint`` takes for too much or too little."""

    disable: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Z]{2,10}\d{1,4}$")]], Field(description="Codes that are not looked for")
    ] = []
    languages: Annotated[list[Language], Field(min_length=1, description="Languages that titles are written in")] = [
        "de",
        "en",
        "es",
        "fr",
    ]
    output_words: Annotated[
        list[Annotated[str, Field(min_length=1)]], Field(description="More words for what your teams make")
    ] = []
    most_objectives: Annotated[int, Field(ge=1, description="Of one owner in one cycle")] = 5
    most_key_results: Annotated[int, Field(ge=1, description="Of one objective")] = 5
    most_key_results_per_owner: Annotated[int, Field(ge=1, description="Of one owner in one cycle")] = 8
    most_baseline_days: Annotated[int, Field(ge=0, description="From a baseline to its cycle's start")] = 45
    most_pace: Annotated[float, Field(gt=0, description="Times the best pace of the metric's own history")] = 4.0
    fewest_definition_words: Annotated[int, Field(ge=1, description="In a metric's definition")] = 3
