"""What an item is made of that GitHub's issue list sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap
from okrsync.plugins.context import WorkMapping
from okrsync_github.normalise import normalise, updated_at, without_extras

FIELDS = FieldMap(WorkMapping(body_words=("expect", "kr")), source="web", team="growth")
NOON = "2026-10-05T12:00:00Z"


def issue(**given: Any) -> dict[str, Any]:
    return {
        "id": 4711,
        "number": 12,
        "state": "open",
        "title": "Shorten the form",
        "created_at": "2026-10-01T08:00:00Z",
        "updated_at": NOON,
        "repository_url": "https://api.github.com/repos/acme/web",
        **given,
    }


def closed(**given: Any) -> dict[str, Any]:
    return issue(**{"state": "closed", "state_reason": "completed", "closed_at": NOON, **given})


def pull(merged: str | None = None, **given: Any) -> dict[str, Any]:
    return issue(**{"pull_request": {"url": "x", "merged_at": merged}, **given})


def mapped(**given: Any) -> FieldMap:
    return FieldMap(WorkMapping(**given), source="web")


def test_a_whole_issue() -> None:
    raw = closed(
        html_url="https://github.com/acme/web/issues/12",
        type={"name": "Feature"},
        labels=[{"name": "kr/KR1.1"}, "plain", {"name": ""}, {"name": None}],
        milestone={"number": 3, "title": "Autumn"},
        parent_issue_url="https://api.github.com/repos/acme/plans/issues/7",
        body="Why.\n\nKR: KR1.1\nexpect: KR1.1 +2.0",
    )
    assert normalise(raw, FIELDS) == Item(
        source="web",
        external_id="4711",
        key="acme/web#12",
        url="https://github.com/acme/web/issues/12",
        kind=ItemKind.ISSUE,
        type="Feature",
        title="Shorten the form",
        status=Status.DONE,
        original_status="closed",
        created=datetime(2026, 10, 1, 8, tzinfo=UTC),
        updated=datetime(2026, 10, 5, 12, tzinfo=UTC),
        delivered=datetime(2026, 10, 5, 12, tzinfo=UTC),
        resolution="completed",
        size=None,
        project="acme/web",
        team="growth",
        parent="acme/plans#7",
        labels=("kr/KR1.1", "plain"),
        components=(),
        iterations=(Iteration("acme/web/milestone/3", "Autumn"),),
        closes=(),
        directives=(Directive("kr", "KR1.1"), Directive("expect", "KR1.1 +2.0")),
        status_id="closed",
    )


def test_body_lines_with_other_words_are_not_kept() -> None:
    raw = issue(body="KR: KR1.1\ncc: Mona Lisa\nexpect: KR1.1 +2.0\n\nSigned-off-by: Mona Lisa <mona@example.com>")
    assert normalise(raw, FIELDS).directives == (Directive("kr", "KR1.1"), Directive("expect", "KR1.1 +2.0"))
    assert normalise(raw, mapped(body_words=("expect",))).directives == (Directive("expect", "KR1.1 +2.0"),)
    assert normalise(raw, mapped()).directives == ()


def test_a_bare_issue_has_empty_texts() -> None:
    raw = issue(title=None, body=None, labels=None, milestone=None, type=None, html_url=None, state_reason=None)
    item = normalise(raw, FIELDS)
    assert (item.title, item.url, item.parent, item.resolution) == ("", "", "", "")
    assert (item.type, item.labels, item.iterations, item.directives) == ("Issue", (), (), ())
    assert (item.status, item.original_status, item.delivered) == (Status.TODO, "open", None)


def test_a_milestone_or_type_without_a_name() -> None:
    item = normalise(issue(milestone={"number": 3, "title": None}, type={"name": None}), FIELDS)
    assert item.iterations == (Iteration("acme/web/milestone/3", ""),)
    assert item.type == "Issue"


@pytest.mark.parametrize(
    ("reason", "labels", "dropped", "status"),
    [
        ("completed", [], [], Status.DONE),
        (None, [], [], Status.DONE),
        ("not_planned", [], [], Status.DROPPED),
        ("NOT_PLANNED", [], [], Status.DROPPED),
        ("duplicate", [], [], Status.DROPPED),
        ("completed", ["wontfix"], [], Status.DONE),
        ("completed", ["WontFix"], ["wontfix"], Status.DROPPED),
        ("completed", ["other"], ["wontfix"], Status.DONE),
        ("Obsolete", [], ["obsolete"], Status.DROPPED),
    ],
)
def test_a_closed_issue_is_done_unless_its_reason_or_label_says_otherwise(
    reason: str | None, labels: Sequence[str], dropped: Sequence[str], status: Status
) -> None:
    raw = closed(state_reason=reason, labels=[{"name": name} for name in labels])
    item = normalise(raw, mapped(dropped=tuple(dropped)))
    assert (item.status, item.original_status) == (status, "closed")
    assert (item.delivered is None) == (status is Status.DROPPED)
    assert item.resolution == (reason or "")


def test_an_open_issue_stays_open_whatever_its_labels_say() -> None:
    raw = issue(labels=[{"name": "wontfix"}], state_reason="reopened")
    assert normalise(raw, mapped(dropped=("wontfix",))).status is Status.TODO


def test_a_closed_issue_without_a_time_of_closing_has_no_day_of_delivery() -> None:
    assert normalise(closed(closed_at=None), FIELDS).delivered is None


@pytest.mark.parametrize(
    ("raw", "status", "original"),
    [
        (pull(), Status.IN_PROGRESS, "open"),
        (pull(draft=True), Status.IN_PROGRESS, "draft"),
        (pull(draft=False), Status.IN_PROGRESS, "open"),
        (pull(state="closed"), Status.DROPPED, "closed"),
        (pull(state="closed", draft=True), Status.DROPPED, "closed"),
        (pull(NOON, state="closed"), Status.DONE, "merged"),
        (pull(NOON, state="closed", draft=True), Status.DONE, "merged"),
    ],
)
def test_the_status_of_a_pull_request(raw: Mapping[str, Any], status: Status, original: str) -> None:
    item = normalise(raw, FIELDS)
    assert (item.kind, item.type) == (ItemKind.PULL_REQUEST, "Pull request")
    assert (item.status, item.original_status) == (status, original)


def test_a_pull_request_is_delivered_when_it_is_merged() -> None:
    raw = pull("2026-10-04T09:30:00+02:00", state="closed", closed_at=NOON)
    assert normalise(raw, FIELDS).delivered == datetime(2026, 10, 4, 7, 30, tzinfo=UTC)


def test_what_a_pull_request_closes_stands_in_body_title_and_branch_each_once() -> None:
    raw = pull(
        title="PAY-1: shorten the form, in UTF-8",
        body="Fixes #3 and closes acme/other#4.\nResolves PAY-1",
        history={"branch_keys": ["PAY-2"], "closes": ["acme/web#3", "acme/web#9"]},
    )
    assert normalise(raw, FIELDS).closes == ("acme/web#3", "acme/other#4", "PAY-1", "UTF-8", "PAY-2", "acme/web#9")


def test_a_pull_request_that_says_nothing_closes_nothing() -> None:
    assert normalise(pull(title=None), FIELDS).closes == ()


def test_an_issue_closes_nothing() -> None:
    assert normalise(issue(title="PAY-1: x", body="Fixes #3"), FIELDS).closes == ()


# ---------------------------------------------------------------- addresses and times


@pytest.mark.parametrize(
    "url", ["https://api.github.com/repos/acme/web/", "https://github.acme.example/api/v3/repos/acme/web"]
)
def test_the_repository_is_that_of_its_address(url: str) -> None:
    item = normalise(issue(repository_url=url), FIELDS)
    assert (item.key, item.project) == ("acme/web#12", "acme/web")


@pytest.mark.parametrize("url", ["https://api.github.com/acme/web", "https://api.github.com/repos/acme", "x/repos//y"])
def test_an_address_without_a_repository_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=f"^repository_url '{url}' names no repository$"):
        normalise(issue(repository_url=url), FIELDS)


@pytest.mark.usefixtures("far_west")
def test_a_time_is_kept_in_utc() -> None:
    moment = updated_at({"updated_at": "2026-10-05T14:00:00+02:00"})
    assert (moment, moment.tzinfo) == (datetime(2026, 10, 5, 12, tzinfo=UTC), UTC)


@pytest.mark.usefixtures("far_west")
def test_a_time_without_a_zone_is_taken_as_utc() -> None:
    assert updated_at({"updated_at": "2026-10-05T14:00:00"}) == datetime(2026, 10, 5, 14, tzinfo=UTC)


def test_a_time_outside_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="'0001-01-01T00:00:00\\+14:00' is no time in UTC"):
        updated_at({"updated_at": "0001-01-01T00:00:00+14:00"})


def test_a_repository_may_be_called_issues() -> None:
    raw = issue(parent_issue_url="https://api.github.com/repos/acme/issues/issues/7")
    assert normalise(raw, FIELDS).parent == "acme/issues#7"


# ---------------------------------------------------------------- size


def sized(fields: FieldMap, *labels: str) -> Size | None:
    return normalise(issue(labels=[{"name": name} for name in labels]), fields).size


def test_a_size_comes_from_a_label() -> None:
    fields = mapped(size_label="Size/")
    assert sized(fields, "bug", "size/3", "size/5") == Size(3.0, "Size/")
    assert sized(fields, "SIZE/0.5") == Size(0.5, "Size/")


def test_labels_that_hold_no_number_are_passed_over() -> None:
    fields = mapped(size_label="size/")
    assert sized(fields, "size/L", "size/nan", "size/inf", "size/2") == Size(2.0, "size/")
    assert sized(fields, "size/L", "3") is None


def test_every_item_may_count_as_one() -> None:
    assert sized(mapped(count_items=True, size_label="size/"), "size/3") == Size(1.0, "items")


def test_without_a_setting_there_is_no_size() -> None:
    assert sized(FIELDS, "3") is None


# ---------------------------------------------------------------- what is kept


def test_only_what_is_needed_is_kept_and_no_person() -> None:
    raw = pull(
        NOON,
        state="closed",
        state_reason=None,
        node_id="PR_1",
        draft=False,
        closed_at=NOON,
        html_url="https://github.com/acme/web/pull/12",
        history={"events": []},
        parent_issue_url="https://api.github.com/repos/acme/web/issues/1",
        title="For @mona",
        body="Ask mona@example.com",
        user={"login": "mona"},
        assignee={"login": "mona"},
        comments=7,
        labels=[{"name": "a", "color": "red"}, "b"],
        milestone={"number": 3, "title": "Autumn", "creator": {"login": "mona"}},
        type={"name": "Feature", "id": 1},
    )
    kept = without_extras(raw)
    assert kept == {
        "id": 4711,
        "node_id": "PR_1",
        "number": 12,
        "title": "For @someone",
        "body": "Ask someone@…",
        "state": "closed",
        "draft": False,
        "created_at": "2026-10-01T08:00:00Z",
        "updated_at": NOON,
        "closed_at": NOON,
        "html_url": "https://github.com/acme/web/pull/12",
        "repository_url": "https://api.github.com/repos/acme/web",
        "parent_issue_url": "https://api.github.com/repos/acme/web/issues/1",
        "history": {"events": []},
        "labels": [{"name": "a"}, {"name": "b"}],
        "milestone": {"number": 3, "title": "Autumn"},
        "type": {"name": "Feature"},
        "pull_request": {"merged_at": NOON},
    }


def test_what_a_bare_issue_keeps() -> None:
    kept = without_extras(issue(title=None, milestone=None, type=None))
    assert (kept["title"], kept["body"], kept["labels"]) == ("", "", [])
    assert {"milestone", "type", "pull_request", "draft"}.isdisjoint(kept)


@pytest.mark.parametrize("raw", [issue(labels=["a"]), closed(type={"name": "Bug"}), pull(NOON, state="closed"), pull()])
def test_what_is_kept_makes_the_same_item(raw: Mapping[str, Any]) -> None:
    assert normalise(without_extras(raw), FIELDS) == normalise(raw, FIELDS)


@pytest.mark.parametrize(
    "people",
    [
        {"user": {"login": "monalisa", "name": "Lisa Gherardini"}},
        {"assignee": {"login": "monalisa", "name": "Lisa Gherardini"}},
        {"closed_by": {"login": "monalisa", "name": "Lisa Gherardini"}},
        {"assignees": [{"login": "other"}, {"login": "monalisa"}, {"name": "Lisa Gherardini"}]},
    ],
)
def test_the_items_own_people_are_taken_out_of_title_and_body(people: Mapping[str, Any]) -> None:
    raw = issue(title="Let monalisa pay", body="KR: KR1.1\nLisa Gherardini (monalisa) asked.\n", **people)
    kept = without_extras(raw)
    assert (kept["title"], kept["body"]) == ("Let someone pay", "KR: KR1.1\nsomeone (someone) asked.\n")
    assert normalise(kept, FIELDS).directives == normalise(raw, FIELDS).directives


def test_parts_of_words_short_names_and_other_peoples_stay() -> None:
    title, body = "Al let bob pay", "monalisas form, monalisa-form and octocat\n"
    raw = issue(title=title, body=body, user={"login": "monalisa"}, assignees=[{"login": "bob", "name": "Al"}])
    kept = without_extras(raw)
    assert (kept["title"], kept["body"]) == (title, body)


@pytest.mark.parametrize("nobody", [None, {}, {"login": None}, {"login": 7, "name": ""}, "form"])
def test_without_people_title_and_body_stay(nobody: Any) -> None:
    kept = without_extras(issue(body="The form", user=nobody, assignee=nobody, assignees=[nobody], closed_by=nobody))
    assert (kept["title"], kept["body"]) == ("Shorten the form", "The form")


@pytest.mark.parametrize(("state", "status"), [("open", Status.IN_PROGRESS), ("closed", Status.DROPPED)])
def test_a_pull_request_that_says_nothing_of_its_merge_is_one_all_the_same(state: str, status: Status) -> None:
    item = normalise(issue(state=state, pull_request={}), mapped())
    assert (item.kind, item.status) == (ItemKind.PULL_REQUEST, status)
