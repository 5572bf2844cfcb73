"""
A small HTTP server on the loopback interface: mounts with handlers, a request log, and faults for tests.

Apart from the sites, which only turn a request into a response and know nothing of sockets.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the real time, aware, in UTC."""
    return datetime.now(UTC)


class Headers(Mapping[str, str]):
    """Request headers; names compare without case."""

    def __init__(self, items: Mapping[str, str]) -> None:
        self._items = {name.lower(): value for name, value in items.items()}

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a mount sees it: *path* is below the mount, percent-decoded, and starts with a slash."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: Headers = field(default_factory=lambda: Headers({}))
    body: bytes = b""
    base_url: str = ""
    """The URL of the mount as the client wrote it, without a slash at its end."""

    def argument(self, name: str, default: str = "") -> str:
        """Return the first value of the query parameter *name*."""
        return self.query.get(name, [default])[0]

    def json(self) -> Any:
        """
        Return the body read as JSON.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers: *payload* is sent as it is when it is bytes, and as JSON otherwise."""

    status: int
    payload: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        """Return the body and all its headers; those given win over those worked out."""
        if isinstance(self.payload, bytes):
            body, kind = self.payload, "application/octet-stream"
        else:
            # ASCII only, because a lone surrogate in a recorded text has no UTF-8 form.
            body, kind = json.dumps(self.payload, separators=(",", ":")).encode(), "application/json; charset=utf-8"
        given = {name.lower() for name in self.headers}
        worked_out = {"Content-Type": kind, "Content-Length": str(len(body))}
        return body, {name: value for name, value in worked_out.items() if name.lower() not in given} | dict(
            self.headers
        )


Handler: TypeAlias = Callable[[Request], Response]
Fault: TypeAlias = Callable[[str, Request], Response | None]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One answered request; *path* includes the mount, *at_monotonic* is in seconds of the monotonic clock."""

    at_monotonic: float
    method: str
    path: str
    query: dict[str, list[str]]
    status: int


class LoopbackServer:
    """
    Serves handlers on 127.0.0.1, each under its own prefix; port 0 takes any free port at ``start``.

    *mounts* maps a prefix such as ``/github`` to its handler. Each fault in ``faults`` is called with the mount's name
    (``github``) and the request before the handler is; the first one that returns a response answers instead of it.
    What a handler raises becomes a JSON 500 and is kept in ``errors``.
    """

    def __init__(self, mounts: Mapping[str, Handler], *, port: int = 0, clock: Clock = utc_now) -> None:
        self.faults: list[Fault] = []
        self.errors: list[BaseException] = []
        self._mounts = {prefix.strip("/"): handler for prefix, handler in mounts.items()}
        self._port = port
        self._clock = clock
        self._lock = threading.Lock()
        self._log: list[LoggedRequest] = []
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> list[LoggedRequest]:
        """A copy of the log of all requests answered so far, in the order of their answers."""
        with self._lock:
            return list(self._log)

    @property
    def url(self) -> str:
        """
        The server's URL without a slash at its end.

        Raises:
            RuntimeError: the server is not started.
        """
        if self._listener is None:
            message = "the loopback server has no address before it is started; call start() first"
            raise RuntimeError(message)
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def start(self) -> None:
        """
        Bind the port and answer requests in the background; a server that is already started stays as it is.

        Raises:
            OSError: the port is taken.
        """
        if self._listener is not None:
            return
        self._listener = _Listener(self, self._port)
        # The interval bounds how long stop() waits.
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more requests, close kept-alive connections and free the port; does nothing when stopped."""
        if self._listener is None or self._thread is None:
            return
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
        self._listener.close_connections()
        self._listener = self._thread = None

    def clear_log(self) -> None:
        """Forget the requests answered so far."""
        with self._lock:
            self._log.clear()

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Response:
        """Return the response to one request and log it; *target* is the request line's path with its query."""
        address = urlsplit(target)
        query = parse_qs(address.query, keep_blank_values=True)
        response = self._respond(method, address.path, query, headers, body)
        logged = LoggedRequest(time.monotonic(), method, unquote(address.path), query, response.status)
        with self._lock:
            self._log.append(logged)
        return response

    def date(self) -> str:
        """Return the time of the server's clock as an HTTP date."""
        return format_datetime(self._clock().astimezone(UTC), usegmt=True)

    def keep_error(self, error: BaseException) -> None:
        """Keep what a handler raised, for a test to look at."""
        with self._lock:
            self.errors.append(error)

    def _respond(self, method: str, path: str, query: dict[str, list[str]], headers: Headers, body: bytes) -> Response:
        name, _, below = path.lstrip("/").partition("/")
        handler = self._mounts.get(name)
        if handler is None:
            return Response(404, {"message": f"nothing is mounted at /{name}"})
        base_url = f"http://{headers.get('host', '127.0.0.1')}/{name}"
        request = Request(method, "/" + unquote(below), query, headers, body, base_url)
        try:
            for fault in list(self.faults):
                if (response := fault(name, request)) is not None:
                    return response
            return handler(request)
        except Exception as error:  # noqa: BLE001 - whatever a site raises must reach the test, not end a thread
            self.keep_error(error)
            return Response(500, {"message": f"{type(error).__name__}: {error}"})


def claim_port(listener: socket.socket) -> None:
    """Let *listener* bind a port that was just given up, and none that another one has."""
    # On Windows SO_REUSEADDR would share the port of a server that is running.
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1)


class _Listener(ThreadingHTTPServer):
    """The listening socket, and the connections that it must close when it stops."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: LoopbackServer, port: int) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Exchange)

    def server_bind(self) -> None:
        # HTTPServer.server_bind looks its own name up, which can take seconds on a machine without DNS.
        claim_port(self.socket)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End kept-alive connections; the thread of each sees the end of its stream and closes its socket."""
        with self._connections_lock:
            for connection in self._connections:
                with suppress(OSError):  # the client may have gone first
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.owner.keep_error(error)


class _Exchange(BaseHTTPRequestHandler):
    """One client connection with its requests."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "okrsync-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # headers and body leave together

    def _exchange(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal():
            self.send_error(400, "Content-Length is not a number")
            return
        body = self.rfile.read(int(length))
        headers = Headers(dict(self.headers.items()))
        response = self.server.owner.answer(self.command, self.path, headers, body)
        self._send(response)

    def _send(self, response: Response) -> None:
        body, headers = response.encoded()
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _exchange  # noqa: N815 - the base class looks for them

    def date_time_string(self, timestamp: float | None = None) -> str:
        if timestamp is not None:
            return super().date_time_string(timestamp)
        return self.server.owner.date()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the owner's log has every request."""
