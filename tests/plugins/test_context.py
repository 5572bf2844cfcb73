"""What the engine lends a connector, and what a source may say of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from okrsync.plugins.connector import SourceSettings, TrackerUrl
from okrsync.plugins.context import Context, RequestCounter


class Address(BaseModel):
    url: TrackerUrl


def test_requests_are_counted_by_what_they_are_for() -> None:
    counter = RequestCounter()

    counter.add()
    with counter.counted_as("items"):
        counter.add()
        with counter.counted_as("history"):
            counter.add()
        counter.add()
    counter.add()

    assert counter.by_purpose == {"setup": 2, "items": 2, "history": 1, "iterations": 0, "census": 0}
    assert counter.total == 5


def test_the_purpose_is_put_back_after_an_error() -> None:
    counter = RequestCounter()

    with pytest.raises(LookupError), counter.counted_as("items"):
        raise LookupError
    counter.add()

    assert counter.by_purpose["setup"] == 1


def test_a_contexts_own_clock_is_aware_and_now() -> None:
    told = Context(Path()).clock()

    assert told.tzinfo is UTC
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


def test_two_contexts_count_apart() -> None:
    one, other = Context(Path()), Context(Path())

    one.requests.add()

    assert other.requests.total == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://acme.atlassian.net/", "https://acme.atlassian.net"),
        ("https://ghe.acme.example:8443/api/v3", "https://ghe.acme.example:8443/api/v3"),
        ("http://localhost:8080/jira/", "http://localhost:8080/jira"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_an_address_of_a_tracker_is_https_or_this_machine(given: str, kept: str) -> None:
    assert Address(url=given).url == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://acme.example", "only sent over https"),
        ("http://localhost.evil.example", "only sent over https"),
        ("https://me:secret@acme.example", "must not carry a user"),
        ("https://me@acme.example", "must not carry a user"),
        ("https://acme.example?x=1", "ends with its path"),
        ("https://acme.example#x", "ends with its path"),
        ("ftp://acme.example", "starts with https://"),
        ("acme.example", "starts with https://"),
        ("https://", "starts with https://"),
        ("https://acme.example:port", "Port could not be cast"),
        ("https://acme.example:99999", "Port out of range"),
    ],
)
def test_any_other_address_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Address(url=url)


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "x" * 65])
def test_a_source_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValidationError):
        SourceSettings.model_validate({"name": name, "connector": "jira", "token": {"env": "T"}})


def test_a_source_says_nothing_unknown() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        SourceSettings.model_validate({"name": "a", "connector": "jira", "token": {"env": "T"}, "tokn": 1})
