"""The GitHub connector: its requests against the loopback site, and its items from raw shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from okrsync.errors import (
    AuthenticationError,
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    UnexpectedResponseError,
    UnreachableError,
)
from okrsync.model.work import Directive, Item, ItemKind, Iteration, Size, Status
from okrsync.plugins.connector import FieldMap, Partition
from okrsync.plugins.context import WorkMapping
from okrsync.sandbox.github_site import github_time
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import GithubRepository, RawObject
from okrsync_github import normalise
from okrsync_github.settings import GithubSettings
from support.examples import examples
from support.github_desk import API, CANARY, NAME, NOW, START, Desk, at, closed, desk_at, issue, pull


def item_of(raw: RawObject, fields: FieldMap | None = None) -> Item:
    fields = fields or FieldMap()
    item = normalise.normalise(raw, fields)
    # What the store keeps must say the same.
    kept = normalise.without_extras(raw)
    assert CANARY not in json.dumps(kept)
    assert normalise.normalise(kept, fields) == item
    return item


Open = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("GITHUB_CANARY", CANARY)
    with ExitStack() as stack:
        yield lambda *issues, **given: stack.enter_context(
            desk_at(tmp_path, [GithubRepository(NAME, list(issues))], **given)
        )


def test_every_field_of_an_item_comes_from_the_raw_issue() -> None:
    raw = closed(
        "completed",
        title="Faster",
        body="Text\r\nKR: KR1.1\r\ncc: Mona Lisa\r\nSigned-off-by: Mona Lisa\r\n",
        labels=[{"name": "bug"}, "size/L", {"name": "size/3"}, {"name": None}, None],
        milestone={"number": 4, "title": "March", "creator": {"login": CANARY}},
        type={"name": "Feature", "id": 1},
        parent_issue_url="https://api.github.com/repos/acme/Plans/issues/7",
    )

    item = item_of(raw, FieldMap(WorkMapping(size_label="Size/", body_words=("kr",)), source="hub", team="web"))

    assert item == Item(
        source="hub",
        external_id="9001",
        key="acme/shop#1",
        url="https://github.com/acme/shop/issues/1",
        kind=ItemKind.ISSUE,
        type="Feature",
        title="Faster",
        status=Status.DONE,
        original_status="closed",
        created=START,
        updated=at(1),
        delivered=datetime(2026, 2, 1, 8, tzinfo=UTC),
        resolution="completed",
        size=Size(3.0, "Size/"),
        project="acme/shop",
        team="web",
        parent="acme/Plans#7",
        labels=("bug", "size/L", "size/3"),
        iterations=(Iteration("acme/shop/milestone/4", "March"),),
        directives=(Directive("kr", "KR1.1"),),
        status_id="closed",
    )


@pytest.mark.parametrize(
    ("raw", "status", "original"),
    [
        (issue(1), Status.TODO, "open"),
        (issue(1, state_reason="reopened"), Status.TODO, "open"),
        (closed("completed"), Status.DONE, "closed"),
        (closed(None), Status.DONE, "closed"),
        (closed("not_planned"), Status.DROPPED, "closed"),
        (closed("NOT_PLANNED"), Status.DROPPED, "closed"),
        (closed("duplicate"), Status.DROPPED, "closed"),
        (closed("completed", labels=[{"name": "WontFix"}]), Status.DROPPED, "closed"),
        (closed("completed", labels=[{"name": "bug"}]), Status.DONE, "closed"),
        (pull(), Status.IN_PROGRESS, "open"),
        (pull(draft=True), Status.IN_PROGRESS, "draft"),
        (pull(state="closed", merged="2026-02-01T08:00:00Z"), Status.DONE, "merged"),
        (pull(state="closed", closed_at="2026-02-01T08:00:00Z"), Status.DROPPED, "closed"),
        (pull(state="closed", closed_at="2026-02-01T08:00:00Z", draft=True), Status.DROPPED, "closed"),
    ],
)
def test_the_status_tells_delivered_from_dropped(raw: RawObject, status: Status, original: str) -> None:
    item = item_of(raw, FieldMap(mapping=WorkMapping(dropped=("wontfix",))))

    assert (item.status, item.original_status) == (status, original)
    assert (item.delivered is not None) is (status is Status.DONE)


def test_a_pull_request_is_delivered_when_it_is_merged() -> None:
    item = item_of(pull(state="closed", merged="2026-02-01T08:00:00Z", closed_at="2026-02-02T00:00:00Z"))

    assert item.delivered == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert (item.kind, item.type, item.url) == (
        ItemKind.PULL_REQUEST,
        "Pull request",
        "https://github.com/acme/shop/issues/2",
    )


def test_a_pull_request_names_what_it_closes_in_body_title_and_branch_once_each() -> None:
    raw = pull(
        title="PAY-3: x",
        body="Fixes #12\nCloses other/repo#1\n<!-- Fixes #99 -->",
        history={"branch_keys": ["PAY-3", "GRO-7"], "closes": ["acme/web#8"]},
    )

    assert item_of(raw).closes == ("acme/shop#12", "other/repo#1", "PAY-3", "GRO-7", "acme/web#8")


def test_an_issue_closes_nothing() -> None:
    assert item_of(issue(1, title="PAY-3", body="Fixes #12")).closes == ()


def test_ghosts_and_empty_bodies_are_plain_items() -> None:
    item = item_of(issue(1, user=None, assignee=None, assignees=[], closed_by=None, body=None, labels=None, title=None))

    assert (item.title, item.labels, item.directives, item.type) == ("", (), (), "Issue")


@pytest.mark.parametrize(
    ("label", "size"),
    [
        ("size/3", Size(3.0, "size/")),
        ("SIZE/0.5", Size(0.5, "size/")),
        ("size/L", None),
        ("size/nan", None),
        ("size/inf", None),
        ("points/3", None),
    ],
)
def test_a_size_is_a_number_behind_the_prefix_of_a_label(label: str, size: Size | None) -> None:
    fields = FieldMap(mapping=WorkMapping(size_label="size/"))

    assert item_of(issue(1, labels=[{"name": label}]), fields).size == size
    assert item_of(issue(1, labels=[{"name": label}])).size is None


def test_where_items_are_counted_every_item_has_size_one() -> None:
    fields = FieldMap(mapping=WorkMapping(count_items=True, size_label="size/"))

    assert item_of(issue(1, labels=[{"name": "size/3"}]), fields).size == Size(1.0, "items")


@pytest.mark.parametrize("text", ["2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00"])
def test_times_are_utc_whatever_this_machines_zone_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")

    assert item_of(issue(1, created_at=text)).created == START


@pytest.mark.parametrize(
    "change",
    [
        {"repository_url": "https://api.github.com/repos/acme"},
        {"created_at": "yesterday"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": None},
        {"number": ...},
    ],
)
def test_a_raw_item_of_another_shape_is_refused(change: RawObject) -> None:
    raw = {name: value for name, value in (issue(1) | change).items() if value is not ...}

    with pytest.raises((ValueError, KeyError, TypeError)):
        normalise.normalise(raw, FieldMap())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FULL = closed(
    "completed",
    labels=[{"name": "size/3"}],
    milestone={"number": 4, "title": "March"},
    type={"name": "Feature"},
    parent_issue_url=f"{API}/issues/7",
    body="KR: KR1.1",
    pull_request={"merged_at": "2026-02-01T08:00:00Z"},
    history={
        "branch_keys": ["PAY-1"],
        "parent": "acme/shop#7",
        "projects": [
            {
                "id": "acme/projects/7",
                "archived": False,
                "values": [{"field": "Points", "kind": "number", "value": 3.0}],
            }
        ],
        "events": [],
    },
)


@settings(max_examples=examples(400), deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FULL)), JSON, max_size=4), st.sets(st.sampled_from(sorted(FULL))))
def test_whatever_github_sends_is_an_item_or_one_of_the_named_errors(change: RawObject, gone: set[str]) -> None:
    raw = {name: value for name, value in (FULL | change).items() if name not in gone}
    before = json.dumps(raw)
    fields = FieldMap(mapping=WorkMapping(size_label="size/", dropped=("x",)))

    def result() -> Item | str:
        try:
            return normalise.normalise(raw, fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"

    assert result() == result()
    assert json.dumps(raw) == before


def test_a_thousand_items_take_at_most_eleven_requests(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 1001)])

    assert sorted(set(desk.numbers())) == list(range(1, 1001))

    assert desk.context.requests.by_purpose["items"] <= 11
    assert desk.context.requests.total == len(desk.asked)
    assert desk.asked[0].query == {"state": ["all"], "sort": ["updated"], "direction": ["asc"], "per_page": ["100"]}


def test_where_nothing_changed_one_request_is_all(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 301)])

    assert desk.numbers(at(301)) == []
    assert desk.context.requests.total == 1


def test_pages_come_ascending_with_the_last_update_and_githubs_clock(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(250, 0, -1)])

    pages = list(desk.pages())

    assert [page.last_updated for page in pages] == [at(100), at(199), at(250)]
    assert {page.server_time for page in pages} == {NOW}
    assert [raw["number"] for page in pages for raw in page.raws] == list(range(1, 251))


def test_an_incremental_run_asks_from_its_time_on_in_utc_that_second_included(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 6)])
    berlin = timezone(timedelta(hours=1))

    assert desk.numbers(at(3).astimezone(berlin)) == [3, 4, 5]
    assert desk.asked[0].query["since"] == ["2026-01-01T00:03:00Z"]


@pytest.mark.parametrize(
    ("since", "asked"),
    [(None, "2026-01-02T00:00:00Z"), (at(1), "2026-01-02T00:00:00Z"), (at(2000), github_time(at(2000)))],
)
def test_nothing_older_than_the_sources_since_is_asked_for(open_desk: Open, since: datetime | None, asked: str) -> None:
    desk = open_desk(issue(1), since=date(2026, 1, 2))

    assert desk.numbers(since) == []
    assert desk.asked[0].query["since"] == [asked]


def test_items_of_one_timestamp_over_several_pages_all_come(open_desk: Open) -> None:
    desk = open_desk(*[issue(number, 5) for number in range(1, 251)], issue(251, 6))

    assert sorted(set(desk.numbers())) == list(range(1, 252))


def test_more_items_of_one_timestamp_than_a_page_holds_are_asked_for_page_by_page(open_desk: Open) -> None:
    desk = open_desk(*[issue(number, 5) for number in range(1, 251)])

    came = desk.numbers()

    assert sorted(set(came)) == list(range(1, 251))
    of_that_second = [request.query for request in desk.asked if "since" in request.query]
    assert [query.get("page", ["1"]) for query in of_that_second][:3] == [["1"], ["2"], ["3"]]


def test_an_item_touched_while_a_later_page_is_read_hides_no_other(open_desk: Open) -> None:
    desk = open_desk(*[issue(number) for number in range(1, 301)])
    came: list[int] = []

    for page in desk.pages():
        if not came:
            desk.sites.github.edit(NAME, 50, at(500))
        came += [raw["number"] for raw in page.raws]

    assert set(came) == set(range(1, 301))
    assert came.count(50) == 2


def test_repositories_that_differ_only_in_case_are_one_partition(open_desk: Open) -> None:
    desk = open_desk(repositories=["Acme/Shop", "acme/shop", "acme/web"])

    assert [partition.id for partition in desk.connector.partitions()] == ["acme/shop", "acme/web"]
    assert list(desk.pages(name="ACME/Shop")) == []


def test_nothing_is_asked_of_the_site_to_learn_its_fields(open_desk: Open) -> None:
    desk = open_desk(team="web")

    fields = desk.connector.discover()

    assert (fields.source, fields.team, fields.roles) == ("hub", "web", {})
    assert desk.asked == []


def test_people_and_unknown_keys_are_not_in_raw_pages(open_desk: Open) -> None:
    person = {"login": CANARY, "email": f"{CANARY}@example.com", "name": CANARY}
    desk = open_desk(
        pull(
            2,
            title=f"Thanks @{CANARY}",
            body=f"cc @{CANARY}, mail {CANARY}@example.com\n/cc @{CANARY}/@{CANARY}",
            labels=[{"name": "bug", "description": CANARY, "creator": person}],
            milestone={"number": 1, "title": "M", "creator": person, "description": CANARY},
            type={"name": "Bug", "description": CANARY},
            requested_reviewers=[person],
            reactions={"url": CANARY},
            performed_via_github_app={"owner": person},
            brand_new_key=[person],
        )
    )

    (page,) = desk.pages()

    assert CANARY not in json.dumps(page.raws)
    assert set(page.raws[0]) == {
        "id", "node_id", "number", "title", "state", "draft", "created_at", "updated_at", "html_url",
        "repository_url", "body", "labels", "milestone", "type", "pull_request",
    }  # fmt: skip


def chain(error: BaseException | None) -> Iterator[str]:
    if error is not None:
        yield f"{error} {error!r} {vars(error)}"
        yield from chain(error.__cause__)
        yield from chain(error.__context__)


HTML = Response(200, b"<html>log in</html>", {"Content-Type": "text/html"})


def as_json(body: bytes) -> Response:
    return Response(200, body, {"Content-Type": "application/json", "Set-Cookie": f"session={CANARY}"})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Response(401, {"message": "Bad credentials"}), AuthenticationError),
        (Response(403, {"message": "Resource not accessible"}), AuthenticationError),
        (Response(403, {"message": "API rate limit exceeded"}, {"Retry-After": "3600"}), RateLimitedError),
        (Response(404, {"message": "Not Found"}), NotFoundError),
        (Response(410, {"message": "Issues are disabled"}), UnexpectedResponseError),
        (Response(500), UnreachableError),
        (HTML, UnexpectedResponseError),
        (as_json(b""), UnexpectedResponseError),
        (as_json(b"null"), UnexpectedResponseError),
        (as_json(b"{}"), UnexpectedResponseError),
        (as_json(b'{"message": "hello"}'), UnexpectedResponseError),
        (as_json(b"[5]"), UnexpectedResponseError),
        (as_json(b'[{"id": 1}]'), UnexpectedResponseError),
        (as_json(b'[{"id": 1, "updated_at": 5}]'), UnexpectedResponseError),
        (as_json(b'[{"id": 1, "updated_at": "0001-01-01T00:00:00+14:00"}]'), UnexpectedResponseError),
        (as_json(b'[{"id": 1}, }]'), UnexpectedResponseError),
        (as_json(b"[" * 5000 + b"]" * 5000), UnexpectedResponseError),
        (Response(301, [], {"Location": "https://elsewhere.example/x"}), UnexpectedResponseError),
        (Response(302, [], {"Location": "/github/elsewhere"}), UnexpectedResponseError),
        (Response(301, [], {"Location": "/github/repos/acme/shop/issues?again=1"}), UnexpectedResponseError),
    ],
)
def test_what_is_no_issue_list_is_an_error_that_tells_no_secret(
    open_desk: Open, answer: Response, kind: type[ConnectorError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    desk = open_desk(issue(1))
    desk.sites.server.faults.append(lambda *_: answer)

    with pytest.raises(kind) as caught:
        list(desk.pages(at(0)))

    assert type(caught.value) is kind
    told = "\n".join(chain(caught.value)) + caplog.text
    for word in (CANARY, "Authorization", "per_page", "since="):
        assert word not in told


def test_a_read_logs_no_token_header_or_query(open_desk: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk = open_desk(pull(1))
    fields = desk.connector.discover()

    (page,) = desk.pages(at(0))
    assert desk.connector.history(Partition(NAME), page.raws, fields)

    for word in (CANARY, "Authorization", "per_page", "since="):
        assert word not in caplog.text


def test_a_moved_repository_is_followed_on_the_same_site(open_desk: Open) -> None:
    desk = open_desk(issue(1))

    def moved(_: str, request: Request) -> Response | None:
        if "/old/name/" not in request.path:
            return None
        return Response(301, {"message": "Moved Permanently"}, {"Location": f"{request.base_url}/repos/{NAME}/issues"})

    desk.sites.server.faults.append(moved)

    assert [raw["number"] for page in desk.pages(name="old/name") for raw in page.raws] == [1]


def test_a_page_after_a_short_one_is_the_one_behind_it(open_desk: Open) -> None:
    # GitHub may leave hidden items out of a page: it then has fewer than a hundred, and more behind it.
    desk = open_desk(*[issue(number, 5) for number in range(1, 251)])

    def short(_: str, request: Request) -> Response | None:
        answer = desk.sites.github.handle(request)
        assert isinstance(answer.payload, list)
        return Response(200, [raw for raw in answer.payload if raw["number"] != 17], answer.headers)

    desk.sites.server.faults.append(short)

    assert sorted(set(desk.numbers())) == [number for number in range(1, 251) if number != 17]


REPOSITORY = "a repository is named by its owner and name; write owner/name"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"repositories": []}, "at least 1 item"),
        ({"repositories": ["shop"]}, REPOSITORY),
        ({"repositories": ["acme/shop", "acme/shop\n"]}, REPOSITORY),
        ({"repositories": ["acme/shop/x"]}, REPOSITORY),
        ({"url": "https://github.com"}, "its API is https://api.github.com"),
        ({"url": "https://GitHub.com/"}, "its API is https://api.github.com"),
        ({"url": "http://ghe.example/api/v3"}, "only sent over https"),
        ({"repos": ["acme/shop"]}, "Extra inputs"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(change: dict[str, Any], words: str) -> None:
    asked = {"name": "hub", "connector": "github", "token": {"env": "T"}, "repositories": ["acme/shop"]}

    assert GithubSettings.model_validate(asked).url == "https://api.github.com"
    with pytest.raises(ValidationError, match=words):
        GithubSettings.model_validate(asked | change)


def test_what_a_source_reads_are_the_addresses_of_its_repositories_in_small_letters() -> None:
    asked = {"name": "hub", "connector": "github", "token": {"env": "T"}, "repositories": ["Acme/Shop", "acme/web"]}
    public = GithubSettings.model_validate(asked)
    own = GithubSettings.model_validate(asked | {"url": "https://GHE.example/api/v3/", "repositories": ["acme/SHOP"]})
    again = GithubSettings.model_validate(asked | {"name": "other", "repositories": ["acme/SHOP"]})

    assert public.reads() == {"https://api.github.com/repos/acme/shop", "https://api.github.com/repos/acme/web"}
    assert own.reads() == {"https://ghe.example/api/v3/repos/acme/shop"}
    assert again.reads() < public.reads()
