"""``serve``."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address
from pathlib import Path

import click

from okrsync.cli.output import Day
from okrsync.config.project import load_project
from okrsync.errors import OkrsyncError, UsageError

LOOPBACK = "127.0.0.1"
PORT = 8765


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("okrsync.yaml"),
    show_default=True,
    help="The project's file.",
)
@click.option("--as-of", type=Day(), help="Take this day as today, where a reader chooses none.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any that is free.")
@click.option("--bind", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Needs --behind-proxy elsewhere.")
@click.option(
    "--behind-proxy",
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
    bind and the name that readers use.
    """
    if not _is_loopback(bind) and not behind_proxy:
        raise UsageError(
            f"{bind} can be reached from elsewhere, and okrsync asks nobody for a login; put a proxy before it that "
            "does, and name the host that readers use: --behind-proxy reports.example.org"
        )
    load_project(config)
    # Imported here: nothing else needs a server.
    from waitress.server import create_server  # noqa: PLC0415

    from okrsync.web.app import Application  # noqa: PLC0415

    hosts: set[str] = {name.casefold() for name in behind_proxy}
    application = Application(config, hosts, as_of, redact == "titles")
    try:
        server = create_server(application, host=bind, port=port, threads=2, ident=None, max_request_body_size=1024)
    except OSError as error:
        raise OkrsyncError(f"{bind}:{port} cannot be used ({error.strerror}); take another --port, or 0") from None
    hosts |= {f"{name}:{server.effective_port}" for name in (LOOPBACK, "localhost", "[::1]") if _is_loopback(bind)}
    click.echo(f"http://{bind}:{server.effective_port}/ (Ctrl-C ends it)", err=True)
    server.run()


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
