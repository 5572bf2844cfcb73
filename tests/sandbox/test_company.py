"""The simulated company is deterministic, consistent, and as true as its truth says."""

from __future__ import annotations

import csv
import dataclasses
import fnmatch
import io
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from okrsync.sandbox.company import Company, build_company
from okrsync.sandbox.tracker_data import JiraKind, RawObject

GITHUB = "http://127.0.0.1:8000/github"
JIRA = "http://127.0.0.1:8000/jira"
LAST_MOMENT = datetime.fromisoformat("2026-11-20T18:00:00+00:00")


@cache
def company(seed: int = 7, kind: JiraKind = "cloud") -> Company:
    return build_company(seed, github_url=GITHUB, jira_url=JIRA, jira_kind=kind)


def everything(one: Company) -> str:
    return json.dumps([dataclasses.asdict(one.github), dataclasses.asdict(one.jira), one.files])


def raw_items(one: Company) -> Iterator[tuple[str, RawObject]]:
    for issue in one.jira.issues:
        yield issue["key"], issue
    for repository in one.github.repositories:
        for issue in repository.issues:
            yield f"{repository.full_name}#{issue['number']}", issue


def is_jira(raw: RawObject) -> bool:
    return "fields" in raw


def status_of(raw: RawObject) -> str:
    if is_jira(raw):
        resolution = raw["fields"]["resolution"]
        if resolution and resolution["name"] in {"Won't Do", "Duplicate"}:
            return "dropped"
        category: str = raw["fields"]["status"]["statusCategory"]["key"]
        return {"new": "todo", "indeterminate": "in_progress", "done": "done"}[category]
    if "pull_request" in raw:
        if raw["state"] == "open":
            return "in_progress"
        return "done" if raw["pull_request"]["merged_at"] else "dropped"
    if raw["state"] == "open":
        return "todo"
    return "done" if raw["state_reason"] == "completed" else "dropped"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def yaml_file(name: str) -> Any:
    return YAML(typ="safe", pure=True).load(company().files[name])


def key_results() -> dict[str, Any]:
    return {
        f"{objective['cycle']}/{one['id']}": one
        for objective in yaml_file("okrs.yaml")["objectives"]
        for one in objective["key_results"]
    }


def values_of(one: Company, source: dict[str, str]) -> dict[date, float]:
    rows = csv.DictReader(io.StringIO(one.files[source["path"]]))
    column = source.get("column", "value")
    return {date.fromisoformat(row["date"]): float(row[column]) for row in rows if row[column]}


def change_around(one: Company, metric: str, first: date, last: date, days: int = 28) -> float:
    """Return the mean after *last* minus the mean before *first*, whole weeks on both sides."""
    source = next(m["source"] for m in yaml_file("okrs.yaml")["metrics"] if m["id"] == metric)
    points = values_of(one, source)
    before = [points[d] for i in range(1, days + 1) if (d := first - timedelta(days=i)) in points]
    after = [points[d] for i in range(days) if (d := last + timedelta(days=i)) in points]
    return float(np.mean(after) - np.mean(before))


# ---------------------------------------------------------------- determinism


@pytest.mark.parametrize("kind", ["cloud", pytest.param("datacenter", marks=pytest.mark.long)])
def test_the_same_seed_gives_the_same_bytes(kind: JiraKind) -> None:
    again = build_company(7, github_url=GITHUB, jira_url=JIRA, jira_kind=kind)
    assert everything(again) == everything(company(7, kind))


def test_another_seed_gives_another_company_with_the_same_goals() -> None:
    one, other = company(7), company(8)
    assert everything(one) != everything(other)
    assert one.files["metrics/activation.csv"] != other.files["metrics/activation.csv"]
    assert one.files["okrs.yaml"] == other.files["okrs.yaml"]


def test_it_is_built_within_two_seconds() -> None:
    began = time.process_time()
    build_company(9, github_url=GITHUB, jira_url=JIRA)
    assert time.process_time() - began < 2


def test_the_truth_file_holds_the_truth() -> None:
    assert json.loads(company().files["truth.json"]) == company().truth


# ---------------------------------------------------------------- items


@pytest.mark.parametrize("seed", [7, 8, 23])
@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
def test_the_counts_of_the_truth_are_those_of_the_raw_objects(seed: int, kind: JiraKind) -> None:
    one = company(seed, kind)
    items = dict(raw_items(one))
    pulls = sum("pull_request" in raw for raw in items.values())
    statuses = Counter(status_of(raw) for raw in items.values())
    found = {"total": len(items), "issue": len(items) - pulls, "pull_request": pulls, **statuses}
    assert found == one.truth["counts"]
    assert found["total"] == 600


def test_keys_ids_and_addresses_are_unique() -> None:
    raws = list(raw_items(company()))
    assert len({key for key, _ in raws}) == len(raws)
    assert len({raw["id"] for _, raw in raws}) == len(raws)
    assert len({raw.get("html_url") or raw["self"] for _, raw in raws}) == len(raws)


def test_numbers_run_without_gaps_and_follow_creation() -> None:
    for repository in company().github.repositories:
        assert [raw["number"] for raw in repository.issues] == list(range(1, len(repository.issues) + 1))
        created = [raw["created_at"] for raw in repository.issues]
        assert created == sorted(created)


@pytest.mark.parametrize("seed", [7, 8, 23])
def test_moments_are_in_order(seed: int) -> None:
    for key, raw in raw_items(company(seed)):
        if is_jira(raw):
            fields = raw["fields"]
            times = [fields["created"], fields["resolutiondate"], fields["updated"]]
        else:
            times = [raw["created_at"], raw["closed_at"], raw["updated_at"]]
        found = [moment(text) for text in times if text]
        assert found == sorted(found), key
        assert found[-1] < LAST_MOMENT, key
        assert found[0].date() >= date(2025, 8, 20), key


@pytest.mark.parametrize("seed", [7, 8, 23])
@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
def test_each_changelog_leads_from_to_do_to_the_present_status(seed: int, kind: JiraKind) -> None:
    histories: set[str] = set()
    for issue in company(seed, kind).jira.issues:
        changelog, fields = issue["changelog"], issue["fields"]
        entries = changelog["histories"][:: -1 if kind == "cloud" else 1]
        assert changelog["total"] == len(entries)
        histories.update(entry["id"] for entry in entries)
        times = [moment(text) for text in (fields["created"], *(e["created"] for e in entries), fields["updated"])]
        assert times == sorted(times), issue["key"]
        steps = [item for entry in entries for item in entry["items"] if item["field"] == "status"]
        assert [step["fromString"] for step in steps[:1]] in ([], ["To Do"])
        assert all(a["toString"] == b["fromString"] for a, b in pairwise(steps)), issue["key"]
        assert fields["status"]["name"] == (steps[-1]["toString"] if steps else "To Do"), issue["key"]
    assert len(histories) == sum(issue["changelog"]["total"] for issue in company(seed, kind).jira.issues)


def test_one_item_was_done_and_reopened_and_done_again() -> None:
    def names(issue: RawObject) -> list[str]:
        return [i["toString"] for h in issue["changelog"]["histories"] for i in h["items"] if i["field"] == "status"]

    twice = [issue["key"] for issue in company().jira.issues if names(issue).count("Done") == 2]
    assert twice == [company().truth["special_items"]["reopened"]]


def test_sprint_names_in_a_changelog_are_those_of_the_board() -> None:
    for issue in company().jira.issues:
        board = next(b for b in company().jira.boards if b["location"]["projectKey"] == issue["key"].partition("-")[0])
        known = {sprint["id"]: sprint["state"] for sprint in board["sprints"]}
        for sprint in issue["fields"]["customfield_10020"] or ():
            assert known[sprint["id"]] == sprint["state"]


def test_each_board_has_closed_sprints_a_running_one_and_a_next_one_with_work() -> None:
    used = Counter(s["id"] for i in company().jira.issues for s in i["fields"]["customfield_10020"] or ())
    for board in company().jira.boards:
        states = Counter(sprint["state"] for sprint in board["sprints"])
        assert states["active"] == states["future"] == 1
        assert states["closed"] > 5
        running, following = board["sprints"][-2:]
        assert moment(running["startDate"]).date() <= company().today <= moment(running["endDate"]).date()
        assert used[running["id"]] >= 5
        assert used[following["id"]] >= 5


def test_each_repository_has_a_running_milestone_and_a_next_one_with_work() -> None:
    for repository in company().github.repositories:
        still_open = [m for m in repository.milestones if m["state"] == "open"]
        assert len(still_open) == 2
        assert all(m["open_issues"] > 0 for m in still_open)
        inside = Counter(raw["milestone"]["number"] for raw in repository.issues if raw["milestone"])
        assert all(inside[m["number"]] == m["open_issues"] + m["closed_issues"] for m in repository.milestones)


def test_sizes_stand_in_the_field_that_the_board_estimates_with() -> None:
    for board in company().jira.boards:
        project, field = board["location"]["projectKey"], board["configuration"]["estimation"]["field"]["fieldId"]
        other = {"customfield_10016": "customfield_10024", "customfield_10024": "customfield_10016"}[field]
        own = [i["fields"] for i in company().jira.issues if i["key"].startswith(project)]
        stories = [f for f in own if f["issuetype"]["name"] == "Story"]
        assert 0.65 < sum(f[field] is not None for f in stories) / len(stories) < 0.92
        assert all(f[other] is None for f in own)


def test_data_center_names_epics_by_key_and_people_by_name() -> None:
    issues = {issue["key"]: issue["fields"] for issue in company(kind="datacenter").jira.issues}
    epics = {fields["customfield_10014"] for fields in issues.values() if fields.get("customfield_10014")}
    assert epics
    assert all(issues[key]["issuetype"]["name"] == "Epic" for key in epics)
    assert all(f["parent"]["key"] in issues for f in issues.values() if f["issuetype"]["subtask"])
    assert all("accountId" not in fields["reporter"] for fields in issues.values())
    assert all(isinstance(fields["description"], str) for fields in issues.values())


def test_every_field_of_an_issue_is_in_the_catalogue() -> None:
    for kind in ("cloud", "datacenter"):
        one = company(kind="datacenter" if kind == "datacenter" else "cloud")
        known = {field["id"] for field in one.jira.fields or ()}
        assert all(set(issue["fields"]) <= known for issue in one.jira.issues)


# ---------------------------------------------------------------- links, by a plain reading of the rules


def text_of(raw: RawObject) -> str:
    if not is_jira(raw):
        return raw["body"] or ""
    blocks = raw["fields"]["description"]["content"]
    return "\n".join(part["text"] for block in blocks for part in block["content"])


def title_of(raw: RawObject) -> str:
    title: str = raw["fields"]["summary"] if is_jira(raw) else raw["title"]
    return title


def labels_of(raw: RawObject) -> list[str]:
    return list(raw["fields"]["labels"]) if is_jira(raw) else [label["name"] for label in raw["labels"]]


def qualified(raw: RawObject, name: str) -> str:
    if "/" in name:
        return name
    ended = raw["fields"]["resolutiondate"] if is_jira(raw) else raw["closed_at"]
    past = ended and status_of(raw) == "done" and moment(ended).date() < date(2026, 10, 1)
    return f"{'2026Q3' if past else '2026Q4'}/{name}"


def named_in(raw: RawObject, parent_key: str) -> list[str]:
    """Return what an item's own label, body, title, place and type say, the first rule that matches."""
    labels = labels_of(raw)
    by_label = [label[3:] for label in labels if fnmatch.fnmatch(label, "kr/*")]
    by_label += ["KR2.1" for label in labels if label == "area/checkout"]
    body = re.search(r"^KR: (.+?)\r?$", text_of(raw), re.M)
    title = re.match(r"\[(KR[^]]+)\]", title_of(raw))
    above = raw["fields"].get("parent", {}).get("key") if is_jira(raw) else None
    kind = raw["fields"]["issuetype"]["name"] if is_jira(raw) else ""
    parts = {part["name"] for part in raw["fields"]["components"]} if is_jira(raw) else set()
    if by_label or body or title:
        return by_label or (body.group(1).split(", ") if body else [title.group(1)] if title else [])
    if parent_key in {above, raw.get("key")}:
        return ["KR2.2"]
    return [k for k, part in (("KR3.2", "Door"), ("KR3.1", "Scanner")) if kind == "Story" and part in parts]


def parent_of(raw: RawObject) -> str | None:
    if is_jira(raw):
        key: str | None = raw["fields"].get("parent", {}).get("key")
        return key
    above = re.search(r"repos/(.+)/issues/(\d+)$", raw.get("parent_issue_url", ""))
    return f"{above.group(1)}#{above.group(2)}" if above else None


def issue_of(raw: RawObject, branch: str) -> str | None:
    """Return the issue that a pull request names or closes."""
    key = re.match(r"(PAY|GRO)-\d+", raw["title"]) or re.match(r"(pay|gro)-\d+", branch)
    closing = re.search(r"(?:Closes|Fixes) (ferrywell/\w+)?#(\d+)", raw["body"] or "")
    if key:
        return key.group(0).upper()
    if closing:
        return f"{closing.group(1) or raw['repository_url'].partition('repos/')[2]}#{closing.group(2)}"
    return None


def links_by_the_rules(one: Company) -> dict[str, list[str]]:
    raws = dict(raw_items(one))
    branches = {f"{r.full_name}#{n}": name for r in one.github.repositories for n, name in r.branches.items()}
    parent_key = re.search(r"parent_key: (PAY-\d+)", one.files["okrsync.yaml"])
    assert parent_key
    ledger = {r["item"]: r for r in map(json.loads, one.files["ledger/links.jsonl"].splitlines())}

    def links(key: str) -> list[str]:
        raw = raws[key]
        if key in ledger:
            return [ledger[key]["key_result"]] if ledger[key]["action"] == "link" else []
        own = named_in(raw, parent_key.group(1))
        if own:
            return [qualified(raw, name) for name in own]
        above = parent_of(raw) or (issue_of(raw, branches[key]) if "pull_request" in raw else None)
        return links(above) if above else []

    return {key: links(key) for key in raws}


@pytest.mark.parametrize("seed", [7, 8, 23])
def test_the_links_of_the_truth_are_those_of_the_rules(seed: int) -> None:
    one = company(seed)
    found = links_by_the_rules(one)
    truth = one.truth["links"]
    linked = {key: entry["key_results"] for key, entry in truth["linked"].items()}
    special = {truth["broken"][0]: ["2026Q4/KR9"], truth["ambiguous"][0]: ["2026Q4/KR3.2", "2026Q4/KR3.1"]}
    assert {key: names for key, names in found.items() if names} == linked | special


def test_links_are_made_in_all_the_ways_that_the_rules_know() -> None:
    ways = {entry["via"] for entry in company().truth["links"]["linked"].values()}
    expected = {"label", "alias", "body", "title", "epic", "attribute", "inherit", "pull_request", "ledger"}
    assert ways == expected
    assert any(len(entry["key_results"]) > 1 for entry in company().truth["links"]["linked"].values())


def test_about_a_sixth_of_the_items_serves_no_key_result_and_is_not_exempt() -> None:
    links = company().truth["links"]
    assert sum(len(part) for part in links.values()) == 600
    assert 0.14 < len(links["unlinked"]) / 600 < 0.20
    assert 0.13 < sum(c in {"run", "upkeep"} for c in links["exempt"].values()) / 600 < 0.22


def test_one_open_item_still_names_a_key_result_of_the_past_cycle() -> None:
    raws = dict(raw_items(company()))
    linked = company().truth["links"]["linked"]
    past = [k for k, e in linked.items() if e["key_results"][0].startswith("2026Q3") and status_of(raws[k]) == "todo"]
    assert past == [company().truth["special_items"]["stale"]]


# ---------------------------------------------------------------- planted effects


@pytest.mark.parametrize("seed", [7, 8, 23])
@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("2026Q3/KR1.2", 28),
        ("2026Q4/KR1.1", 28),
        ("2026Q4/KR2.1", 28),
        ("2026Q4/KR2.2", 28),
        ("2026Q4/KR2.3", 28),
        ("2026Q3/KR1.1", 21),
    ],
)
def test_planted_effects_are_visible_in_the_series(seed: int, name: str, days: int) -> None:
    one = company(seed)
    truth = one.truth["key_results"][name]
    moves = [d for d in truth["deliveries"] if d["effect"]]
    waves = [moves] if truth["expect"] == "one_wave_moved" else [[move] for move in moves]
    for wave in waves:
        first, last = (date.fromisoformat(d["date"]) for d in (wave[0], wave[-1]))
        effect = sum(d["effect"] for d in wave)
        assert abs(effect) > 2.9 * truth["sd"]
        assert abs(change_around(one, truth["metric"], first, last, days) - effect) < 1.1 * truth["sd"]


@pytest.mark.parametrize("seed", [7, 8, 23])
@pytest.mark.parametrize("name", ["2026Q3/KR2.1", "2026Q4/KR1.2", "2026Q4/KR3.1"])
def test_deliveries_without_an_effect_leave_the_series_where_it_was(seed: int, name: str) -> None:
    truth = company(seed).truth["key_results"][name]
    assert truth["expect"] == "null"
    for delivery in truth["deliveries"]:
        day = date.fromisoformat(delivery["date"])
        assert delivery["effect"] == 0
        assert abs(change_around(company(seed), truth["metric"], day, day)) < 1.1 * truth["sd"]


def test_effects_point_the_way_that_the_truth_expects() -> None:
    wanted = {"increase": 1, "decrease": -1}
    for name, truth in company().truth["key_results"].items():
        total = sum(delivery["effect"] for delivery in truth["deliveries"])
        if truth["expect"] in {"moved", "one_wave_moved", "stream", "moved_wrong_way"}:
            sign = -1 if truth["expect"] == "moved_wrong_way" else 1
            assert total * wanted[key_results()[name]["direction"]] * sign > 0, name


def test_deliveries_of_a_judged_key_result_are_ripe_and_weeks_apart() -> None:
    judged = {"moved", "moved_wrong_way", "null", "one_wave_moved"}
    for name, truth in company().truth["key_results"].items():
        if truth["expect"] not in judged:
            continue
        days = [date.fromisoformat(d["date"]) for d in truth["deliveries"]]
        assert len(days) <= 4
        assert all((b - a).days >= 10 for a, b in pairwise(days)) or truth["expect"] == "one_wave_moved"
        for delivery, day in zip(truth["deliveries"], days, strict=True):
            ripe = day + timedelta(days=28) < company().today
            assert ripe != (delivery.get("expect") == "too_early"), name


@pytest.mark.parametrize("seed", [7, 8, 23])
def test_the_truth_holds_every_delivered_item_of_a_key_result_at_its_date(seed: int) -> None:
    raws = dict(raw_items(company(seed)))
    delivered: dict[str, set[str]] = {}
    for key, entry in company(seed).truth["links"]["linked"].items():
        if status_of(raws[key]) == "done":
            for name in entry["key_results"]:
                delivered.setdefault(name, set()).add(key)
    for name, truth in company(seed).truth["key_results"].items():
        assert {key for d in truth["deliveries"] for key in d["keys"]} == delivered.get(name, set())
        for delivery in truth["deliveries"]:
            for key in delivery["keys"]:
                raw = raws[key]
                ended = moment(raw["fields"]["resolutiondate"] if is_jira(raw) else raw["closed_at"])
                assert ended.date().isoformat() == delivery["date"], key


def test_the_stream_holds_25_planned_units_of_which_three_move_the_metric() -> None:
    truth = company().truth["key_results"]["2026Q3/KR1.1"]
    assert truth["expect"] == "stream"
    assert 25 <= len(truth["deliveries"]) <= 26
    assert sum(delivery["effect"] != 0 for delivery in truth["deliveries"]) == 3


def test_the_guardrail_of_trust_breaks_its_promise_in_the_running_cycle() -> None:
    (breach,) = company().truth["guardrail_breaches"]
    points = values_of(company(), {"path": "metrics/weekly.csv", "column": breach["metric"]})
    since = date.fromisoformat(breach["since"])
    assert max(value for day, value in points.items() if day < since) < breach["limit"]
    assert min(value for day, value in points.items() if day >= since) > breach["limit"]
    assert since >= date(2026, 10, 1)


def test_a_target_was_met_by_its_own_history() -> None:
    points = values_of(company(), {"path": "metrics/scan_latency.csv"})
    autumn = [value for day, value in points.items() if day < date(2025, 11, 20)]
    assert np.mean(autumn) < key_results()["2026Q4/KR3.1"]["target"]["value"]


# ---------------------------------------------------------------- files


def test_every_key_result_of_the_truth_is_in_the_okr_file_and_the_reverse() -> None:
    written = key_results()
    assert set(written) == set(company().truth["key_results"])
    for name, truth in company().truth["key_results"].items():
        assert written[name].get("metric") == truth["metric"]


def test_the_okr_file_has_no_dangling_reference() -> None:
    okrs = yaml_file("okrs.yaml")
    metrics = {metric["id"] for metric in okrs["metrics"]}
    values = {value["id"] for value in okrs["values"]}
    cycles = {cycle["id"] for cycle in okrs["cycles"]}
    assert {guardrail for value in okrs["values"] for guardrail in value["guardrails"]} <= metrics
    for objective in okrs["objectives"]:
        assert objective["cycle"] in cycles
        assert {value["id"] for value in objective["values"]} <= values
        for one in objective["key_results"]:
            assert set(one.get("controls", ())) <= metrics
            assert one.get("state") == "draft" or (one["metric"] in metrics and one["baseline"]["value"] is not None)
            assert "baseline" not in one or one["baseline"]["value"] != one["target"]["value"]


def test_every_metric_has_its_points() -> None:
    for metric in yaml_file("okrs.yaml")["metrics"]:
        if metric["source"]["type"] == "check_in":
            continue
        points = values_of(company(), metric["source"])
        low, high = metric.get("bounds", (0, 1e9))
        assert all(low <= value <= high for value in points.values())
        assert list(points) == sorted(points)
        assert max(points) >= date(2026, 11, 16)
        if metric["id"] != "queue_minutes":
            assert min(points) <= date(2025, 8, 25)


def test_some_days_are_missing_as_rows_and_some_as_empty_cells() -> None:
    files = company().files
    assert len(files["metrics/signups.csv"].splitlines()) < 458
    assert any(re.search(r"^[\d-]+,(,|$)", files[name], re.M) for name in files if name.startswith("metrics/"))


def test_the_settings_name_the_trackers_and_pin_the_day() -> None:
    settings = yaml_file("okrsync.yaml")
    assert settings["as_of"] == company().today
    assert [source["url"] for source in settings["sources"]] == [GITHUB, GITHUB, JIRA]
    issues = {issue["key"]: issue for issue in company().jira.issues}
    epic = next(rule["if"]["parent_key"] for rule in settings["work"]["rules"] if "parent_key" in rule["if"])
    assert issues[epic]["fields"]["issuetype"]["name"] == "Epic"


@pytest.mark.parametrize("name", ["check_ins", "hypotheses", "decisions", "evidence", "links"])
def test_ledger_lines_parse_and_speak_of_things_that_exist(name: str) -> None:
    lines = company().files[f"ledger/{name}.jsonl"].splitlines()
    items, goals = dict(raw_items(company())), key_results()
    records = [json.loads(line) for line in lines]
    assert len({record["id"] for record in records}) == len(records) >= 3
    for line, record in zip(lines, records, strict=True):
        assert list(record) == sorted(record), line
        assert {"id", "at", "recorded_at", "by"} <= set(record)
        assert moment(record["at"]) <= moment(record["recorded_at"]) < LAST_MOMENT
        assert record["by"].startswith("role:")
        assert record.get("key_result") is None or record["key_result"] in goals
        for key in {record[k] for k in ("about", "item") if k in record} | set(record.get("items", ())):
            raw = items[key]
            created = raw["fields"]["created"] if is_jira(raw) else raw["created_at"]
            assert moment(created) < moment(record["at"]), line


def test_ten_hypotheses_are_recorded_before_delivery_and_two_after() -> None:
    days = {
        key: delivery["date"]
        for truth in company().truth["key_results"].values()
        for delivery in truth["deliveries"]
        for key in delivery["keys"]
    }
    records = [json.loads(line) for line in company().files["ledger/hypotheses.jsonl"].splitlines()]
    late = [r["id"] for r in records if r["recorded_at"][:10] > min(days[key] for key in r["items"])]
    assert (len(records), len(late)) == (12, 2)


def test_the_check_in_metric_has_exactly_four_check_ins() -> None:
    records = [json.loads(line) for line in company().files["ledger/check_ins.jsonl"].splitlines()]
    assert [record["key_result"] for record in records] == ["2026Q4/KR3.2"] * 4


def test_five_items_state_an_expectation_in_their_body() -> None:
    stating = [key for key, raw in raw_items(company()) if re.search(r"^expect: KR", text_of(raw), re.M)]
    assert sorted(stating) == sorted(company().truth["expectations_in_items"])
    assert len(stating) == 5
