"""What lies between okrsync and a tracker: certificates, proxies, .netrc files, bombs."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from github import Auth, Github
from jira import JIRA

from okrsync.errors import ConnectorError, UnreachableError
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter, guard_session
from okrsync.sandbox.http import LoopbackServer, Request, Response

CANARY = "canary-4711-token"
PASSWORD = "canary-0815-password"


@dataclass
class Site:
    """A tracker, or a proxy, that keeps what it was sent."""

    answer: Callable[[Request], Response] = lambda _: Response(200, [{"id": 1}])
    seen: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.seen.append(request)
        return self.answer(request)

    @property
    def credentials(self) -> list[str]:
        return [request.headers.get("authorization", "") for request in self.seen]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxies nor credentials of the machine that runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path, sleep=lambda _: None)


@contextmanager
def guarded(url: str, context: Context, **settings: Any) -> Iterator[requests.Session]:
    with requests.Session() as session:
        guard_session(session, GuardedAdapter(url, context, **settings))
        yield session


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"machine {host} login thief password {PASSWORD}" for host in ("127.0.0.1", "localhost")]
    file = tmp_path / "credentials"
    file.write_text("\n".join([*lines, f"default login thief password {PASSWORD}\n"]), encoding="utf-8")
    file.chmod(0o600)
    (tmp_path / ".netrc").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_a_netrc_is_read_where_nothing_guards_the_session() -> None:
    site = Site()
    with LoopbackServer({"/api": site}) as server, requests.Session() as session:
        session.get(f"{server.url}/api/list", headers={"Authorization": f"Bearer {CANARY}"})

    assert site.credentials == ["Basic " + b64encode(f"thief:{PASSWORD}".encode()).decode()]


@pytest.mark.usefixtures("netrc")
def test_a_netrc_neither_adds_nor_replaces_credentials_of_a_guarded_session(context: Context) -> None:
    site = Site()
    with LoopbackServer({"/api": site}) as server, guarded(server.url, context) as session:
        session.get(f"{server.url}/api/list", headers={"Authorization": f"Bearer {CANARY}"})
        session.get(f"{server.url}/api/list")
        session.auth = ("me", CANARY)
        session.get(f"{server.url}/api/list")

    assert site.credentials == [f"Bearer {CANARY}", "", "Basic " + b64encode(f"me:{CANARY}".encode()).decode()]


@pytest.mark.usefixtures("netrc")
def test_a_netrc_does_not_replace_credentials_on_a_redirect(context: Context) -> None:
    site = Site(
        lambda request: (
            Response(200, []) if request.path == "/moved" else Response(302, b"", {"Location": "/api/moved"})
        )
    )
    with LoopbackServer({"/api": site}) as server, guarded(server.url, context) as session:
        session.get(f"{server.url}/api/list", headers={"Authorization": f"Bearer {CANARY}"})

    assert site.credentials == [f"Bearer {CANARY}"] * 2


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("auth", [Auth.Token(CANARY), None])
def test_a_netrc_does_not_reach_what_pygithub_sends(context: Context, auth: Auth.Token | None) -> None:
    site = Site(lambda _: Response(200, {"login": "me"}))
    with LoopbackServer({"/api": site}) as server:
        url = f"{server.url}/api"
        requester = Github(auth=auth, base_url=url, retry=None, seconds_between_requests=None).requester
        session = requester._Requester__createConnection().session  # type: ignore[attr-defined]
        guard_session(session, GuardedAdapter(url, context))
        requester.requestJsonAndCheck("GET", "/user")
        requester.close()

    assert site.credentials == [f"token {CANARY}" if auth else ""]


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("credentials", [{"token_auth": CANARY}, {"basic_auth": ("me", CANARY)}])
def test_a_netrc_does_not_reach_what_the_jira_library_sends(context: Context, credentials: dict[str, Any]) -> None:
    site = Site(lambda _: Response(200, {"deploymentType": "Cloud"}))
    with LoopbackServer({"/api": site}) as server:
        url = f"{server.url}/api"
        jira: Any = JIRA(server=url, get_server_info=False, max_retries=0, logging=False, **credentials)
        guard_session(jira._session, GuardedAdapter(url, context))
        jira.server_info()
        jira.close()

    own = b64encode(f"me:{CANARY}".encode()).decode()
    assert site.credentials == [f"Bearer {CANARY}" if "token_auth" in credentials else f"Basic {own}"]


def test_the_proxy_of_the_source_is_used_whatever_the_environment_says(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    proxy = Site()
    with LoopbackServer({"/api": proxy}) as server:
        address = server.url.replace("http://", f"http://me:{PASSWORD}@")
        with guarded("http://tracker.invalid", context, proxy=address) as session:
            session.get("http://tracker.invalid/api/list", headers={"Authorization": f"Bearer {CANARY}"})

    assert proxy.seen[0].headers["host"] == "tracker.invalid"
    sent = b64encode(f"me:{PASSWORD}".encode()).decode()
    assert proxy.seen[0].headers["proxy-authorization"] == f"Basic {sent}"
    assert proxy.credentials == [f"Bearer {CANARY}"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(context: Context, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    proxy = Site()
    with LoopbackServer({"/api": proxy}) as server, guarded("http://tracker.invalid", context) as session:
        monkeypatch.setenv(name, server.url)
        session.get("http://tracker.invalid/api/list")

    assert proxy.seen[0].headers["host"] == "tracker.invalid"


def test_a_proxy_of_the_environment_is_not_used_for_hosts_that_it_excepts(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with LoopbackServer({"/api": Site()}) as server, guarded(server.url, context) as session:
        assert session.get(f"{server.url}/api/list").ok


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_explicit", [True, False])
def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    context: Context, monkeypatch: pytest.MonkeyPatch, scheme: str, is_explicit: bool
) -> None:
    proxy = f"http://me:{PASSWORD}@127.0.0.1:9"
    if not is_explicit:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy)
    url = f"{scheme}://tracker.invalid"
    with (
        guarded(url, context, proxy=proxy if is_explicit else None) as session,
        pytest.raises(UnreachableError, match="the proxy does not answer") as caught,
    ):
        session.get(f"{url}/list")

    assert PASSWORD not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_proxy_that_refuses_the_password_is_asked_once(context: Context) -> None:
    refusal = Response(407, b"", {"Proxy-Authenticate": "Basic", "Connection": "close"})
    server = LoopbackServer({})
    server.answer = lambda *_: refusal  # type: ignore[method-assign]
    with server:
        # The sandbox speaks no CONNECT: any answer but 200 refuses the tunnel.
        server._listener.RequestHandlerClass.do_CONNECT = (  # type: ignore[union-attr]
            lambda exchange: exchange.send_error(407)
        )
        proxy = server.url.replace("http://", f"http://me:{PASSWORD}@")
        with (
            guarded("https://tracker.invalid", context, proxy=proxy) as session,
            pytest.raises(ConnectorError, match="another name or password") as caught,
        ):
            session.get("https://tracker.invalid/list")

    assert context.requests.total == 1
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "proxy",
    [
        f"ftp://me:{PASSWORD}@proxy.example",
        f"me:{PASSWORD}@proxy.example:3128",
        f"http://me:{PASSWORD}@",
        f"http://me:{PASSWORD}@proxy.example:99999",
        f"http://me:{PASSWORD}@[::bad",
    ],
)
def test_a_proxy_that_is_no_address_is_refused_without_being_quoted(context: Context, proxy: str) -> None:
    with pytest.raises(ConnectorError, match="the proxy's address cannot be used") as caught:
        GuardedAdapter("https://tracker.invalid", context, proxy=proxy)

    assert PASSWORD not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("proxy", [f"http://me:{PASSWORD}@[::bad", f"socks9://me:{PASSWORD}@127.0.0.1:9"])
def test_a_proxy_of_the_environment_that_is_no_address_is_not_quoted(
    context: Context, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with guarded("http://tracker.invalid", context) as session, pytest.raises(ConnectorError) as caught:
        session.get("http://tracker.invalid/list")

    assert PASSWORD not in str(caught.value)
    assert context.requests.total <= 1
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@dataclass
class Secured:
    """A tracker behind a certificate that only *ca* vouches for."""

    server: LoopbackServer
    ca: Path

    @property
    def url(self) -> str:
        return self.server.url.replace("http://", "https://")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("authority")
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "ca.pem", folder / "key.pem"


@pytest.fixture
def secured(authority: tuple[Path, Path]) -> Iterator[Secured]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority)
    server = LoopbackServer({"/api": Site()})
    server.start()
    listener = server._listener
    assert listener is not None
    listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    yield Secured(server, authority[0])
    server.stop()


def test_the_ca_of_the_source_is_trusted(context: Context, secured: Secured) -> None:
    with guarded(secured.url, context, ca=str(secured.ca)) as session:
        assert session.get(f"{secured.url}/api/list").ok


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_of_the_environment_is_trusted_and_the_sources_own_goes_before_it(
    context: Context, secured: Secured, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(secured.ca))
    with guarded(secured.url, context) as session:
        assert session.get(f"{secured.url}/api/list").ok

    monkeypatch.setenv(name, "/nowhere/ca.pem")
    with guarded(secured.url, context, ca=str(secured.ca)) as session:
        assert session.get(f"{secured.url}/api/list").ok
    with guarded(secured.url, context) as session, pytest.raises(ConnectorError, match=f"{name} names no file"):
        session.get(f"{secured.url}/api/list")


@pytest.mark.filterwarnings("default")  # a refused handshake leaves a socket for the collector
@pytest.mark.parametrize("verify", [True, False])
def test_a_certificate_that_nobody_vouches_for_is_refused_and_no_library_can_allow_it(
    context: Context, secured: Secured, verify: bool
) -> None:
    with (
        guarded(secured.url, context) as session,
        pytest.raises(ConnectorError, match="the certificate cannot be verified; set `ca` of the source"),
    ):
        session.get(f"{secured.url}/api/list", verify=verify)

    assert secured.server.log == []
    assert context.requests.total == 1


@pytest.mark.parametrize(("content", "words"), [(None, "is not there"), ("no PEM", "no certificates that can be read")])
def test_a_ca_file_that_cannot_be_used_is_said_before_any_request(
    context: Context, tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "own.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(ConnectorError, match=words) as caught:
        GuardedAdapter("https://tracker.invalid", context, ca=str(file))

    assert str(file) in str(caught.value)
    assert "`ca` of the source" in str(caught.value)


_READ = """
import resource, sys
from pathlib import Path
import requests
from okrsync.errors import UnexpectedResponseError
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter, guard_session

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

session = requests.Session()
guard_session(session, GuardedAdapter(sys.argv[1], Context(Path())))
session.get(sys.argv[1] + "/small")
before = peak()
try:
    session.get(sys.argv[1] + "/bomb")
except UnexpectedResponseError as error:
    print(peak() - before, error)
"""


@pytest.mark.needs("process memory", "resource limits")
@pytest.mark.long
def test_a_bomb_of_300_megabytes_takes_less_than_100() -> None:
    kind = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    bomb = gzip.compress(b"[" + b" " * 300_000_000 + b"]", compresslevel=9)
    assert len(bomb) < 400_000
    site = Site(lambda request: Response(200, bomb, kind) if request.path == "/bomb" else Response(200, []))
    with LoopbackServer({"/api": site}) as server:
        told = subprocess.run(
            [sys.executable, "-c", _READ, f"{server.url}/api"],
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=120,
        ).stdout

    kilobytes, _, words = told.partition(" ")
    assert "an answer over 32 MiB" in words
    assert int(kilobytes) < 100_000
