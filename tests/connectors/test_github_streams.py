"""The GitHub connector beside its items: iterations, census, releases, reach, App and check, at the loopback site."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from okrsync.errors import AuthenticationError, ConnectorError, NotFoundError, UnexpectedResponseError
from okrsync.model.work import IterationRecord
from okrsync.plugins.connector import CheckLine, Fate, IterationsRead, Missing, Partition, Resolution, Stream
from okrsync.plugins.context import WorkMapping
from okrsync.sandbox.github_site import github_time
from okrsync.sandbox.http import Request, Response
from okrsync.sandbox.tracker_data import GithubProject, GithubRepository, RawObject
from okrsync_github.settings import GithubSettings
from support.github_desk import CANARY, NAME, NOW, START, Desk, at, desk_at, issue, pull

Open = Callable[..., Desk]
PROJECT = Stream("acme/projects/7")
MILESTONES = Stream(f"{NAME}/milestones")


@pytest.fixture
def open_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("GITHUB_CANARY", CANARY)
    with ExitStack() as stack:
        yield lambda *shelves, **given: stack.enter_context(desk_at(tmp_path, shelves, **given))


def shelf(*issues: RawObject, name: str = NAME, **more: Any) -> GithubRepository:
    return GithubRepository(name, list(issues), **more)


def project(*items: str) -> GithubProject:
    configuration = {
        "completedIterations": [{"id": "a", "title": "One", "startDate": "2026-03-02", "duration": 14}],
        "iterations": [
            {"id": "b", "title": f"Two of @{CANARY}", "startDate": "2026-03-30", "duration": 14},
            {"id": "c", "title": "Three", "startDate": "2026-04-13", "duration": 14},
        ],
    }
    fields: list[RawObject] = [{}, {"id": "f1", "name": "Sprint", "configuration": configuration}]
    held: dict[str, RawObject] = {key: {"updatedAt": github_time(START), "values": []} for key in items}
    return GithubProject("acme", 7, "Board", github_time(START), fields, held)


def answer(desk: Desk, path: str, response: Callable[[Request], Response | None]) -> None:
    desk.sites.server.faults.append(lambda _, request: response(request) if request.path.endswith(path) else None)


def read(desk: Desk, stream: Stream, cursor: str = "") -> IterationsRead:
    return desk.connector.iterations(stream, cursor, desk.fields)


# ---------------------------------------------------------------- iterations


def test_streams_are_milestones_of_each_repository_and_the_named_projects(open_desk: Open) -> None:
    desk = open_desk(shelf(), repositories=[NAME, "acme/web"], projects=["acme/7"])

    assert [stream.id for stream in desk.connector.streams(desk.fields)] == [
        "acme/shop/milestones",
        "acme/web/milestones",
        "acme/projects/7",
    ]


def test_milestones_are_records_with_the_ids_that_items_have(open_desk: Open) -> None:
    march = {"number": 4, "title": "March", "state": "closed", "due_on": "2026-03-31T07:00:00Z"}
    closed = march | {"closed_at": "2026-04-02T09:00:00Z", "url": f"https://api.github.com/repos/{NAME}/milestones/4"}
    person = {"login": CANARY}
    april = {
        "number": 5,
        "title": f"For @{CANARY}",
        "state": "open",
        "due_on": None,
        "closed_at": None,
        "creator": person,
    }
    desk = open_desk(shelf(issue(1, milestone=closed), milestones=[closed, april]))

    found = read(desk, MILESTONES)

    assert found == IterationsRead(
        (
            IterationRecord(
                "hub",
                "acme/shop/milestone/4",
                "March",
                "closed",
                end=datetime(2026, 3, 31, 7, tzinfo=UTC),
                completed=datetime(2026, 4, 2, 9, tzinfo=UTC),
            ),
            IterationRecord("hub", "acme/shop/milestone/5", "For @someone", "active"),
        )
    )
    (item,) = (desk.connector.normalise(raw, desk.fields) for raw in desk.raws())
    assert item.iterations[0].id == found.iterations[0].id
    assert desk.context.requests.by_purpose["iterations"] == 1


def test_more_than_a_hundred_milestones_are_all_read(open_desk: Open) -> None:
    milestones: list[RawObject] = [{"number": n, "title": f"M{n}", "state": "open"} for n in range(1, 251)]
    desk = open_desk(shelf(milestones=milestones))

    assert len(read(desk, MILESTONES).iterations) == 250
    assert desk.context.requests.by_purpose["iterations"] == 3


def test_iterations_of_a_project_are_closed_active_or_to_come(open_desk: Open) -> None:
    desk = open_desk(shelf(), boards=[project()])

    found = read(desk, PROJECT)

    assert [(each.id, each.name, each.state) for each in found.iterations] == [
        ("acme/projects/7/a", "One", "closed"),
        ("acme/projects/7/b", "Two of @someone", "active"),
        ("acme/projects/7/c", "Three", "future"),
    ]
    first = found.iterations[0]
    assert (first.start, first.end) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))
    assert first.completed == first.end


def test_the_first_read_of_a_project_scans_nothing(open_desk: Open) -> None:
    desk = open_desk(shelf(issue(1)), boards=[project(f"{NAME}#1")])

    found = read(desk, PROJECT)

    assert (found.touched, found.cursor) == ((), "2026-01-01T00:00:00+00:00")
    assert desk.context.requests.by_purpose["iterations"] == 1


def test_a_changed_board_names_the_items_that_changed_there_by_their_ids_in_the_list(open_desk: Open) -> None:
    keys = [f"{NAME}#{number}" for number in range(1, 251)]
    desk = open_desk(shelf(*[issue(n) for n in range(1, 250)], pull(250)), boards=[project(*keys, f"{NAME}#999")])
    cursor = read(desk, PROJECT).cursor
    for key in (keys[3], keys[249], f"{NAME}#999"):
        desk.sites.github.edit_project("acme", 7, key, at(60), values=[])

    later = desk.again()
    found = read(later, PROJECT, cursor)

    # GraphQL knows a pull request by another id, so that one is asked for: one request more.
    assert (found.touched, found.cursor) == (("9004", "9250"), github_time(at(60)).replace("Z", "+00:00"))
    assert later.context.requests.by_purpose["iterations"] == 1 + 3 + 1
    assert later.numbers(at(300)) == []  # the issue itself was not updated
    quiet = desk.again()
    assert read(quiet, PROJECT, found.cursor).touched == ()
    assert quiet.context.requests.by_purpose["iterations"] == 1


def test_what_changes_on_a_board_while_it_is_read_is_met_by_the_next_run(open_desk: Open) -> None:
    desk = open_desk(shelf(issue(1)), boards=[project(f"{NAME}#1")])
    desk.sites.github.edit_project("acme", 7, f"{NAME}#1", NOW)

    cursor = read(desk, PROJECT).cursor

    assert cursor < NOW.isoformat()
    assert read(desk.again(), PROJECT, cursor).touched == ("9001",)


def test_pages_of_a_project_are_halved(open_desk: Open) -> None:
    desk = open_desk(shelf(issue(1)), boards=[project(f"{NAME}#1")])
    desk.sites.github.edit_project("acme", 7, f"{NAME}#1", at(60))

    def slow(request: Request) -> Response | None:
        return Response(504) if request.json()["variables"].get("first", 0) > 30 else None

    answer(desk, "/graphql", slow)

    assert read(desk, PROJECT, github_time(START)).touched == ("9001",)
    assert desk.context.memory["project_items"]["size"] == 25


def test_a_project_that_is_not_there_is_an_error(open_desk: Open) -> None:
    desk = open_desk(shelf())

    with pytest.raises(NotFoundError, match=r"acme/7: not found.* read projects"):
        read(desk, PROJECT)


# ---------------------------------------------------------------- census


def ids_of(desk: Desk) -> list[str]:
    return [id_ for page in desk.connector.census(Partition(NAME)) for id_ in page]


def test_a_census_lists_every_id_once_however_old(open_desk: Open) -> None:
    desk = open_desk(shelf(*[issue(n) for n in range(1, 200)], *[pull(n) for n in range(200, 251)]))

    found = ids_of(desk)

    assert sorted(found) == sorted(str(9000 + n) for n in range(1, 251))
    assert desk.context.requests.by_purpose["census"] == desk.context.requests.total == 3 + 1


def test_a_census_takes_in_what_is_created_meanwhile(open_desk: Open) -> None:
    desk = open_desk(shelf(*[issue(n) for n in range(1, 6)]))
    pages = desk.connector.census(Partition(NAME))
    found = list(next(iter(pages)))
    desk.sites.github.add(NAME, issue(6))

    assert [*found, *(id_ for page in pages for id_ in page)] == [str(9000 + n) for n in range(1, 7)]


def test_a_census_that_is_not_whole_is_an_error(open_desk: Open) -> None:
    desk = open_desk(shelf(*[issue(n) for n in range(1, 6)]))

    def short(request: Request) -> Response:
        whole = desk.sites.github.handle(request)
        assert isinstance(whole.payload, list)
        return Response(200, [raw for raw in whole.payload if raw["number"] != 3], whole.headers)

    answer(desk, "/issues", short)

    with pytest.raises(UnexpectedResponseError, match="4 items are listed of 5"):
        ids_of(desk)


def test_a_census_that_breaks_off_is_an_error(open_desk: Open) -> None:
    desk = open_desk(shelf(*[issue(n) for n in range(1, 151)]))
    pages = desk.connector.census(Partition(NAME))
    next(iter(pages))
    answer(desk, "/issues", lambda _: Response(500))

    with pytest.raises(ConnectorError):
        list(pages)


def test_without_graphql_a_census_is_the_list_alone(open_desk: Open) -> None:
    desk = open_desk(shelf(issue(1)))
    answer(desk, "/graphql", lambda _: Response(404, {"message": "Not Found"}))

    assert ids_of(desk) == ["9001"]


def test_what_is_missing_was_moved_deleted_hidden_or_is_there(open_desk: Open) -> None:
    desk = open_desk(shelf(*[issue(n) for n in range(1, 6)]), shelf(name="acme/web"))
    site = desk.sites.github
    site.transfer(NAME, 1, "acme/web", 31, at(90))
    site.delete(NAME, 2)
    site.hide(NAME, 3)

    found = desk.connector.resolve(
        Partition(NAME), [Missing(str(9000 + n), f"{NAME}#{n}") for n in range(1, 5)] + [Missing("77", f"{NAME}#5")]
    )

    assert [each.fate for each in found] == [Fate.MOVED, Fate.GONE, Fate.HIDDEN, Fate.EXISTS, Fate.MOVED]
    (moved,) = desk.raws("acme/web")
    assert found[0] == Resolution("9001", Fate.MOVED, str(moved["id"]), "acme/web#31")
    (event,) = desk.connector.normalise_history(moved, desk.fields)
    assert (event.from_id, event.to_id) == ("acme/shop#?", "acme/web#31")
    assert ids_of(desk) == ["9004", "9005"]
    assert desk.context.requests.by_purpose["census"] == 5 + 1 + 1 + 1


# ---------------------------------------------------------------- releases


def test_releases_are_published_ones_in_order(open_desk: Open) -> None:
    releases: list[RawObject] = [
        {"published_at": "2026-03-02T00:00:00Z", "draft": False, "prerelease": False, "author": {"login": CANARY}},
        {"published_at": "2026-02-02T00:00:00Z"},
        {"published_at": "2026-02-01T00:00:00Z", "prerelease": True},
        {"published_at": None, "draft": True},
    ]
    desk = open_desk(shelf(releases=releases), mapping=WorkMapping(delivered_on="release"))

    found = desk.connector.releases(Partition(NAME), desk.fields)

    assert found == [datetime(2026, 2, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)]
    assert desk.fields.ships_apart


def test_deployments_are_those_that_succeeded_there(open_desk: Open) -> None:
    def deployment(hour: int, environment: str, *states: str) -> RawObject:
        times = [github_time(START + timedelta(hours=hour, minutes=place)) for place in range(len(states) + 1)]
        statuses = [{"state": state, "createdAt": when} for state, when in zip(states, times, strict=False)]
        return {"environment": environment, "createdAt": times[0], "statuses": statuses}

    told = [deployment(hour, "production", "IN_PROGRESS", "SUCCESS", "INACTIVE") for hour in range(250)]
    told += [
        deployment(300, "production", "FAILURE"),
        deployment(301, "staging", "SUCCESS"),
        deployment(302, "production"),
    ]
    mapping = WorkMapping(delivered_on="deployment", environment="production")
    desk = open_desk(shelf(deployments=told), mapping=mapping)

    found = desk.connector.releases(Partition(NAME), desk.fields)

    assert found == [START + timedelta(hours=hour, minutes=1) for hour in range(250)]
    assert desk.context.requests.total == 3


def test_items_that_ship_when_they_are_done_need_no_releases(open_desk: Open) -> None:
    desk = open_desk(shelf())

    assert not desk.fields.ships_apart
    assert not desk.connector.releases(Partition(NAME), desk.fields)
    assert desk.asked == []


# ---------------------------------------------------------------- reach


def many() -> list[GithubRepository]:
    return [
        shelf(name="acme/Web-shop", topics=["Product"]),
        shelf(name="acme/web-old", archived=True, topics=["product"]),
        shelf(name="acme/web-off", disabled=True, topics=["product"]),
        shelf(name="acme/web-docs", topics=["docs"]),
        shelf(name="acme/api", topics=["product"]),
        shelf(name="other/web-x", topics=["product"]),
    ]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"repositories": ["acme/*"]}, ["acme/Web-shop", "acme/web-docs", "acme/api"]),
        ({"repositories": ["ACME/WEB-*"]}, ["acme/Web-shop", "acme/web-docs"]),
        (
            {"repositories": ["acme/*"], "archived": True, "exclude": ["acme/*S"]},
            ["acme/Web-shop", "acme/web-old", "acme/api"],
        ),
        ({"repositories": ["acme/*"], "topics": ["product", "x"]}, ["acme/Web-shop", "acme/api"]),
        ({"repositories": ["acme/web-old", "acme/ap?"], "exclude": ["acme/web-old"]}, ["acme/web-old", "acme/api"]),
        ({"repositories": ["acme/web-docs", "acme/web-*"]}, ["acme/web-docs", "acme/Web-shop"]),
        ({"repositories": ["acme/nothing-*"]}, []),
    ],
)
def test_patterns_stand_for_the_owners_repositories(open_desk: Open, given: dict[str, Any], names: list[str]) -> None:
    desk = open_desk(*many(), **given)

    assert [partition.id for partition in desk.connector.partitions()] == names
    assert len(list(desk.connector.partitions())) == len(names)
    assert desk.context.requests.by_purpose["setup"] == 1


def test_a_persons_repositories_are_listed_elsewhere_and_page_by_page(open_desk: Open) -> None:
    desk = open_desk(*[shelf(name=f"mona/r{number}") for number in range(150)], repositories=["mona/*", "mona/r1*"])
    answer(desk, "/orgs/mona/repos", lambda _: Response(404, {"message": "Not Found"}))

    assert len(list(desk.connector.partitions())) == 150
    assert desk.context.requests.by_purpose["setup"] == 3


def test_an_owner_that_is_not_there_is_an_error(open_desk: Open) -> None:
    with pytest.raises(NotFoundError):
        list(open_desk(shelf(), repositories=["nobody/*"]).connector.partitions())


def test_what_a_pattern_reads_is_the_pattern_in_small_letters() -> None:
    asked = {"name": "hub", "connector": "github", "token": {"env": "T"}, "repositories": ["Acme/Web-*"]}

    assert GithubSettings.model_validate(asked).reads() == {"https://api.github.com/repos/acme/web-*"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"repositories": ["*/web"]}, "write owner/name"),
        ({"repositories": ["acme/[ab]"]}, "write owner/name"),
        ({"projects": ["acme"]}, "write owner/7"),
        ({"projects": ["acme/07"]}, "write owner/7"),
        ({"app": {"id": 1}}, "installation"),
        ({"app": {"id": 0, "installation": 2}}, "greater than 0"),
    ],
)
def test_a_reach_that_cannot_be_meant_is_refused(change: dict[str, Any], words: str) -> None:
    asked = {"name": "hub", "connector": "github", "token": {"env": "T"}, "repositories": ["acme/shop"]}

    with pytest.raises(ValidationError, match=words):
        GithubSettings.model_validate(asked | change)


# ---------------------------------------------------------------- App


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


APP = {"app": {"id": 12, "installation": 34}, "token": {"file": "app.pem"}}


def test_an_app_reads_with_a_token_that_it_buys_once_an_hour(
    open_desk: Open, pem: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    (tmp_path / "app.pem").write_text(pem, encoding="utf-8")
    desk = open_desk(shelf(issue(1)), **APP)
    sent: list[str] = []
    answer(desk, "", lambda request: sent.append(request.headers["Authorization"]))

    desk.raws()
    desk.sites.server.faults.clear()
    now = NOW + timedelta(minutes=58)
    desk.context.clock = lambda: now
    assert desk.numbers() == [1]

    paths = [request.path for request in desk.asked]
    assert paths[0] == "/github/app/installations/34/access_tokens"
    assert paths.count(paths[0]) == 2
    assert sent[0].startswith("Bearer eyJ")
    assert {each.partition(" ")[0] for each in sent[1:]} == {"token"}
    for secret in ("ghs_", "eyJ", "PRIVATE"):
        assert secret not in caplog.text


def test_an_installation_token_is_not_quoted_in_an_error(open_desk: Open, pem: str, tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(pem, encoding="utf-8")
    desk = open_desk(shelf(issue(1)), **APP)
    answer(desk, "/issues", lambda request: Response(403, {"message": f"no {request.headers['Authorization']}"}))

    with pytest.raises(AuthenticationError) as caught:
        desk.raws()

    assert "ghs_" not in f"{caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize("text", ["", "ghp_token", "-----BEGIN CERTIFICATE-----"])
def test_an_app_needs_a_private_key(open_desk: Open, text: str, tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(text, encoding="utf-8")

    with pytest.raises(AuthenticationError, match=r"private key|empty"):
        open_desk(shelf(), **APP)


def test_a_key_that_is_no_key_is_an_error_that_does_not_tell_it(open_desk: Open, tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----", encoding="utf-8"
    )
    desk = open_desk(shelf(), **APP)

    with pytest.raises(ConnectorError) as caught:
        desk.raws()

    assert CANARY not in f"{caught.value!r} {vars(caught.value)} {caught.value.__cause__} {caught.value.__context__}"


@pytest.mark.parametrize("told", [{}, {"token": "x"}, {"token": "x", "expires_at": "soon"}])
def test_an_exchange_of_another_shape_is_an_error(open_desk: Open, pem: str, tmp_path: Path, told: RawObject) -> None:
    (tmp_path / "app.pem").write_text(pem, encoding="utf-8")
    desk = open_desk(shelf(), **APP)
    answer(desk, "/access_tokens", lambda _: Response(201, told))

    with pytest.raises(UnexpectedResponseError, match="no token for the installation"):
        desk.raws()


# ---------------------------------------------------------------- check


def levels(lines: Any) -> list[tuple[str, str]]:
    assert CANARY not in json.dumps([vars_of(line) for line in lines])
    assert all(line.advice for line in lines if line.level != "ok")
    return [(line.level, line.what) for line in lines]


def vars_of(line: CheckLine) -> list[str]:
    return [line.level, line.what, line.advice]


def test_a_source_that_is_well_has_only_good_lines(open_desk: Open) -> None:
    desk = open_desk(shelf(), boards=[project()], projects=["acme/7"])
    desk.sites.github.scopes = "read:org, read:project"

    found = levels(desk.connector.check())

    assert found == [
        ("ok", f"{desk.sites.github_url} answers (GitHub)"),
        ("ok", "the clocks agree"),
        ("ok", "the token may only read (read:org, read:project)"),
        ("ok", "5000 of 5000 requests are left this hour"),
        ("ok", "acme/shop can be read"),
        ("ok", "history can be read"),
        ("ok", "project acme/7 can be read"),
    ]


def test_what_is_wrong_with_a_source_is_said_line_by_line(open_desk: Open) -> None:
    desk = open_desk(shelf(), repositories=[NAME, "acme/none"], projects=["acme/9"])
    desk.context.clock = lambda: NOW + timedelta(minutes=5)
    told = {"X-OAuth-Scopes": "repo, admin:org", "X-GitHub-Enterprise-Version": "3.19.2"}
    limits = {"X-RateLimit-Remaining": "12", "X-RateLimit-Limit": "5000"}
    answer(desk, "/meta", lambda _: Response(200, {}, told | limits))
    answer(desk, "/graphql", lambda request: None if "Totals" not in request.json()["query"] else Response(404, {}))

    found = levels(desk.connector.check())

    assert found == [
        ("ok", f"{desk.sites.github_url} answers (GitHub Enterprise Server 3.19.2)"),
        ("warn", "this machine's clock is 300 s ahead"),
        ("warn", "the token may do more than read: repo, admin:org"),
        ("warn", "12 of 5000 requests are left this hour"),
        ("ok", "acme/shop can be read"),
        ("fail", f"{desk.sites.github_url}/repos/acme/none: not found (404), or hidden from this token"),
        ("warn", "GraphQL is not there, so there is no history"),
        ("warn", "project acme/9 is not there, or hidden"),
    ]


def test_a_refused_token_is_one_line(open_desk: Open) -> None:
    desk = open_desk(shelf())
    answer(desk, "/meta", lambda _: Response(401, {"message": "Bad credentials"}))

    assert levels(desk.connector.check()) == [("fail", f"{desk.sites.github_url}/meta: the token is refused (401)")]


def test_a_pattern_that_names_nothing_fails_the_check(open_desk: Open) -> None:
    desk = open_desk(shelf(), repositories=["acme/x*"])

    assert ("fail", "no repository is named by the patterns") in levels(desk.connector.check())
