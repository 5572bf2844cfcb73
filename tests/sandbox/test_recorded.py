"""Recorded items, read from JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox.recorded import read_github, read_jira


def lines(path: Path, *objects: object, before: str = "") -> Path:
    path.write_text(before + "\n".join(json.dumps(each) for each in objects) + "\n", encoding="utf-8")
    return path


def github_item(number: int, **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = {"id": number, "node_id": f"I_{number}", "number": number, "title": "T", "state": "open"}
    return item | {"created_at": "2026-01-01T00:00:00Z", "updated_at": f"2026-01-0{number}T00:00:00Z"} | more


def jira_issue(key: str) -> dict[str, Any]:
    at = "2026-01-01T00:00:00.000+0000"
    return {"id": "1", "key": key, "fields": {"created": at, "updated": at}}


def test_blank_lines_between_items_are_fine(tmp_path: Path) -> None:
    path = lines(tmp_path / "items.jsonl", github_item(1), github_item(2), before="\n  \n")

    repository = read_github("acme/shop", path)

    assert repository.full_name == "acme/shop"
    assert [each["number"] for each in repository.issues] == [1, 2]


def test_milestones_are_taken_from_the_items_as_the_newest_item_has_them(tmp_path: Path) -> None:
    old, new = {"number": 4, "title": "old"}, {"number": 4, "title": "new"}
    items = [github_item(2, milestone=new), github_item(1, milestone=old), github_item(3, milestone=None)]

    assert read_github("acme/shop", lines(tmp_path / "items.jsonl", *items)).milestones == [new]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"id": 1}', "'number', 'title'"),
        ("\udcff", "not JSON"),
    ],
)
def test_a_wrong_github_line_is_named_by_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(json.dumps(github_item(1)).encode() + b"\n\n" + line.encode("utf-8", "surrogateescape"))

    with pytest.raises(ValueError, match=r"items\.jsonl:3: ") as raised:
        read_github("acme/shop", path)

    assert said in str(raised.value)


@pytest.mark.parametrize("wrong", [{"id": "1", "key": "A-1"}, {"id": "1", "key": "A-1", "fields": []}])
def test_a_wrong_jira_line_is_named_by_file_and_line(tmp_path: Path, wrong: object) -> None:
    path = lines(tmp_path / "issues.jsonl", jira_issue("A-1"), wrong)

    with pytest.raises(ValueError, match=r"issues\.jsonl:2: "):
        read_jira("A", path)


def test_a_jira_file_keeps_the_issues_of_all_its_projects(tmp_path: Path) -> None:
    path = lines(tmp_path / "issues.jsonl", jira_issue("EE-1"), jira_issue("K5-4"))

    assert [each["key"] for each in read_jira("K5", path)] == ["EE-1", "K5-4"]


def test_a_project_without_an_issue_is_an_error_that_says_which_there_are(tmp_path: Path) -> None:
    path = lines(tmp_path / "issues.jsonl", jira_issue("EE-1"), jira_issue("K5-4"))

    with pytest.raises(ValueError, match="no issue is of project 'K'; the file has EE, K5"):
        read_jira("K", path)


def test_what_a_hand_written_object_lacks_is_made_up_and_its_branch_is_known(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    stamp = {"title": "t", "state": "open", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    lines = [
        {"number": 1, **stamp},
        {"number": 2, "pull_request": {}, "head": {"ref": "pay-2-foo"}, **stamp},
        {"number": 3, "pull_request": {"head": {"ref": "pay-3"}}, "id": 33, **stamp},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")

    repository = read_github("a/b", path)

    assert repository.branches == {2: "pay-2-foo", 3: "pay-3"}
    assert [raw["html_url"].rpartition("/")[0].rpartition("/")[2] for raw in repository.issues] == [
        "issues",
        "pull",
        "pull",
    ]
    assert repository.issues[2]["id"] == 33
    other = read_github("a/c", path)
    assert {raw["id"] for raw in repository.issues[:2]}.isdisjoint(raw["id"] for raw in other.issues[:2])
    assert [raw["id"] for raw in repository.issues] == [raw["id"] for raw in read_github("a/b", path).issues]
    assert {raw["repository_url"] for raw in repository.issues} == {"https://api.github.com/repos/a/b"}


def test_an_object_of_the_pull_request_list_is_a_pull_request(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    stamp = {"title": "t", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    merged = {"number": 1, "state": "closed", "merged_at": "2026-01-02T00:00:00Z", "head": {"ref": "x"}, **stamp}
    path.write_text(json.dumps(merged), encoding="utf-8")

    (raw,) = read_github("a/b", path).issues

    assert raw["pull_request"] == {"merged_at": "2026-01-02T00:00:00Z"}


def test_a_jira_issue_without_an_id_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    fields = {"created": "2026-01-01T00:00:00.000+0000", "updated": "2026-01-01T00:00:00.000+0000"}
    lines = [{"key": key, "fields": fields} for key in ("PAY-1", "PAY-2", "GRO-1")]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")

    ids = [raw["id"] for raw in read_jira("PAY", path)]

    assert len(set(ids)) == 3
    assert all(id_.isdigit() for id_ in ids)
