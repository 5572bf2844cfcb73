"""Titles in several languages: good goals pass, vague ones and tasks are caught."""

from __future__ import annotations

import pytest

from okrsync.lint.words import is_blank, words
from support.lint_case import changed, codes, linted

ALL = words(("de", "en", "es", "fr"))
TITLE = 'title: "Baskets that become orders from 58 % to 63 %"'
CONVERSION = 'definition: "orders paid / baskets opened, by day of the basket"\nunit: "%"'
AIM = """\
baseline: {value: 58, date: 2026-09-30}
target: {value: 63, date: 2026-12-31}
"""
OBJECTIVE = 'title: "Buying a ticket takes a minute, on any phone"'
# Examples that writers on OKRs hold up, with a baseline and a target that they fit.
GOOD_KEY_RESULTS = [
    ("Increase user engagement by 25%", 40, 50),
    ("Achieve a Net Promoter Score (NPS) of 70 or higher", 68, 70),
    ("Increase daily active users by 30% by the end of the quarter", 100, 130),
    ("We will increase user engagement by 30% over the next quarter", 20, 26),
    ("Product trials from 1.200 to 1,500 a week", 1200, 1500),
    ("Churn halved", 8, 4),
    ("Revenue of 2.5 million", 2_300_000, 2_500_000),
    ("Customer support answers within 4 hours", 9, 4),
    ("Feature adoption rate from 20 % to 40 %", 20, 40),
]
GOOD_OBJECTIVES = [
    "Deliver an unparalleled user experience for our financial services app",
    "Enhance user engagement through personalized onboarding experiences",
    "Identify Key User Needs",
    "Launch a New Feature Successfully",
    "Enhance Customer Engagement",
]
FALSE_ALARMS_ALLOWED = 1
VAGUE_KEY_RESULTS = [
    "We will increase user engagement",
    "Increase NPS by a certain percentage",
    "Reduce customer support response times",
    "Achieve a specific user adoption rate within a certain timeframe",
    "Conduct user interviews, analyze survey data and iterate on prototypes",
    "Gather feedback from early adopters",
    "Better onboarding in Q4 2026",
]
OUTPUTS = [
    "Ship 5 help features so that self-service rises from 46 % to 60 %",
    "Number of features launched from 3 to 9",
    "12 new integrations",
    "Launch the shop in 3 countries",
    "Deliver the new mobile app",
    "Conduct 20 user interviews",
    "5 Funktionen ausliefern",
    "Ausgelieferte Funktionen von 4 auf 9",
    "Neue Startseite in 3 Ländern einführen",
    "Livrer 5 fonctionnalités",
    "Mettre en ligne 2 pages",
    "Fonctionnalités livrées de 3 à 9",
    "Lanzar 3 funciones nuevas",
    "Entregar 4 informes",
]
NOT_OUTPUTS = [
    "Ship 95 % of orders within 24 hours",
    "Deliver 99.9 % of mails",
    "12 % of features are used every week",
    "Time to deploy from 2 hours to 20 minutes",
    "Run time of reports from 5 to 2 seconds",
    "Accounts that use 3 features from 20 % to 40 %",
    "Build customers' trust from 60 to 70 points",
    "Release notes read by 40 % of accounts",
    "Kunden, die wiederkommen, von 20 % auf 30 %",
    "Clients qui reviennent de 20 % à 30 %",
    "Clientes que vuelven del 20 % al 30 %",
]


def with_title(title: str, start: float, end: float) -> str:
    """The good file with this title and aim on one key result."""
    direction = "increase" if end > start else "decrease"
    old = f"{TITLE}\nmetric: conversion\ndirection: increase\n{AIM}"
    new = (
        f'title: "{title}"\nmetric: referrals\ndirection: {direction}\n'
        f"baseline: {{value: {start}, date: 2026-09-30}}\ntarget: {{value: {end}, date: 2026-12-31}}\n"
    )
    return changed(old, new)


@pytest.mark.parametrize(("title", "start", "end"), GOOD_KEY_RESULTS)
def test_a_good_key_result_has_no_finding(title: str, start: float, end: float) -> None:
    assert codes(linted(with_title(title, start, end), history=False)) == []


def test_good_objectives_give_hardly_a_false_alarm() -> None:
    found = [title for title in GOOD_OBJECTIVES if codes(linted(changed(OBJECTIVE, f'title: "{title}"')))]
    assert len(found) <= FALSE_ALARMS_ALLOWED, found


@pytest.mark.parametrize("title", VAGUE_KEY_RESULTS)
def test_a_vague_key_result_is_caught(title: str) -> None:
    assert "OKR201" in codes(linted(with_title(title, 58, 63), history=False))


@pytest.mark.parametrize(
    "title",
    [
        "Improve user engagement",
        "We will increase user engagement",
        "Boost growth",
        "Nutzerbindung steigern",
        "Améliorer la qualité",
        "Mejorar la calidad",
    ],
)
def test_an_objective_that_only_says_better_is_caught(title: str) -> None:
    assert codes(linted(changed(OBJECTIVE, f'title: "{title}"'))) == ["OKR104"]


@pytest.mark.parametrize("title", OUTPUTS)
def test_a_title_that_counts_what_is_made_is_caught(title: str) -> None:
    assert ALL.counts_output(title)


@pytest.mark.parametrize("title", [*NOT_OUTPUTS, *(title for title, _, _ in GOOD_KEY_RESULTS)])
def test_a_title_that_counts_what_changes_passes(title: str) -> None:
    assert ALL.counts_output(title) == ""


def test_only_the_chosen_languages_are_read() -> None:
    title = "Lanzar 3 funciones nuevas"
    assert words(("es",)).counts_output(title) == "lanzar"
    assert words(("de", "en", "fr")).counts_output(title) == ""
    assert codes(linted(with_title(title, 0, 3), history=False, languages=["en"])) == []


def test_a_project_may_add_words_for_what_its_teams_make() -> None:
    text = with_title("12 playlists", 3, 12)
    assert codes(linted(text, history=False)) == []
    assert codes(linted(text, history=False, output_words=["playlists"])) == ["OKR601"]


def test_an_output_that_is_declared_as_one_is_no_finding() -> None:
    text = with_title("12 new integrations", 3, 12)
    assert codes(linted(text, history=False)) == ["OKR601"]
    assert codes(linted(changed("metric: referrals", "level: output\nmetric: referrals", text), history=False)) == []


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_words_are_lower_case_and_there_are_some_of_each_kind(language: str) -> None:
    known = words((language,))
    assert all((known.verbs, known.strong, known.things, known.made, known.vague, known.filler, known.numbers))
    assert known.strong <= known.verbs
    assert known.last <= known.verbs


def test_a_metric_that_counts_the_trackers_items_is_an_output_unless_it_says_why_not() -> None:
    source = "{type: items, measure: count, of: delivered}"
    text = changed(f"{CONVERSION}\nsource: {{type: check_in}}", f"{CONVERSION}\nsource: {source}")
    (finding,) = linted(text).findings
    assert (finding.code, finding.subject) == ("OKR602", "conversion")
    declared = changed("metric: conversion", "level: output\nmetric: conversion", text)
    assert codes(linted(declared)) == []
    told = source.replace("}", ', because: "fewer calls are what customers feel"}')
    assert codes(linted(changed(f"source: {source}", f"source: {told}", text))) == []


@pytest.mark.parametrize("text", ["", "  ", "...", "…", "TBD", "tbd.", "-", "?", "n/a", "TODO"])
def test_placeholders_are_nothing(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["%", "s", "1", "team-data", "no"])
def test_short_texts_are_something(text: str) -> None:
    assert not is_blank(text)
