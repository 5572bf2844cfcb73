"""Finds plugins by their entry points; a broken one is named and never stops the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from okrsync.errors import PluginError
from okrsync.plugins.connector import CONNECTOR_API_VERSION, CONNECTOR_GROUP, Connector
from okrsync.plugins.metric_source import METRIC_GROUP, MetricSource

LINT_GROUP = "okrsync.lint"
_PARTS = (
    "api_version",
    "version",
    "Settings",
    "overlap_seconds",
    "discover",
    "raw_depends_on",
    "partitions",
    "pages",
    "normalise",
)


def connector_names() -> tuple[str, ...]:
    """Names of the installed connectors, working or not."""
    return tuple(sorted(_installed(CONNECTOR_GROUP)))


def metric_source_names() -> tuple[str, ...]:
    """Names of the installed metric sources, working or not."""
    return tuple(sorted(_installed(METRIC_GROUP)))


@cache
def load_connector(name: str) -> type[Connector]:
    """
    The connector class called *name*.

    Raises:
        PluginError: not installed, does not import, is no connector, or speaks a newer version of the seam.
    """
    loaded = _load(CONNECTOR_GROUP, name, connector_names)
    # The version first: another version of the seam may well have other parts.
    version = getattr(loaded, "api_version", CONNECTOR_API_VERSION)
    lacking = [part for part in _PARTS if not hasattr(loaded, part)]
    if lacking and version == CONNECTOR_API_VERSION:
        raise PluginError(CONNECTOR_GROUP, name, f"it is no connector: it has no {', '.join(lacking)}")
    if version != CONNECTOR_API_VERSION:
        raise PluginError(
            CONNECTOR_GROUP,
            name,
            f"it speaks version {version} of the connector seam, this okrsync {CONNECTOR_API_VERSION}; "
            "install versions that fit together",
        )
    return cast("type[Connector]", loaded)


@cache
def load_metric_source(name: str) -> type[MetricSource]:
    """
    The metric source class called *name*.

    Raises:
        PluginError: not installed, does not import, or is no metric source.
    """
    loaded = _load(METRIC_GROUP, name, metric_source_names)
    lacking = [part for part in ("Settings", "read") if not hasattr(loaded, part)]
    if lacking:
        raise PluginError(METRIC_GROUP, name, f"it is no metric source: it has no {', '.join(lacking)}")
    return cast("type[MetricSource]", loaded)


def lint_plugin_names() -> tuple[str, ...]:
    """Return the names of the installed packages of lint rules, working or not."""
    return tuple(sorted(_installed(LINT_GROUP)))


def load_lint_plugin(name: str) -> object:
    """
    Return what the entry point *name* of the group ``okrsync.lint`` names.

    Raises:
        PluginError: not installed, or does not import.
    """
    return _load(LINT_GROUP, name, lint_plugin_names)


def broken_plugins() -> list[PluginError]:
    """Every installed plugin that does not load, with the reason; imports all of them."""
    broken: list[PluginError] = []
    for names, load in ((connector_names, load_connector), (metric_source_names, load_metric_source)):
        for name in names():
            try:
                load(name)
            except PluginError as error:
                broken.append(error)
    return broken


@cache
def _installed(group: str) -> dict[str, EntryPoint]:
    # Kept: each call reads the metadata of every installed package.
    return {entry_point.name: entry_point for entry_point in entry_points(group=group)}


def _load(group: str, name: str, names: Callable[[], tuple[str, ...]]) -> object:
    entry_point = _installed(group).get(name)
    if entry_point is None:
        reason = f"it is not installed; installed: {', '.join(names()) or 'none'}"
        raise PluginError(group, name, reason, is_installed=False)
    try:
        return entry_point.load()
    except (Exception, SystemExit) as error:  # a module that exits when it is imported is broken too
        summary = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PluginError(group, name, f"{summary}; reinstall or remove {entry_point.value}") from error
