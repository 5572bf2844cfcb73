"""Lint at the command line: the sandbox company's planted faults, in every format, with and without a store."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from okrsync.lint.linting import RULES
from support.running import Run

# The company's planted faults, and the codes that are to catch them.
CODES = {
    "title_counts_output": "OKR601",
    "only_lagging": "OKR603",
    "metric_review_overdue": "OKR503",
    "target_met_before": "OKR301",
    "too_late_to_judge": "OKR701",
}
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
# What SARIF 2.1.0 asks of the parts that are written; nothing else may be there.
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs", "$schema"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"$ref": "#/$defs/run"}},
    },
    "$defs": {
        "run": {
            "type": "object",
            "required": ["tool", "results", "invocations", "columnKind"],
            "additionalProperties": False,
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "properties": {"driver": {"$ref": "#/$defs/driver"}},
                },
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                "invocations": {
                    "type": "array",
                    "items": {
                        "required": ["executionSuccessful"],
                        "properties": {
                            "executionSuccessful": {"type": "boolean"},
                            "toolExecutionNotifications": {
                                "type": "array",
                                "items": {"required": ["message"], "properties": {"message": TEXT, "level": LEVEL}},
                            },
                        },
                    },
                },
            },
        },
        "driver": {
            "type": "object",
            "required": ["name", "version", "rules"],
            "additionalProperties": False,
            "properties": {
                "name": {"const": "okrsync"},
                "version": {"type": "string"},
                "rules": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {
                        "required": ["id"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {"pattern": r"^OKR\d{3}$"},
                            "shortDescription": TEXT,
                            "help": TEXT,
                            "defaultConfiguration": {"properties": {"level": LEVEL}},
                        },
                    },
                },
            },
        },
        "result": {
            "type": "object",
            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": LEVEL,
                "message": TEXT,
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                "suppressions": {
                    "type": "array",
                    "items": {
                        "required": ["kind"],
                        "properties": {"kind": {"enum": ["inSource", "external"]}, "justification": {"type": "string"}},
                    },
                },
                "locations": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "required": ["artifactLocation", "region"],
                                "properties": {
                                    "artifactLocation": {
                                        "required": ["uri"],
                                        "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                                    },
                                    "region": {
                                        "required": ["startLine", "startColumn"],
                                        "properties": {
                                            "startLine": {"type": "integer", "minimum": 1},
                                            "startColumn": {"type": "integer", "minimum": 1},
                                        },
                                    },
                                },
                            }
                        },
                    },
                },
            },
        },
    },
}


def edit(project: Path, old: str, new: str, file: str = "okrs.yaml") -> None:
    text = (project / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    (project / file).write_text(text.replace(old, new), encoding="utf-8")


def test_the_company_has_its_planted_faults_and_no_other_finding(okrsync: Run, project: Path) -> None:
    planted = json.loads((project / "truth.json").read_text(encoding="utf-8"))["lint_faults"]
    ran = okrsync("lint", "--format", "json")
    found = {(entry["code"], entry["subject"].removeprefix("2026Q3/Q")) for entry in ran.json["findings"]}
    assert found == {(CODES[fault["fault"]], fault["where"].removeprefix("Q")) for fault in planted}
    assert ran.code == 0
    assert (ran.json["ignored"], ran.json["skipped"]) == ([], [])


def test_a_finding_reads_like_a_compilers_line(okrsync: Run, project: Path) -> None:
    *lines, last = okrsync("lint").out.splitlines()
    number = 1 + [line.strip() for line in (project / "okrs.yaml").read_text(encoding="utf-8").splitlines()].index(
        'title: "Ship 5 help features so that self-service rises from 46 % to 60 %"'
    )
    assert (
        f'okrs.yaml:{number}:16: OKR601 warning the title of key result "KR4.1" counts what is made, not what it '
        'changes ("ship"); name what it is to change, or write `level: output`' in lines
    )
    assert last == "5 warnings"


def test_warnings_fail_when_asked_and_errors_always(okrsync: Run, project: Path) -> None:
    assert okrsync("lint").code == 0
    assert okrsync("lint", "--strict").code == 3
    edit(project, "target: {value: 60.0, date: 2026-12-31}", "target: {value: 60.0, date: 2027-01-31}")
    ran = okrsync("lint")
    assert ran.code == 3
    assert "OKR501 error" in ran.out
    assert ran.out.splitlines()[-1] == "1 error, 5 warnings"


def test_hints_never_fail(okrsync: Run, project: Path) -> None:
    with (project / "okrsync.yaml").open("a", encoding="utf-8") as file:
        file.write("lint: {disable: [OKR301, OKR503, OKR601, OKR603, OKR701]}\n")
    edit(project, "    theme: door\n", "")
    ran = okrsync("lint", "--strict")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "1 hint; disabled: OKR301, OKR503, OKR601, OKR603, OKR701"


def test_without_a_store_nothing_is_made_and_what_was_skipped_is_said(okrsync: Run, project: Path) -> None:
    (project / "okrsync.db").unlink()
    ran = okrsync("lint")
    assert not (project / "okrsync.db").exists()
    assert "OKR301 warning" not in ran.out
    assert ran.out.splitlines()[-1] == (
        "3 warnings; skipped: OKR205, OKR206, OKR301, OKR302, OKR701, OKR702 "
        "(there is no store yet; run `okrsync sync` to make it)"
    )
    assert ran.code == 0


def test_a_store_that_cannot_be_opened_stops_only_the_rules_that_need_it(okrsync: Run, project: Path) -> None:
    (project / "okrsync.db").write_bytes(b"this is no database, but a text of more than one hundred bytes. " * 20)
    ran = okrsync("lint")
    assert ran.code == 0
    assert "OKR601 warning" in ran.out
    assert "skipped: OKR205, OKR206, OKR301, OKR302, OKR701, OKR702 (" in ran.out.splitlines()[-1]
    assert "there is no store yet" not in ran.out


def test_one_cycle_alone(untouched: Run) -> None:
    def subjects(cycle: str) -> set[str]:
        return {entry["code"] for entry in untouched("lint", "--cycle", cycle, "--format", "json").json["findings"]}

    assert subjects("2026Q3") == {"OKR603"}
    assert subjects("2026Q4") == {"OKR301", "OKR503", "OKR601", "OKR701"}
    assert subjects("all") == {"OKR301", "OKR503", "OKR601", "OKR603", "OKR701"}
    ran = untouched("lint", "--cycle", "2026Q5")
    assert ran.code == 2
    assert ran.err == 'okrsync: no cycle is called "2026Q5"; there are 2026Q3, 2026Q4\n'


def test_as_of_another_day_the_review_is_not_overdue(untouched: Run) -> None:
    assert "OKR503" not in untouched("lint", "--as-of", "2026-06-30").out
    assert "OKR503" in untouched("lint", "--as-of", "2026-07-01").out


def test_files_that_are_refused_are_not_linted(okrsync: Run, project: Path) -> None:
    edit(project, "unit: accounts", "units: accounts")
    ran = okrsync("lint")
    assert (ran.code, ran.out) == (2, "")
    assert 'unknown key "units"' in ran.err


def test_an_ignore_with_a_reason_is_counted_and_told(okrsync: Run, project: Path) -> None:
    edit(project, "      - id: KR4.1\n", "      - id: KR4.1  # okrsync: ignore OKR601 because the board words it so\n")
    assert okrsync("lint").out.splitlines()[-1] == "4 warnings; 1 ignored with a reason"
    (ignored,) = okrsync("lint", "--format", "json").json["ignored"]
    assert ignored["reason"] == "the board words it so"
    assert ignored["finding"]["subject"] == "2026Q4/KR4.1"


def test_sarif_has_the_structure_of_2_1_0_and_says_the_same(okrsync: Run, project: Path) -> None:
    edit(project, "      - id: KR4.1\n", "      - id: KR4.1  # okrsync: ignore OKR601 because the board words it so\n")
    log = okrsync("lint", "--format", "sarif").json
    jsonschema.Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert {result["ruleId"] for result in run["results"] if "suppressions" not in result} == {
        "OKR301",
        "OKR503",
        "OKR603",
        "OKR701",
    }
    (suppressed,) = [result for result in run["results"] if "suppressions" in result]
    assert suppressed["ruleId"] == "OKR601"
    assert suppressed["suppressions"][0]["justification"] == "the board words it so"
    assert {result["level"] for result in run["results"]} == {"warning"}


def test_sarif_tells_what_was_skipped(okrsync: Run, project: Path) -> None:
    (project / "okrsync.db").unlink()
    log = okrsync("lint", "--format", "sarif").json
    jsonschema.Draft202012Validator(SARIF).validate(log)
    told = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["associatedRule"]["id"] for note in told] == [
        "OKR205",
        "OKR206",
        "OKR301",
        "OKR302",
        "OKR701",
        "OKR702",
    ]


def test_github_shows_each_finding_beside_its_line(untouched: Run) -> None:
    ran = untouched("lint", "--format", "github")
    lines = [re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line) for line in ran.out.splitlines()]
    assert len(lines) == 5
    for match in lines:
        assert match is not None
        assert match[1] == "warning"
        properties = dict(part.split("=") for part in match[2].split(","))
        assert set(properties) == {"file", "line", "col", "title"}
        assert properties["file"] == "okrs.yaml"
        assert int(properties["line"]) > 1
    assert ran.err == "okrsync: 5 warnings\n"


@pytest.mark.parametrize("output", ["text", "github"])
def test_hostile_text_breaks_no_line_and_gives_no_command(okrsync: Run, project: Path, output: str) -> None:
    edit(
        project,
        'title: "Buying a ticket takes a minute, on any phone"',
        r'title: "Improve\n::error::\e\u202e%"',
    )
    (line,) = [line for line in okrsync("lint", "--format", output).out.splitlines() if "OKR104" in line]
    assert not line.startswith("::error")
    assert "\x1b" not in line
    assert "\u202e" not in line
    if output == "github":
        assert 'Improve ::error:: %25"' in line
    else:
        assert 'Improve ::error:: %"' in line


def test_a_file_elsewhere_has_an_address_in_sarif(okrsync: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    log = okrsync("lint", "--format", "sarif", "--config", project / "okrsync.yaml").json
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in log["runs"][0]["results"]
    }
    assert uris == {(project / "okrs.yaml").as_uri()}


def test_several_files_each_have_their_own_places(okrsync: Run, project: Path) -> None:
    text = (project / "okrs.yaml").read_text(encoding="utf-8")
    goals, below = text.partition("objectives:")[::2]
    (project / "okrs").mkdir()
    (project / "okrs" / "a.yaml").write_text(goals.replace("path: metrics/", "path: ../metrics/"), encoding="utf-8")
    (project / "okrs" / "b.yaml").write_text("version: 1\nobjectives:" + below, encoding="utf-8")
    edit(project, "okrs: okrs.yaml", "okrs: [okrs/*.yaml]", "okrsync.yaml")
    ran = okrsync("lint")
    places = {tuple(line.split()[:2]) for line in ran.out.splitlines()[:-1]}
    lines = [
        (path.name, path.read_text(encoding="utf-8").splitlines()) for path in sorted((project / "okrs").iterdir())
    ]
    told = {
        (code, name)
        for place, code in places
        for name, content in lines
        if place.startswith(f"okrs/{name}:") and len(content) >= int(place.split(":")[1])
    }
    assert told == {
        ("OKR503", "a.yaml"),
        ("OKR301", "b.yaml"),
        ("OKR601", "b.yaml"),
        ("OKR603", "b.yaml"),
        ("OKR701", "b.yaml"),
    }


@pytest.mark.long
def test_the_same_files_give_the_same_bytes(okrsync: Run, project: Path) -> None:
    for output in ("json", "sarif"):
        assert okrsync("lint", "--format", output).out == okrsync("lint", "--format", output).out
