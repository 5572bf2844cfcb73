"""What a sync says came since the last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from okrsync.cli.sync import words_of_news
from okrsync.reports.outcomes.recent_deliveries import RecentDelivery
from okrsync.reports.outcomes.report import News, news_since
from support.audit_case import check

LAST = date(2026, 11, 20)


def delivery(day: date | None) -> RecentDelivery:
    return RecentDelivery("PAY-1", "A title", day, "linked", (), False, None)


def report(*days: date | None, due: tuple[date, ...] = (), since: date = LAST) -> Any:
    """The part of a report that news are read from: deliveries of *days*, and checks that came due."""
    matured = [SimpleNamespace(check=replace(check("PAY-2"), evaluation=day)) for day in due]
    return SimpleNamespace(since=since, fresh=[delivery(day) for day in days], matured=matured)


def test_what_was_delivered_and_came_due_after_the_last_sync_is_news() -> None:
    later = LAST + timedelta(days=1)

    news = news_since(report(later, later + timedelta(days=3), LAST, None, due=(LAST, later)), LAST)

    assert news == News(LAST, delivered=2, due=1)
    assert words_of_news(news) == "since the last sync (20 Nov): 2 items delivered, 1 check came due"


def test_news_reach_no_further_back_than_the_report() -> None:
    began = LAST + timedelta(days=2)

    news = news_since(report(began, began + timedelta(days=1), since=began), LAST)

    assert (news.since, news.delivered) == (began, 1)


@pytest.mark.parametrize(("delivered", "due", "nothing"), [(0, 0, True), (1, 0, False), (0, 1, False)])
def test_there_is_nothing_to_tell_where_nothing_came(delivered: int, due: int, nothing: bool) -> None:
    assert News(LAST, delivered, due).is_nothing is nothing
