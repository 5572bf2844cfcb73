"""The part of the contract about answers that are none: an error of okrsync's, and never "0 items"."""

from __future__ import annotations

import gzip
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from okrsync.errors import AuthenticationError, ConnectorError, DeadlineError, RateLimitedError, UnreachableError
from okrsync.plugins.connector import HasCensus, HasHistory, HasIterations, RawItem
from okrsync.sandbox.http import Handler, LoopbackServer, Request, Response
from okrsync.testing.bench import TOKEN_NAME, Bench, Run, lacks, real_sleep, refused, require

OpenBench = Callable[..., Bench]

_JSON = {"Content-Type": "application/json"}
# Of the transport, in the test: filling its real one again and again takes long.
_CAP = 1024**2
_MOST_AFTER_REFUSAL = 2
_RETRY_SECONDS = 1.0


def _truncated(answer: Response) -> Response:
    body, headers = answer.encoded()
    return Response(200, body[: len(body) // 2], {"Content-Type": headers["Content-Type"]})


def _bomb(answer: Response) -> Response:
    body, headers = answer.encoded()
    packed = gzip.compress(body + b" " * (_CAP * 2))
    return Response(200, packed, {"Content-Type": headers["Content-Type"], "Content-Encoding": "gzip"})


_NO_ANSWERS: dict[str, Callable[[Response], Response]] = {
    "a page of HTML": lambda _: Response(200, b"<html><body>Sign in</body></html>", {"Content-Type": "text/html"}),
    "HTML that says it is JSON": lambda _: Response(200, b"<html><body>Sign in</body></html>", _JSON),
    "nothing": lambda _: Response(200, b"", _JSON),
    "null": lambda _: Response(200, b"null", _JSON),
    "an empty object": lambda _: Response(200, {}),
    "half an answer": _truncated,
    "a gzip bomb": _bomb,
    "an error of the server": lambda _: Response(500, {"message": "oops"}),
}


def _read_items(run: Run, _: Sequence[RawItem]) -> None:
    run.read()


def _read_history(run: Run, raws: Sequence[RawItem]) -> None:
    if not isinstance(run.connector, HasHistory):
        lacks("history")
    run.histories(raws)


def _read_iterations(run: Run, _: Sequence[RawItem]) -> None:
    if not isinstance(run.connector, HasIterations):
        lacks("iterations")
    for stream in run.connector.streams(run.fields):
        run.connector.iterations(stream, "", run.fields)


def _read_census(run: Run, _: Sequence[RawItem]) -> None:
    if not isinstance(run.connector, HasCensus):
        lacks("a census")
    for ids in run.connector.census(run.partition):
        list(ids)


def _discover(run: Run, _: Sequence[RawItem]) -> None:
    run.discover()


_STAGES: dict[str, Callable[[Run, Sequence[RawItem]], None]] = {
    "discover": _discover,
    "pages": _read_items,
    "history": _read_history,
    "iterations": _read_iterations,
    "census": _read_census,
}


class MeetsRefusals:
    """What a connector does about a tracker that refuses, breaks or lies."""

    def test_a_refused_token_is_an_authentication_error(
        self, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The error has its own kind, never shows the token, and nothing more is asked with it."""
        bench = open_bench(50, [1, 2])
        token = bench.site.wrong_token
        monkeypatch.setenv(TOKEN_NAME, token)
        with refused(AuthenticationError, "a token that the tracker refuses must raise AuthenticationError") as caught:
            bench.run().read()
        told = "".join(traceback.format_exception(caught[0]))
        require(token not in told, "the token must not stand in the error, nor in any error that led to it")
        log = bench.server.log
        refusals = [number for number, entry in enumerate(log) if entry.status in {401, 403}]
        require(refusals, "the site must refuse wrong_token with 401 or 403: see ContractSite.wrong_token")
        further = len(log) - refusals[0] - 1
        require(
            further <= _MOST_AFTER_REFUSAL,
            f"{further} requests followed the refusal: end the run, or the account is locked",
        )

    def test_a_token_that_is_not_there_is_told_without_a_request(
        self, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """``TokenReference.resolve`` says which place is empty."""
        bench = open_bench(50, [1])
        monkeypatch.delenv(TOKEN_NAME)
        with refused(
            AuthenticationError, "resolve the token with settings.token.resolve(context.folder), and let it raise"
        ):
            bench.run().read()
        require(not bench.server.log, "nothing may be asked of the tracker without a token")

    def test_a_tracker_that_is_not_there_is_unreachable(self, open_bench: OpenBench) -> None:
        """No connection is an error that says so."""
        bench = open_bench(50, [1, 2])
        run = bench.run()
        run.discover()
        bench.server.stop()
        with refused(UnreachableError, "a tracker that does not answer must raise UnreachableError"):
            run.read()

    @pytest.mark.parametrize("stage", _STAGES)
    @pytest.mark.parametrize("kind", _NO_ANSWERS)
    def test_what_is_no_answer_is_an_error(
        self, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch, kind: str, stage: str
    ) -> None:
        """A login page or an empty body must never look like "nothing is there"."""
        monkeypatch.setattr("okrsync.plugins.http.MAX_BODY_BYTES", _CAP)
        bench = open_bench(50, [1, 2, 3])
        run, raws = _prepared(bench, stage)
        with (
            bench.interfered(lambda request, tracker: _NO_ANSWERS[kind](tracker(request))),
            _refused_if_asked(bench, f"{stage}: {kind} in place of an answer must raise"),
        ):
            _STAGES[stage](run, raws)

    @pytest.mark.parametrize("kind", ["a page of HTML", "nothing", "an empty object", "half an answer"])
    def test_a_later_page_that_is_no_answer_is_an_error(self, open_bench: OpenBench, kind: str) -> None:
        """The first pages do not make up for the last: the reading is not whole."""
        bench = open_bench(2, [10 * number for number in range(1, 8)])
        run = bench.run()
        run.discover()
        answered: list[Response] = []

        def spoil(request: Request, tracker: Handler) -> Response:
            answered.append(tracker(request))
            return answered[-1] if len(answered) < 2 else _NO_ANSWERS[kind](answered[-1])

        with bench.interfered(spoil), refused(ConnectorError, f"{kind} in place of the second page must raise"):
            run.read()

    def test_a_page_that_may_not_be_read_is_an_error(self, open_bench: OpenBench) -> None:
        """403 and 404 may mean a lost right; both must be told."""
        for status in (403, 404, 410, 418):
            bench = open_bench(50, [1])
            run = bench.run()
            run.discover()
            with (
                bench.interfered(lambda _, __, status=status: Response(status, {"message": "no"})),  # type: ignore[misc]
                refused(ConnectorError, f"an answer with status {status} must raise"),
            ):
                run.read()

    def test_retry_after_is_obeyed(self, open_bench: OpenBench) -> None:
        """After 429 the next request leaves when the tracker allows it, and not before."""
        bench = open_bench(50, [1, 2])
        waits: list[float] = []
        run = bench.run(sleep=real_sleep(waits))
        run.discover()
        before = bench.counted()
        with bench.interfered(_first(Response(429, {"message": "slow"}, {"Retry-After": f"{_RETRY_SECONDS:.0f}"}))):
            found = run.read()
        require(set(found) == set(bench.ids), "after the wait that Retry-After asks for, the page must be read")
        log = bench.server.log[before:]
        gap = log[1].at_monotonic - log[0].at_monotonic
        require(
            gap >= _RETRY_SECONDS - 0.02,
            f"Retry-After: {_RETRY_SECONDS:.0f} was answered {gap:.2f} s later; wait with context.sleep",
        )

    def test_a_wait_beyond_the_limit_ends_the_run(self, open_bench: OpenBench) -> None:
        """``context.max_wait`` is the longest wait; beyond it the error says when to come back."""
        bench = open_bench(50, [1])
        run = bench.run(max_wait=5.0)
        run.discover()
        before = bench.counted()
        with (
            bench.interfered(lambda _, __: Response(429, {"message": "slow"}, {"Retry-After": "3600"})),
            refused(RateLimitedError, "a wait longer than context.max_wait must raise RateLimitedError") as caught,
        ):
            run.read()
        error = caught[0]
        require(isinstance(error, RateLimitedError) and error.until, "RateLimitedError.until must say when to go on")
        require(bench.counted() == before + 1, "nothing may be asked while the tracker has told to wait")
        require(max(run.waits, default=0.0) <= 5.0, f"it slept {run.waits} seconds, with a max_wait of 5")

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_stumbling_server_is_asked_again(self, open_bench: OpenBench, status: int) -> None:
        """What only reads is retried after an error of the server."""
        bench = open_bench(50, [1, 2])
        run = bench.run()
        run.discover()
        with bench.interfered(_first(Response(status, b"upstream", {"Content-Type": "text/plain"}))):
            found = run.read()
        require(set(found) == set(bench.ids), f"one {status} must not end the run: ask again after a pause")

    def test_a_redirect_to_another_place_is_refused(self, open_bench: OpenBench) -> None:
        """The token belongs to one origin, and must not be carried to another."""
        bench = open_bench(50, [1])
        run = bench.run()
        run.discover()
        with LoopbackServer({"tracker": bench.site.handle}) as elsewhere:
            away = Response(302, {}, {"Location": f"{elsewhere.url}/tracker/"})
            with (
                bench.interfered(lambda _, __: away),
                refused(ConnectorError, "a redirect to another host or port must raise"),
            ):
                run.read()
            require(not elsewhere.log, "the request was sent on to another origin, and the token may have gone with it")

    def test_nothing_is_asked_after_the_deadline(self, open_bench: OpenBench) -> None:
        """``context.deadline`` ends a run between two requests."""
        bench = open_bench(2, [10 * number for number in range(1, 8)])
        run = bench.run()
        run.discover()
        run.context.deadline = float("-inf")
        before = bench.counted()
        with refused(DeadlineError, "with context.deadline over, DeadlineError must be raised"):
            run.read()
        require(bench.counted() == before, "no request may be sent after context.deadline")

    def test_every_request_is_counted(self, open_bench: OpenBench) -> None:
        """The engine tells users what a sync costs; retries count as well."""
        bench = open_bench(3, [10 * number for number in range(1, 8)])
        run = bench.run()
        run.with_history(run.read())
        require(
            run.context.requests.total == bench.counted(),
            f"{bench.counted()} requests were sent and {run.context.requests.total} counted: send through "
            "GuardedAdapter, or call context.requests.add() for each",
        )

    def test_two_connectors_read_at_once(self, open_bench: OpenBench) -> None:
        """The engine reads partitions in threads, each with a connector of its own and one limiter for all."""
        bench = open_bench(2, [10 * number for number in range(1, 12)])
        runs = [bench.run()]
        runs[0].discover()
        runs.append(bench.run(runs[0].context.memory, runs[0].context.limiter))
        found: list[dict[str, object]] = [{}, {}]

        def read(place: int) -> None:
            run = runs[place]
            found[place] = dict(run.items(run.with_history(run.read())))

        threads = [threading.Thread(target=read, args=(place,)) for place in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        require(
            found[0] == found[1] and set(found[0]) == set(bench.ids),
            "two connector objects in two threads must each read everything: share nothing between objects",
        )


def _first(answer: Response) -> Callable[[Request, Handler], Response]:
    """Answers the first request with *answer*, and lets the tracker answer all others."""
    given: list[Response] = []

    def once(request: Request, tracker: Handler) -> Response:
        if given:
            return tracker(request)
        given.append(answer)
        return answer

    return once


def _prepared(bench: Bench, stage: str) -> tuple[Run, list[RawItem]]:
    """A run that is about to do *stage*, as a later sync would: with what an earlier one remembered and read."""
    earlier = bench.run()
    raws = list(earlier.read().values())
    if stage == "discover":
        return bench.run(), raws
    run = bench.run(earlier.context.memory)
    run.discover()
    return run, raws


@contextmanager
def _refused_if_asked(bench: Bench, advice: str) -> Iterator[None]:
    """Require a ConnectorError inside, unless nothing was asked of the tracker at all."""
    __tracebackhide__ = True
    before = bench.counted()
    with refused(ConnectorError, advice):
        yield
        if bench.counted() == before:
            pytest.skip("nothing is asked of the tracker here")
