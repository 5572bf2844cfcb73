"""Suggestions: learned from what is linked, honest about what they are worth, silent where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linking.builders import BERLIN, OKRS, TODAY, done, goals, item, place, pull_request, settings
from okrsync.model.ledger import LinkDecision
from okrsync.model.okrs import Okrs
from okrsync.model.work import Item, Status
from okrsync.suggesting.calibration import HeldOut, calibrate
from okrsync.suggesting.suggestions import Suggested, Suggestion, suggest
from okrsync.suggesting.training_data import TrainingData, material

SEARCH = ("misspelt artists", "artists by nickname", "artists of tonight", "the artists list", "artists near me")
DOOR = ("scanner battery", "scanner offline list", "second scanner", "scanner start", "old scanner model")
BY_LABEL = {"if": {"label": "kr/*"}, "link": "from_label"}
INHERIT = {"if": {"parent": "linked"}, "link": "inherit"}
RUN = {"id": "run", "if": {"type": "Bug"}}


def linked_items() -> list[Item]:
    """Five items that serve KR1.1 and speak of artists, and five that serve KR2.1 and speak of scanners."""
    return [
        item(f"PAY-{number}", title=title, labels=[f"kr/{key_result}"])
        for first, titles, key_result in ((10, SEARCH, "KR1.1"), (20, DOOR, "KR2.1"))
        for number, title in enumerate(titles, start=first)
    ]


def learned(
    items: Sequence[Item], *rules: Any, okrs: Okrs = OKRS, cycles: Sequence[str] = ("2026Q4",), **rest: Any
) -> TrainingData:
    decisions: Sequence[LinkDecision] = rest.pop("decisions", ())
    texts = rest.pop("texts", {})
    work = settings(*(rules or (BY_LABEL,)), **rest)
    linking = place(items, work, decisions, okrs=okrs)
    return material(linking, okrs, work, decisions, lambda _items: texts, cycles=cycles, today=TODAY, zone=BERLIN)


def suggested(items: Sequence[Item], *rules: Any, **rest: Any) -> Suggested:
    made = learned(items, *rules, **rest)
    return suggest(made.examples, made.questions, made.background, made.exempt)


def only(found: Suggested) -> Suggestion:
    (one,) = found.suggestions
    return one


def test_an_item_is_given_the_key_result_of_the_linked_items_that_speak_as_it_does() -> None:
    one = only(suggested([*linked_items(), item("PAY-1", title="Find misspelt artists")]))
    assert (one.key, one.key_result) == ("PAY-1", "2026Q4/KR1.1")
    assert one.words[:2] == ("misspelt", "artists")
    assert one.earlier[0] == "PAY-10"
    assert 0.5 < one.score < 1


def test_the_body_speaks_too() -> None:
    asked = item("PAY-1", title="Ideas")
    texts = {("product", asked.external_id): ("The scanner of the second door has an old battery.",)}
    assert only(suggested([*linked_items(), asked], texts=texts)).key_result == "2026Q4/KR2.1"
    assert not suggested([*linked_items(), asked]).suggestions


def test_an_item_like_nothing_that_is_linked_gets_nothing() -> None:
    found = suggested([*linked_items(), item("PAY-1", title="Translate legal notes")])
    assert found.suggestions == ()
    assert found.calibration is not None


def test_components_and_parents_speak_where_titles_do_not() -> None:
    epic = item("PAY-2", title="Autumn", type="Epic")
    known = [replace(each, parent="PAY-2") for each in linked_items()[:5]]
    known += [replace(each, components=("Door",)) for each in linked_items()[5:]]
    asked = [item("PAY-1", title="Texts", parent="PAY-2"), item("PAY-3", title="Colours", components=["door"])]
    found = {one.key: one for one in suggested([epic, *known, *asked]).suggestions}
    assert found["PAY-1"].key_result == "2026Q4/KR1.1"
    assert "related to pay-2" in found["PAY-1"].words
    assert found["PAY-3"].key_result == "2026Q4/KR2.1"
    assert "component door" in found["PAY-3"].words


def test_what_names_a_key_result_is_not_learned_from() -> None:
    known = [
        replace(each, title=f"[{each.labels[0][3:]}] x{number} y{number}", labels=(*each.labels, "Area"))
        for number, each in enumerate(linked_items())
    ]
    asked = item("PAY-1", title="[kr1.1] Take KR1.10 for 2026Q4/KR1.1", labels=["kr/KR9"])
    made = learned([*known, asked], aliases={"area": "KR1.1"})
    (question,) = made.questions
    words = {name for name in question.description if ":" not in name}
    assert words == {"take", "kr1", "10", "for", "take kr1", "kr1 10", "10 for"}, "KR1.10 is another name"
    told = {name for example in made.examples for name in example.description}
    assert not {name for name in told if name.startswith("label:") or "kr" in name}


def test_a_rules_own_mark_that_no_unlinked_item_has_makes_nothing_look_sure() -> None:
    # Every linked item is held out without the mark that linked it, so titles must speak, and these say nothing.
    known = [
        item(f"PAY-{number}", title=f"Word{number}", components=["Door" if number % 2 else "Search"])
        for number in range(10, 30)
    ]
    rules = ({"if": {"component": "Door"}, "link": "KR2.1"}, {"if": {"component": "Search"}, "link": "KR1.1"})
    found = suggested([*known, item("PAY-1", title="Word10")], *rules)
    assert found.calibration is None
    assert "guessed wrong too often" in found.silence


def test_what_got_its_link_through_an_item_does_not_vouch_for_it() -> None:
    known = linked_items()
    twins = [
        pull_request(f"acme/web#{number}", title=each.title, closes=[each.key])
        for number, each in enumerate(known, start=1)
    ]
    families = {example.key: example.family for example in learned([*known, *twins]).examples}
    assert [families[twin.key] for twin in twins] == [each.key for each in known]
    parts = [item("PAY-90", parent="PAY-10"), item("PAY-91", parent="PAY-90")]
    families = {example.key: example.family for example in learned([*known, *parts], BY_LABEL, INHERIT).examples}
    assert families["PAY-90"] == families["PAY-91"] == "PAY-10"


def test_only_key_results_of_the_chosen_cycles_are_offered() -> None:
    before = datetime(2026, 8, 3, 9, tzinfo=UTC)
    old = [done(f"PAY-{n}", on=before, title=title, labels=["kr/KR0.9"]) for n, title in enumerate(SEARCH, start=30)]
    asked = [item("PAY-1", title="Misspelt artists"), done("PAY-2", on=before, title="Misspelt artists")]
    items = [*linked_items()[5:], *old, *asked]
    running = learned(items)
    assert [question.key for question in running.questions] == ["PAY-1"]
    assert running.out_of_cycle == 1
    assert not suggested(items).suggestions, "it speaks for a key result whose cycle is over"
    one = only(suggested(items, cycles=["2026Q3", "2026Q4"]))
    assert (one.key, one.key_result) == ("PAY-2", "2026Q3/KR0.9")


@pytest.mark.parametrize("name", ["KR1.1", "2026Q4/kr1.1"])
def test_what_was_taken_away_by_hand_is_not_offered_again(name: str) -> None:
    asked = item("PAY-1", title="Misspelt artists", labels=["kr/KR1.1"])
    when = datetime(2026, 11, 18, 10, tzinfo=UTC)
    decision = LinkDecision("li-1", when, when, "role:pm", "", "unlink", "pay-1", name, "")
    assert not suggested([*linked_items(), asked], decisions=[decision]).suggestions


def test_dropped_and_exempt_items_get_no_suggestion() -> None:
    asked = [
        item("PAY-1", title="Misspelt artists", status=Status.DROPPED),
        item("PAY-2", title="Misspelt artists", type="Bug"),
    ]
    made = learned([*linked_items(), *asked], exempt=[RUN])
    assert list(made.questions) == []
    assert len(made.exempt) == 1


def test_a_suggestion_for_exempt_work_counts_as_wrong() -> None:
    bugs = [item(f"PAY-{number}", title=title, type="Bug") for number, title in enumerate(SEARCH[:2], start=40)]
    made = learned([*linked_items(), *bugs, item("PAY-1", title="Misspelt artists")], exempt=[RUN])
    assert suggest(made.examples, made.questions, made.background).suggestions
    found = suggest(made.examples, made.questions, made.background, made.exempt)
    assert found.suggestions == ()
    assert "guessed wrong too often" in found.silence


def test_an_item_whose_key_another_source_has_too_is_not_asked_about() -> None:
    twins = [item("PAY-1", source="another"), item("PAY-1", title="Misspelt artists")]
    made = learned([*linked_items(), *twins])
    assert len(made.questions) == 1
    assert made.namesakes == 1


def test_no_items_no_links_or_no_questions_say_so_or_nothing() -> None:
    assert suggested([]).silence == "no item is linked yet: there is nothing to learn from"
    assert suggested([item("PAY-1")]).suggestions == ()
    assert suggested(linked_items()) == Suggested((), None, 0.0, "")


def test_one_key_result_alone_teaches_nothing_unless_exempt_work_is_told_apart_from_it() -> None:
    okrs = goals({"2026Q4": ["KR1.1"]})
    items = [*linked_items()[:5], item("PAY-1", title="Misspelt artists"), item("PAY-2", title="Legal notes")]
    alone = suggested(items, okrs=okrs)
    assert alone.suggestions == ()
    assert "nothing to tell apart" in alone.silence
    bugs = [item(f"PAY-{number}", title=f"Blank page {number}", type="Bug") for number in range(40, 44)]
    one = only(suggested([*items, *bugs], okrs=okrs, exempt=[RUN]))
    assert (one.key, one.key_result) == ("PAY-1", "2026Q4/KR1.1")


def test_a_key_result_that_nothing_serves_yet_is_found_by_its_own_text() -> None:
    (objective,) = goals({"2026Q4": ["KR1.1", "KR2.1", "KR3.1"]}).objectives
    entries = (*objective.key_results[:2], replace(objective.key_results[2], title="Refunds within 24 hours"))
    okrs = replace(OKRS, objectives=(replace(objective, key_results=entries),))
    one = only(suggested([*linked_items(), item("PAY-1", title="Refunds within hours")], okrs=okrs))
    assert (one.key_result, one.earlier) == ("2026Q4/KR3.1", ())
    assert set(one.words) == {"refunds", "within", "hours"}


@given(st.permutations(range(11)))
def test_the_order_of_items_decides_no_suggestion(order: list[int]) -> None:
    items = [*linked_items(), item("PAY-1", title="Find misspelt artists")]
    one = only(suggested([items[place] for place in order]))
    expected = only(suggested(items))
    assert (one.key_result, one.words) == (expected.key_result, expected.words)
    assert one.score == pytest.approx(expected.score, abs=0.002)


@given(st.lists(st.tuples(st.floats(0, 50), st.booleans()), max_size=40))
@example([(3.0, False)] * 5 + [(2.0, True)] * 19 + [(1.0, True)])
def test_a_score_is_a_probability_that_never_falls_with_more_evidence(told: list[tuple[float, bool]]) -> None:
    found = calibrate([HeldOut(lead, is_right) for lead, is_right in told])
    if found is None:
        return
    scores = [found.score(lead) for lead in (1e-9, 0.01, 0.5, 1, 10, 1000)]
    assert all(0 < score < 1 for score in scores)
    assert scores == sorted(scores)
    over = [is_right for lead, is_right in told if lead >= found.cut_off]
    assert (len(over), sum(over)) == (found.answered, found.right)
    assert found.precision >= 0.8


def test_scores_are_as_often_right_as_they_say() -> None:
    # Right in 1 of 10 at a lead of 0.1, in 5 of 10 at 1, in 9 of 10 at 10: a line in the logarithm of the lead.
    told = [(lead, number < right) for lead, right in ((0.1, 10), (1.0, 50), (10.0, 90)) for number in range(100)]
    found = calibrate([HeldOut(lead, is_right) for lead, is_right in told])
    assert found is not None
    assert [found.score(lead) for lead in (0.1, 1.0, 10.0)] == pytest.approx([0.1, 0.5, 0.9], abs=0.03)
    assert found.cut_off == 10.0


def test_less_evidence_than_nine_in_ten_right_answers_had_is_none() -> None:
    found = calibrate([HeldOut(float(lead), is_right=True) for lead in range(1, 21)])
    assert found is not None
    assert (found.cut_off, found.answered) == (2.0, 19)


def test_a_handful_of_right_answers_is_no_certainty() -> None:
    found = calibrate([HeldOut(1.0, is_right=True)] * 3)
    assert found is not None
    assert found.score(1.0) == pytest.approx(4 / 5, abs=0.01)
    assert calibrate([HeldOut(0.0, is_right=False)] * 9) is None
    assert calibrate([]) is None
