"""``serve``."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.output import Day, config_option
from okrsync.config.project import load_project
from okrsync.errors import OkrsyncError, UsageError
from okrsync.jobs.cancellation import handle_signals

if TYPE_CHECKING:
    from okrsync.web.app import Application

LOOPBACK = "127.0.0.1"
PORT = 8765
_HTTP_PORT = 80
_IDLE_SECONDS = 10
_MOST_CONNECTIONS = 500
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


class Address(click.ParamType[str]):
    """An address of this machine to listen on; ``localhost`` is the usual one."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address that *value* is; a name could mean several."""
        try:
            return LOOPBACK if value == "localhost" else str(ip_address(value))
        except ValueError:
            self.fail(f"{value!r} is no address; write for example {LOOPBACK} or ::1", param, ctx)


class HostName(click.ParamType[str]):
    """What stands in a browser's address line between the slashes: a name, with the port where one is written."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """*value* in small letters."""
        if not _HOST.fullmatch(value):
            self.fail(f"{value!r} is no host; write for example reports.example.org, without https://", param, ctx)
        return str(value).casefold()


@click.command()
@config_option
@click.option("--as-of", type=Day(), help="Take this day as today, where a reader chooses none.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any that is free.")
@click.option("--bind", type=Address(), default=LOOPBACK, show_default=True, help="Needs --behind-proxy elsewhere.")
@click.option(
    "--behind-proxy",
    type=HostName(),
    multiple=True,
    metavar="HOST",
    help="The name by which a proxy that asks for a login makes it known; may be repeated.",
)
@click.option("--redact", type=click.Choice(["titles"]), help="Leave out what trackers call things.")
def serve(
    config: Path, as_of: date | None, port: int, bind: str, behind_proxy: tuple[str, ...], redact: str | None
) -> None:
    """
    Show the reports in a browser, always of the latest store.

    On this machine alone, and read-only: it has no login of its own. Behind a proxy that has one, name the address to
    bind and the name that readers use. Ctrl-C or SIGTERM ends it.
    """
    if not ip_address(bind).is_loopback and not behind_proxy:
        raise UsageError(
            f"{bind} can be reached from elsewhere, and okrsync asks nobody for a login; put a proxy before it that "
            "does, and name the host that readers use: --behind-proxy reports.example.org"
        )
    load_project(config)
    # Imported here: nothing else needs a server.
    from okrsync.web.app import Application  # noqa: PLC0415

    application = Application(config, set(behind_proxy), as_of, redact == "titles")
    server = _listening(application, bind, port)
    address = f"[{bind}]" if ":" in bind else bind
    application.hosts.update(_names(address, server.effective_port) if ip_address(bind).is_loopback else ())
    with _ended_by_signals():
        click.echo(f"http://{address}:{server.effective_port}/ (Ctrl-C ends it)", err=True)
        server.run()


def _listening(application: Application, bind: str, port: int) -> Any:
    from waitress.server import create_server  # noqa: PLC0415 - as above

    try:
        # Bound here, not there: where that fails, waitress leaves files open.
        bound = socket.create_server((bind, port), family=socket.AF_INET6 if ":" in bind else socket.AF_INET)
    except OSError as error:
        raise OkrsyncError(f"{bind}:{port} cannot be used ({error.strerror}); take another --port, or 0") from None
    return create_server(
        application,
        sockets=[bound],
        threads=2,
        # No more than reading needs: no bodies, and no name of the server in every answer.
        ident=None,
        max_request_body_size=1024,
        # A connection that sends half a request and waits keeps its place for seconds, not for minutes, and there are
        # more places than a browser, or somebody who means harm on this machine, opens in that time.
        channel_timeout=_IDLE_SECONDS,
        cleanup_interval=_IDLE_SECONDS // 2,
        connection_limit=_MOST_CONNECTIONS,
    )


def _names(address: str, port: int) -> Iterator[str]:
    """How a browser on this machine may call a site at *address* and *port*; at the usual one it names no port."""
    for name in dict.fromkeys((address, LOOPBACK, "localhost", "[::1]")):
        yield f"{name}:{port}"
        if port == _HTTP_PORT:
            yield name


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl-C does: in good order, and with nothing to complain about."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        with handle_signals(("SIGTERM", "SIGBREAK"), end):
            yield
    except KeyboardInterrupt:
        pass  # it came before the server listened for it
