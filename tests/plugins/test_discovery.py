"""Plugins that are missing, broken or of another version; the others go on working."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from okrsync.errors import PluginError
from okrsync.metrics.csv_file import CsvSource
from okrsync.plugins import discovery
from okrsync.plugins.connector import CONNECTOR_GROUP
from okrsync.plugins.metric_source import METRIC_GROUP
from okrsync_github.connector import GithubConnector
from okrsync_jira.connector import JiraConnector

COMPLETE = """
class Connector:
    api_version = 1
    version = "1"
    Settings = object
    overlap_seconds = 0
    def discover(self): ...
    def raw_depends_on(self, fields): ...
    def partitions(self): ...
    def pages(self, partition, since, fields): ...
    def normalise(self, raw, fields): ...
class Newer:
    api_version = 2
    Settings = object
    def read(self): ...
class Half:
    api_version = 1
    version = "1"
    Settings = object
    def pages(self): ...
    def normalise(self): ...
class NoVersion(Connector):
    pass
del NoVersion.__bases__[0].api_version
NOTHING = 5
"""
Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a plugin beside those that are there: its entry point, and the source of its module."""
    added: list[EntryPoint] = []
    modules: list[str] = []
    real = entry_points

    def with_third(*, group: str) -> list[EntryPoint]:
        return [*real(group=group), *(each for each in added if each.group == group)]

    def add(value: str, source: str, group: str = CONNECTOR_GROUP) -> None:
        module = value.partition(":")[0]
        (tmp_path / f"{module}.py").write_text(source, encoding="utf-8")
        modules.append(module)
        added.append(EntryPoint("third", value, group))

    monkeypatch.setattr(discovery, "entry_points", with_third)
    monkeypatch.setattr(discovery, "_installed", discovery._installed.__wrapped__)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    discovery.load_connector.cache_clear()
    discovery.load_metric_source.cache_clear()
    yield add
    discovery.load_connector.cache_clear()
    discovery.load_metric_source.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)


def refused(name: str = "third") -> str:
    with pytest.raises(PluginError) as caught:
        discovery.load_connector(name)
    assert (caught.value.group, caught.value.name, caught.value.exit_code) == (CONNECTOR_GROUP, name, 1)
    assert caught.value.is_installed == (name in discovery.connector_names())
    assert str(caught.value).startswith(f'plugin "{name}" (okrsync.connectors) could not be loaded: ')
    # A broken one stops no other.
    assert discovery.load_connector("github") is GithubConnector
    assert discovery.load_connector("jira") is JiraConnector
    return caught.value.reason


def test_the_connectors_and_sources_that_come_along_are_found() -> None:
    assert set(discovery.connector_names()) >= {"github", "jira"}
    assert "csv" in discovery.metric_source_names()
    assert discovery.load_metric_source("csv") is CsvSource


def test_a_plugin_of_a_third_party_is_found_and_loaded(install: Install) -> None:
    install("third_good:Connector", COMPLETE.partition("class NoVersion")[0])

    assert discovery.connector_names() == ("github", "jira", "third")
    assert discovery.load_connector("third").api_version == 1


def test_a_missing_connector_is_named_with_those_that_are_there(install: Install) -> None:
    assert refused("linear") == "it is not installed; installed: github, jira"
    assert "linear" not in discovery.connector_names()


def test_a_missing_metric_source_is_named_with_those_that_are_there(install: Install) -> None:
    with pytest.raises(PluginError, match=r'"warehouse" \(okrsync\.metrics\).*installed: csv') as caught:
        discovery.load_metric_source("warehouse")
    assert (caught.value.is_installed, caught.value.exit_code) == (False, 1)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no\\nway')", "RuntimeError: no; "),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'; "),
        ("def (", "SyntaxError: "),
        ("raise SystemExit(3)", "SystemExit: 3; "),
        ("", "AttributeError: "),
    ],
)
def test_a_plugin_that_does_not_import_is_named_with_the_reason(install: Install, source: str, reason: str) -> None:
    install("third_broken:Connector", source)

    told = refused()

    assert told.startswith(reason)
    assert told.endswith("reinstall or remove third_broken:Connector")
    assert "\n" not in told


def test_a_metric_source_that_does_not_import_stops_no_other(install: Callable[..., None]) -> None:
    install("third_metric:Source", "raise RuntimeError('no')", METRIC_GROUP)

    with pytest.raises(PluginError, match="RuntimeError: no") as caught:
        discovery.load_metric_source("third")
    assert (caught.value.is_installed, caught.value.exit_code) == (True, 1)
    assert discovery.load_metric_source("csv") is CsvSource


def test_a_plugin_that_was_mended_loads(install: Install, tmp_path: Path) -> None:
    install("third_mended:Connector", "raise RuntimeError")
    refused()

    (tmp_path / "third_mended.py").write_text(COMPLETE.partition("class NoVersion")[0], encoding="utf-8")

    assert discovery.load_connector("third").overlap_seconds == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "NOTHING",
            (
                "it is no connector: it has no api_version, version, Settings, overlap_seconds, discover, "
                "raw_depends_on, partitions"
            ),
        ),
        ("Half", "it is no connector: it has no overlap_seconds, discover, raw_depends_on, partitions"),
        ("NoVersion", "it is no connector: it has no api_version"),
        ("Newer", "it speaks version 2 of the connector seam, this okrsync 1; install versions that fit together"),
    ],
)
def test_what_is_no_connector_or_of_another_version_is_refused(install: Install, name: str, reason: str) -> None:
    install(f"third_odd:{name}", COMPLETE)

    assert refused().startswith(reason)


def test_nothing_that_comes_along_is_broken(install: Install) -> None:
    assert discovery.broken_plugins() == []


def test_a_plugin_that_loads_is_not_among_the_broken_ones(install: Install) -> None:
    install("third_good:Connector", COMPLETE.partition("class NoVersion")[0])

    assert discovery.broken_plugins() == []


def test_every_plugin_that_does_not_load_is_listed_with_the_reason(install: Callable[..., None]) -> None:
    install("third_half:Half", COMPLETE)
    install("third_metric:Source", "raise SystemExit(3)", METRIC_GROUP)

    broken = discovery.broken_plugins()

    assert [(each.group, each.name, each.reason, each.is_installed) for each in broken] == [
        (
            CONNECTOR_GROUP,
            "third",
            "it is no connector: it has no overlap_seconds, discover, raw_depends_on, partitions",
            True,
        ),
        (METRIC_GROUP, "third", "SystemExit: 3; reinstall or remove third_metric:Source", True),
    ]
