"""No command tells a token under any fault: not on the screen, not in a log, not in a file, not in the store."""

from __future__ import annotations

import gzip
import os
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from okrsync.cli.main import COMMANDS, cli
from okrsync.sandbox.http import Headers, LoopbackServer, Request, Response
from support.canary import files_below, forms_of, hits, new_secret, rows_of
from support.projects import github_data, github_server, jira_data, jira_server, lay_out
from support.running import Run
from support.stores import PostgresServer

pytestmark = pytest.mark.filterwarnings("default")  # a handshake that fails leaves a socket for the collector

USER = "me@example.com"
JSON = {"Content-Type": "application/json"}
ELSEWHERE = "http://tracker.invalid/login"

Answer = Callable[[Request], Response | None]


def sent(request: Request) -> str:
    """What an attacker, or a careless debug page, can quote of what it was sent."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith("basic "):
        return header
    return f"{header} {b64decode(header.partition(' ')[2]).decode(errors='replace')}"


def bare(request: Request) -> str:
    return sent(request).rpartition(" ")[2].rpartition(":")[2]


def refusing(status: int, **headers: str) -> Answer:
    """A refusal that quotes the credentials wherever it can."""

    def answer(request: Request) -> Response:
        told = {"message": f"no: {sent(request)}", "errorMessages": [sent(request), bare(request)], "errors": {}}
        return Response(status, told, {"X-Echo": sent(request), "WWW-Authenticate": sent(request), **headers})

    return answer


def body(content: bytes, **headers: str) -> Answer:
    return lambda _: Response(200, content, JSON | headers)


def echoed(request: Request) -> Response:
    return Response(200, {"headers": dict(request.headers), "message": sent(request), "nextPageToken": bare(request)})


def echoed_as_items(request: Request) -> Response:
    """A list, and an object, of items whose every text is the token."""
    text = bare(request)
    if "graphql" in request.path:
        return Response(200, {"data": None, "errors": [{"type": text, "message": sent(request), "path": [text]}]})
    if "jira" in request.base_url:
        fields = {"summary": text, "description": text, "labels": [text], "updated": "2026-01-01T00:00:00.000+0000"}
        issue = {"id": "1", "key": "PAY-1", "fields": fields | {"created": fields["updated"], "status": text}}
        return Response(200, {"issues": [issue], "isLast": True, "total": 1, "values": [issue], "id": text})
    number = {"id": 1, "number": 1, "title": text, "body": text, "state": "open", "labels": [{"name": text}]}
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return Response(200, [number | times | {"repository_url": f"{request.base_url}/repos/acme/shop", "user": None}])


def told_in_headers(request: Request) -> Response:
    link = f'<{request.base_url}{request.path}?page=2&token={quote(bare(request))}>; rel="next"'
    headers = {"Link": link, "Date": sent(request), "Retry-After": sent(request), "Set-Cookie": sent(request)}
    return Response(200, [], headers | {"X-RateLimit-Reset": bare(request), "ETag": sent(request)})


def as_content_type(request: Request) -> Response:
    return Response(200, b"hello", {"Content-Type": f"text/{bare(request)}"})


def moved(to: Callable[[Request], str], status: int = 302) -> Answer:
    return lambda request: Response(status, {"url": to(request)}, {"Location": to(request)})


ANSWERS: Mapping[str, Answer] = {
    "nothing wrong": lambda _: None,
    **{f"{status}": refusing(status) for status in (400, 401, 403, 404, 407, 410, 422, 429, 500, 502, 503, 504)},
    "403 of the hour's quota": refusing(403, **{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999"}),
    "403 of a secondary limit": lambda request: Response(
        403, {"message": f"You have exceeded a secondary rate limit {sent(request)}"}, {"Retry-After": "1"}
    ),
    "429 for an hour": refusing(429, **{"Retry-After": "3600"}),
    "429 until nonsense": refusing(429, **{"Retry-After": "soon"}),
    "scope": lambda request: Response(401, {"message": f"scope does not match {sent(request)}"}),
    "html": lambda request: Response(
        200, f"<html>{sent(request)}</html>".encode(), {"Content-Type": "text/html"}
    ),
    "empty": body(b""),
    "null": body(b"null"),
    "wrong type": body(b'"text"'),
    "truncated": lambda request: Response(
        200, f'[{{"id": "{sent(request)}'.encode(), JSON | {"Content-Length": "9000", "Connection": "close"}
    ),
    "broken json": lambda request: Response(200, f'[{{"id": "{sent(request)}" "}}]'.encode(), JSON),
    "gzip bomb": body(gzip.compress(b"[" + b" " * 40_000_000 + b"]"), **{"Content-Encoding": "gzip"}),
    "broken gzip": body(b"not gzip", **{"Content-Encoding": "gzip"}),
    "redirect elsewhere": moved(lambda _: ELSEWHERE),
    "redirect elsewhere with the token": moved(lambda request: f"{ELSEWHERE}/{quote(bare(request))}?{bare(request)}"),
    "redirect to the token as host": moved(lambda request: f"https://{bare(request)}.example/"),
    "redirect here with the token": moved(lambda request: f"{request.base_url}/{bare(request)}?t={bare(request)}", 301),
    "redirect to nothing": lambda _: Response(302, {}),
    "echo": echoed,
    "echo as items": echoed_as_items,
    "echo in headers": told_in_headers,
    "echo as content type": as_content_type,
}  # fmt: skip
NETWORK = ("reset", "tls error", "wrong ca", "proxy error", "proxy of the environment", "proxy wants a password")
FAULTS = (*ANSWERS, *NETWORK)


@dataclass
class Secrets:
    """All that must never be seen."""

    hub: str = field(default_factory=lambda: new_secret("hub"))
    basic: str = field(default_factory=lambda: new_secret("basic"))
    bearer: str = field(default_factory=lambda: new_secret("bearer"))
    installation: str = field(default_factory=lambda: new_secret("installation"))
    proxy: str = field(default_factory=lambda: new_secret("proxy"))
    database: str = field(default_factory=lambda: new_secret("database"))
    key: str = ""

    @property
    def forms(self) -> set[bytes]:
        plain = [self.hub, self.basic, self.bearer, self.installation, self.proxy, self.database]
        lines = [line.encode().lower() for line in self.key.splitlines() if "-----" not in line and len(line) > 32]
        basic = b64encode(f"{USER}:{self.basic}".encode()).lower()
        # The App's signature begins with a header that is the same for all.
        signature = b64encode(b'{"alg":"RS256"').rstrip(b"=")[:-3].lower()
        return {*(form for secret in plain for form in forms_of(secret)), *lines, basic, signature}


@dataclass
class Trackers:
    """One tracker for each kind of credential, and the fault that all of them have from the *first* request on."""

    servers: Mapping[str, LoopbackServer]
    secrets: Secrets
    answer: Answer = lambda _: None
    first: int = 0
    asked: dict[str, int] = field(default_factory=dict)

    def fault(self, name: str) -> Callable[[str, Request], Response | None]:
        def respond(_mount: str, request: Request) -> Response | None:
            self.asked[name] = self.asked.get(name, 0) + 1
            if self.asked[name] > self.first and (answer := self.answer(request)) is not None:
                return answer
            if request.path.endswith("/access_tokens"):
                return Response(201, {"token": self.secrets.installation, "expires_at": "2999-01-01T00:00:00Z"})
            return None

        return respond

    def reset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """End every connection without an answer."""

        def end(_method: str, _target: str, _headers: Headers, _body: bytes) -> Response:
            raise ConnectionResetError

        for server in self.servers.values():
            monkeypatch.setattr(server, "answer", end)


@pytest.fixture(scope="module")
def key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    return private.private_bytes(encoding, kind, serialization.NoEncryption()).decode()


@pytest.fixture
def trackers(key: str) -> Iterator[Trackers]:
    with ExitStack() as stack:
        servers = {
            "hub": stack.enter_context(github_server(github_data())),
            "app": stack.enter_context(github_server(github_data("acme/apps"))),
            "cloud": stack.enter_context(jira_server(jira_data())),
            "center": stack.enter_context(jira_server(jira_data("datacenter", ("DEV",)))),
        }
        found = Trackers(servers, Secrets(key=key))
        for name, server in servers.items():
            server.faults.append(found.fault(name))
        yield found


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that vouches for nothing here, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(private.private_bytes(encoding, kind, serialization.NoEncryption()))
    return folder / "ca.pem", folder / "key.pem"


@dataclass
class Bench:
    """A project that reads all trackers, and the commands of one test on it."""

    okrsync: Run
    trackers: Trackers
    folder: Path
    store: str
    log: Path
    told: list[tuple[str, bytes]] = field(default_factory=list)

    def run(self, line: list[str]) -> int:
        ran = self.okrsync(*line)
        self.told += [(f"{line} stdout", ran.out.encode()), (f"{line} stderr", ran.err.encode())]
        return ran.code

    def leaks(self) -> list[str]:
        """Everywhere that a secret can be seen now; the project's own file names the proxy."""
        seen = [*self.told, *files_below(self.folder.parent, but=("okrsync.yaml",)), *rows_of(self.store)]
        return hits(self.trackers.secrets.forms, seen)


SPARE = {"hub": "acme/shop", "app": "acme/apps", "cloud": "PAY", "center": "DEV"}


def sources(trackers: Trackers, scheme: str, more: Mapping[str, str]) -> list[dict[str, Any]]:
    urls = {name: server.url.replace("http:", f"{scheme}:") for name, server in trackers.servers.items()}
    hub: dict[str, Any] = {"connector": "github", "url": f"{urls['hub']}/github", "projects": ["acme/7"]}
    return [
        hub | {"name": "hub", "repositories": [SPARE["hub"]], "token": {"env": "CANARY_HUB"}, **more},
        hub | {"name": "app", "url": f"{urls['app']}/github", "repositories": [SPARE["app"]], **more}
        | {"token": {"env": "CANARY_KEY"}, "app": {"id": 1, "installation": 2}},
        {"name": "cloud", "connector": "jira", "url": f"{urls['cloud']}/jira", "projects": [SPARE["cloud"]]}
        | {"user": USER, "token": {"env": "CANARY_BASIC"}, **more},
        {"name": "center", "connector": "jira", "url": f"{urls['center']}/jira", "projects": [SPARE["center"]]}
        | {"token": {"env": "CANARY_BEARER"}, **more},
    ]  # fmt: skip


@contextmanager
def faulty_network(
    kind: str, trackers: Trackers, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, dict[str, str]]]:
    """The scheme and settings by which the trackers are reached, and what is broken on the way there."""
    proxy = f"http://me:{quote(trackers.secrets.proxy, safe='')}@127.0.0.1:9"
    match kind:
        case "reset":
            trackers.reset(monkeypatch)
        case "tls error":
            yield "https", {}
            return
        case "wrong ca":
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            for server in trackers.servers.values():
                listener = server._listener
                assert listener is not None
                listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
            yield "https", {}
            return
        case "proxy error":
            yield "http", {"proxy": proxy}
            return
        case "proxy of the environment":
            for name in ("HTTP_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy)
        case "proxy wants a password":
            with LoopbackServer({}) as gate:
                monkeypatch.setattr(gate, "answer", lambda *_: Response(407, b"", {"Proxy-Authenticate": "Basic"}))
                yield "http", {"proxy": proxy.replace("127.0.0.1:9", gate.url.removeprefix("http://"))}
                return
    yield "http", {}


@contextmanager
def bench(
    fault: str,
    okrsync: Run,
    trackers: Trackers,
    folder: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    *,
    first: int = 0,
    store: str = "",
) -> Iterator[Bench]:
    secrets = trackers.secrets
    for name, secret in (
        ("HUB", secrets.hub),
        ("KEY", secrets.key),
        ("BASIC", secrets.basic),
        ("BEARER", secrets.bearer),
    ):
        monkeypatch.setenv(f"CANARY_{name}", secret)
    monkeypatch.setenv("PGPASSWORD", secrets.database)
    monkeypatch.setattr("okrsync.plugins.http.READ_SECONDS", 2.0)
    trackers.first = first
    with faulty_network(fault, trackers, certificate, monkeypatch) as (scheme, more):
        trackers.answer = ANSWERS.get(fault, trackers.answer)
        project = lay_out(folder / "project", sources(trackers, scheme, more), store=store or "sqlite:///okrsync.db")
        monkeypatch.chdir(project)
        where = store or f"sqlite:///{project}/okrsync.db"
        yield Bench(okrsync, trackers, project, where, folder / "debug.log")


def lines() -> list[list[str]]:
    """Every command of the command line, with the arguments it needs; one that is new comes as it is."""
    known = {
        "checkin": ["KR1.1", "1.5"],
        "db backup": ["copy.db"],
        "db copy": ["--to", "sqlite:///other.db"],
        "db purge": ["--yes"],
        "init": ["--dir", "started"],
        "link": ["PAY-1", "KR1.1"],
        "outcomes": ["--cycle", "all"],
        "status": ["--format", "json"],
        "sync": ["--census", "--format", "json"],
        "unlink": ["PAY-1", "KR1.1"],
        "why": ["PAY-1"],
        "retro": ["--sprint", "last"],
        # An address that no machine has: it reads the project, and ends where it would go on to answer for ever.
        "serve": ["--bind", "192.0.2.1", "--behind-proxy", "reports.example"],
    }
    found = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        paths = [[name, below] for below in command.commands] if isinstance(command, click.Group) else [[name]]
        found += [[*path, *known.get(" ".join(path), [])] for path in paths]
    return found


LINES = lines()
_OTHERS = cycle([line for line in LINES if line[0] not in {"sync", "demo"}])
ONE_OF_EACH = {
    "nothing wrong", "401", "403 of the hour's quota", "truncated", "redirect elsewhere with the token",
    "echo as items", "echo in headers", "wrong ca", "proxy wants a password",
}  # fmt: skip
"""A fault of each kind; what is like one of them runs with the long tests."""
PAIRED = [
    pytest.param(
        fault,
        [next(_OTHERS) for _ in range(2)],
        id=fault,
        marks=() if fault in ONE_OF_EACH else pytest.mark.long,
    )
    for fault in FAULTS
]
"""Each fault with two commands behind the sync, so that each command has its turn."""


def test_the_search_finds_a_secret_in_every_form(tmp_path: Path) -> None:
    secret = new_secret("x")
    (tmp_path / "report.md").write_text(f"see {quote(secret, safe='')}", encoding="utf-8")
    for around in ("", "a", "ab"):
        coded = b64encode(f"{around}{secret}{around}".encode())
        assert hits(forms_of(secret), [("a log", b"Basic " + coded)])
    assert hits(forms_of(secret), files_below(tmp_path))
    assert not hits(forms_of(new_secret("x")), files_below(tmp_path))


def test_without_a_fault_every_credential_is_sent_and_every_source_is_read(
    okrsync: Run, trackers: Trackers, tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    trackers.answer = lambda request: seen.add(sent(request))
    secrets = trackers.secrets
    with bench("none", okrsync, trackers, tmp_path, certificate, monkeypatch) as at:
        ran = okrsync("sync", "--format", "json")

        assert [run["status"] for run in ran.json["runs"]] == ["ok"] * 4
        assert all(any(secret in each for each in seen) for secret in (secrets.hub, secrets.basic, secrets.bearer))
        assert any(each.endswith(secrets.installation) for each in seen)
        assert any(each.startswith("Bearer eyJ") for each in seen)
        assert at.leaks() == []


@pytest.mark.parametrize(("fault", "others"), PAIRED)
def test_no_command_tells_a_token_under_any_fault(
    okrsync: Run,
    trackers: Trackers,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    others: list[list[str]],
) -> None:
    with bench(fault, okrsync, trackers, tmp_path, certificate, monkeypatch) as at:
        code = at.run(["sync", "--census"])
        for line in others:
            at.run(line)

        assert at.leaks() == []
        assert (code == 0) == (fault == "nothing wrong")


def test_a_token_of_every_source_is_a_secret_when_its_file_or_command_fails(
    okrsync: Run, trackers: Trackers, tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = trackers.secrets.hub
    with bench("none", okrsync, trackers, tmp_path, certificate, monkeypatch) as at:
        for name, value in (
            ("HUB", f"{secret}\n{secret}"),
            ("KEY", trackers.secrets.key[:200]),
            ("BASIC", f"é{secret}"),
        ):
            monkeypatch.setenv(f"CANARY_{name}", value)
        monkeypatch.delenv("CANARY_BEARER")

        assert at.run(["sync"]) == 4
        assert at.leaks() == []


@pytest.mark.parametrize(
    "fault", ["echo as items", *(pytest.param(name, marks=pytest.mark.long) for name in ("401", "500"))]
)
def test_no_token_reaches_postgresql(
    okrsync: Run,
    trackers: Trackers,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    postgres: PostgresServer,
    fault: str,
) -> None:
    with bench(fault, okrsync, trackers, tmp_path, certificate, monkeypatch, store=postgres.database(), first=6) as at:
        for line in (["sync", "--census"], ["status"], ["db", "check"]):
            at.run(line)

        assert at.leaks() == []


@pytest.mark.long
@pytest.mark.parametrize("first", [0, 2, 4, 6, 9])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_command_at_all_tells_a_token_wherever_the_fault_begins(
    okrsync: Run,
    trackers: Trackers,
    tmp_path: Path,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    first: int,
) -> None:
    with bench(fault, okrsync, trackers, tmp_path, certificate, monkeypatch, first=first) as at:
        for line in (["sync"], *LINES, ["sync", "--format", "json"]):
            if line[0] != "demo":  # it has trackers of its own
                at.run(line)

        assert at.leaks() == []


@pytest.mark.long
def test_the_demo_tells_no_token_of_the_environment(
    okrsync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_secret("own")
    for name in ("OKRSYNC_GITHUB_TOKEN", "OKRSYNC_JIRA_TOKEN"):
        monkeypatch.setenv(name, secret)
    monkeypatch.chdir(tmp_path)

    ran = okrsync("demo")

    assert ran.code == 0
    assert os.environ["OKRSYNC_JIRA_TOKEN"] == secret
    told = [("screen", f"{ran.out}{ran.err}".encode()), *rows_of(f"sqlite:///{tmp_path}/okrsync-demo/okrsync.db")]
    assert hits(forms_of(secret), [*told, *files_below(tmp_path)]) == []
