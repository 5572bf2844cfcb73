"""Every mistake in a file is named with line, column, what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from okrsync.errors import Problem

Problems = Callable[[], tuple[Problem, ...]]
Spoil = Callable[[str, str, str], None]
SETTINGS, OKRS = "okrsync.yaml", "okrs.yaml"

KEYS = [
    pytest.param(
        SETTINGS,
        "timezone:",
        "timezon: x\ntimezone:",
        [(2, 1, 'unknown key "timezon"', 'did you mean "timezone"?')],
        id="an unknown key",
    ),
    pytest.param(
        SETTINGS,
        "version: 1\n",
        "version: 1\nzzz: 1\n",
        [(2, 1, 'unknown key "zzz"', "remove it")],
        id="an unknown key like no other",
    ),
    pytest.param(
        SETTINGS,
        "    repositories:",
        "    repositoris: [x/y]\n    repositories:",
        [(8, 5, 'unknown key "repositoris"', 'did you mean "repositories"?')],
        id="an unknown key in a source",
    ),
    pytest.param(
        SETTINGS,
        'label: "kr/*"',
        'lable: "kr/*"',
        [(11, 13, 'unknown key "lable"', 'did you mean "label"?')],
        id="an unknown key in a condition",
    ),
    pytest.param(
        SETTINGS,
        '{if: {label: "kr/*"}',
        '{condition: {label: "kr/*"}',
        [(11, 7, '"if" is missing', 'add `if: {label: "kr/*"}`'), (11, 8, 'unknown key "condition"', "remove it")],
        id="the attribute behind a key",
    ),
    pytest.param(
        OKRS,
        "        kind: leading",
        "        knd: leading\n        kind: leading",
        [(23, 9, 'unknown key "knd"', 'did you mean "kind"?')],
        id="an unknown key in a key result",
    ),
    pytest.param(
        OKRS,
        "path: metrics",
        "pth: metrics",
        [
            (8, 25, 'unknown key "pth"', 'did you mean "path"?'),
        ],
        id="an unknown key of a metric source",
    ),
    pytest.param(
        OKRS,
        "{type: check_in}",
        "{type: check_in, path: x.csv}",
        [(10, 84, 'unknown key "path"', "a check-in needs none")],
        id="a check-in with a key",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "    cadence: weekly\n    <<: {unit: x}\n",
        [(10, 5, 'unknown key "<<"', "remove it")],
        id="a merge key",
    ),
    pytest.param(
        OKRS,
        "        kind: leading",
        "        kind: leading\n        kind: lagging",
        [(24, 9, '"kind" is there twice (first in line 23)', "keep one of them")],
        id="a key that is there twice",
    ),
]
REFERENCES = [
    pytest.param(
        OKRS,
        "    cycle: 2026Q4",
        "    cycle: 2026Q5",
        [(13, 12, 'cycle "2026Q5" does not exist', 'did you mean "2026Q4"?')],
        id="a cycle that is not there",
    ),
    pytest.param(
        OKRS,
        "metric: activation",
        "metric: activatoin",
        [(19, 17, 'metric "activatoin" does not exist', 'did you mean "activation"?')],
        id="a metric that is not there",
    ),
    pytest.param(
        OKRS,
        "metric: activation",
        "metric: zzz",
        [(19, 17, 'metric "zzz" does not exist', "define it under metrics, or name one that is there")],
        id="a metric like no other",
    ),
    pytest.param(
        OKRS,
        "[{id: trust, because",
        "[{id: thrust, because",
        [(15, 19, 'value "thrust" does not exist', 'did you mean "trust"?')],
        id="a value that is not there",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: [complaints, traffic]",
        [(24, 32, 'metric "traffic" does not exist', "define it under metrics, or name one that is there")],
        id="a control that is not there",
    ),
    pytest.param(
        OKRS,
        "guardrails: [complaints]",
        "guardrails: [complaint]",
        [(2, 71, 'metric "complaint" does not exist', 'did you mean "complaints"?')],
        id="a guardrail that is not there",
    ),
    pytest.param(
        SETTINGS,
        "    web: {dropped",
        "    wbe: {dropped",
        [(15, 5, 'no source is called "wbe"', "name one of web")],
        id="done for no source",
    ),
    pytest.param(
        SETTINGS,
        "web: count",
        "mobile: count",
        [(17, 5, 'no source is called "mobile"', "name one of web")],
        id="size for no source",
    ),
    pytest.param(
        OKRS,
        "cycles: [{id: 2026Q4, start: 2026-10-01, end: 2026-12-31}]\n",
        "",
        [
            (1, 1, "no cycle is defined", "add `cycles: [{id: 2026Q4, start: ..., end: ...}]`"),
            (12, 12, 'cycle "2026Q4" does not exist', "define it under cycles, or name one that is there"),
        ],
        id="no cycle at all",
    ),
]
TYPES = [
    pytest.param(
        OKRS,
        "value: 41,",
        "value: forty,",
        [(21, 27, '"value" must be a number', "write a number without quotes")],
        id="text for a number",
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        'value: "41",',
        [(21, 27, '"value" must be a number', "write a number without quotes")],
        id="a quoted number",
    ),
    pytest.param(
        OKRS,
        'title: "New accounts see the value in week one"',
        "title: 5",
        [(14, 12, '"title" must be text', "put it in quotes")],
        id="number for text",
    ),
    pytest.param(
        OKRS, "id: KR1.1", "id: 1.1", [(17, 13, '"id" must be text', "put it in quotes")], id="a number as id"
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        "value: true,",
        [(21, 27, '"value" must be a number', "write a number without quotes")],
        id="truth for a number",
    ),
    pytest.param(
        OKRS,
        "date: 2026-09-30",
        "date: 2026-09-30T10:00:00",
        [(21, 37, '"date" must be a date', "write YYYY-MM-DD without quotes")],
        id="a date with a time",
    ),
    pytest.param(
        OKRS,
        "date: 2026-09-30",
        "date: 2026-09-30 00:00:00",
        [(21, 37, '"date" must be a date', "write YYYY-MM-DD without quotes")],
        id="a date at midnight",
    ),
    pytest.param(
        OKRS,
        "start: 2026-10-01",
        'start: "2026-10-01"',
        [(3, 30, '"start" must be a date', "write YYYY-MM-DD without quotes")],
        id="a quoted date",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: {complaints: 1}",
        [(24, 19, '"controls" must be a list', "write [a, b] or lines that start with a dash")],
        id="a mapping for a list",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: complaints",
        [(24, 19, '"controls" must be a list', "write [a, b] or lines that start with a dash")],
        id="a text for a list",
    ),
    pytest.param(
        OKRS,
        'values: [{id: trust, because: "it serves them"}]',
        "values: [5]",
        [(15, 14, 'an entry of "values" must be a mapping', "write key: value")],
        id="a number in a list of mappings",
    ),
    pytest.param(
        SETTINGS,
        "token: {env: OKRSYNC_GITHUB_TOKEN}",
        "token: [env]",
        [(7, 12, '"token" must be a mapping', "write key: value")],
        id="a list for a mapping",
    ),
    pytest.param(
        OKRS,
        "        kind: leading",
        "        kind: leading\n        lag_days: 1.5",
        [(24, 19, '"lag_days" must be a whole number', "write a number without quotes")],
        id="a fraction for days",
    ),
    pytest.param(
        OKRS,
        "        kind: leading",
        "        kind: leading\n        lag_days: -1",
        [(24, 19, '"lag_days" is refused: should be greater than or equal to 0', "write a value in that range")],
        id="negative days",
    ),
    pytest.param(
        OKRS,
        "        kind: leading",
        "        kind: leading\n        min_effect: 0",
        [(24, 21, '"min_effect" is refused: should be greater than 0', "write a value in that range")],
        id="an effect of zero",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "    cadence: weekly\n    bounds: [0]\n",
        [(10, 13, '"bounds" is too short', "write at least 2")],
        id="bounds of one number",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "    cadence: weekly\n    bounds: [100, 0]\n",
        [(10, 13, "bounds must go from low to high", "write [LOW, HIGH]")],
        id="bounds from high to low",
    ),
    pytest.param(
        OKRS,
        "kind: leading",
        "kind: leading-ish",
        [(23, 15, '"kind" has a value it cannot have', "write one of 'leading' or 'lagging'")],
        id="a kind that does not exist",
    ),
    pytest.param(
        OKRS,
        "version: 1\n",
        "version: 2\n",
        [(1, 10, '"version" has a value it cannot have', "write one of 1")],
        id="another version",
    ),
    pytest.param(
        OKRS,
        "id: O1",
        "id: O 1",
        [(12, 9, '"id" has characters or a form it cannot have', "it must match ^[A-Za-z0-9][A-Za-z0-9._-]*$")],
        id="an id with a space",
    ),
]
CONTRADICTIONS = [
    pytest.param(
        OKRS,
        "end: 2026-12-31",
        "end: 2026-13-45",
        [(3, 47, "an impossible date: 2026-13-45 (month must be in 1..12)", "write a date as YYYY-MM-DD")],
        id="an impossible date",
    ),
    pytest.param(
        OKRS,
        "end: 2026-12-31",
        "end: 2026-11-31",
        [(3, 47, "an impossible date: 2026-11-31 (day is out of range for month)", "write a date as YYYY-MM-DD")],
        id="a day that month does not have",
    ),
    pytest.param(
        OKRS,
        "end: 2026-12-31",
        "end: 2026-09-30",
        [(3, 47, "end 2026-09-30 lies before start 2026-10-01", "mend the dates")],
        id="a cycle that ends before it starts",
    ),
    pytest.param(
        OKRS,
        "target: {value: 55, date: 2026-12-31}",
        "target: {value: 55, date: 2026-09-29}",
        [
            (
                22,
                35,
                'key result "KR1.1" has its target on 2026-09-29, not after its baseline of 2026-09-30',
                "mend the dates",
            )
        ],
        id="a target before the baseline",
    ),
    pytest.param(
        OKRS,
        "target: {value: 55, date: 2026-12-31}",
        "target: {value: 55, date: 2026-09-30}",
        [
            (
                22,
                35,
                'key result "KR1.1" has its target on 2026-09-30, not after its baseline of 2026-09-30',
                "mend the dates",
            )
        ],
        id="a target on the day of the baseline",
    ),
    pytest.param(
        OKRS,
        "target: {value: 55,",
        "target: {value: 41.0,",
        [
            (
                22,
                17,
                'key result "KR1.1" has a target that equals its baseline',
                "write the value that is wanted, or direction: maintain with a band",
            )
        ],
        id="a target equal to the baseline",
    ),
    pytest.param(
        OKRS,
        "target: {value: 55,",
        "target: {value: 40,",
        [(22, 17, 'key result "KR1.1" is to increase from 41 to 40', "write direction: decrease, or mend the target")],
        id="an increase that falls",
    ),
    pytest.param(
        OKRS,
        "direction: increase",
        "direction: decrease",
        [(22, 17, 'key result "KR1.1" is to decrease from 41 to 55', "write direction: increase, or mend the target")],
        id="a decrease that rises",
    ),
    pytest.param(
        OKRS,
        "        direction: increase\n        baseline: {value: 41,",
        "        baseline: {value: 60,",
        [(21, 17, 'key result "KR1.1" is to increase from 60 to 55', "write direction: decrease, or mend the target")],
        id="an increase by default that falls",
    ),
    pytest.param(
        OKRS,
        "direction: increase",
        "direction: maintain",
        [(17, 9, 'key result "KR1.1" is to be maintained but has no band', "add `band: [LOW, HIGH]`")],
        id="maintain without a band",
    ),
    pytest.param(
        OKRS,
        "direction: increase",
        "direction: maintain\n        band:",
        [(21, 9, 'key result "KR1.1" is to be maintained but has no band', "add `band: [LOW, HIGH]`")],
        id="maintain with an empty band",
    ),
    pytest.param(
        OKRS,
        "direction: increase",
        "direction: maintain\n        band: [60, 50]",
        [(21, 15, "band must go from low to high", "write [LOW, HIGH]")],
        id="a band from high to low",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "    cadence: weekly\n    events: [{from: 2026-12-24, to: 2026-12-01, kind: pulse}]\n",
        [(10, 37, "to 2026-12-01 lies before from 2026-12-24", "mend the dates")],
        id="an event that ends before it starts",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "    cadence: weekly\n    events: [{kind: pulse}]\n",
        [
            (
                10,
                14,
                'an entry of "events" is refused: an event needs either a date, or from and to',
                "write one of them",
            )
        ],
        id="an event without a day",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "    cadence: weekly\n    events: [{from: 2026-12-24, to: 2026-12-25, kind: break}]\n",
        [(10, 14, 'an entry of "events" is refused: a break happens on one day', "write date instead of from and to")],
        id="a break of several days",
    ),
]
REPEATED = [
    pytest.param(
        OKRS,
        "{id: complaints,",
        "{id: activation,",
        [
            (2, 71, 'metric "complaints" does not exist', "define it under metrics, or name one that is there"),
            (10, 10, 'metric "activation" is there twice (first at okrs.yaml:5)', "give one of them another id"),
            (24, 20, 'metric "complaints" does not exist', "define it under metrics, or name one that is there"),
        ],
        id="a metric that is there twice",
    ),
    pytest.param(
        SETTINGS,
        "work:\n",
        "  - {name: WEB, connector: github, token: {env: T}, repositories: [a/b]}\nwork:\n",
        [(9, 12, 'source "WEB" is there twice (first in line 4)', "rename one")],
        id="a source that is there twice",
    ),
    pytest.param(
        SETTINGS,
        "  done:\n",
        "    - {id: run, if: {label: x}}\n  done:\n",
        [(14, 12, 'exempt class "run" is there twice', "rename one")],
        id="an exempt class that is there twice",
    ),
]
MISSING = [
    pytest.param(
        OKRS,
        '    title: "New accounts see the value in week one"\n',
        "",
        [(12, 5, '"title" is missing', 'add `title: "..."`')],
        id="a missing title",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin\n",
        "",
        [(1, 1, '"timezone" is missing', "add `timezone: Europe/Berlin`")],
        id="a missing time zone",
    ),
    pytest.param(
        SETTINGS,
        "    token: {env: OKRSYNC_GITHUB_TOKEN}\n",
        "",
        [(4, 5, '"token" is missing', "add `token: {env: OKRSYNC_GITHUB_TOKEN}`")],
        id="a missing token",
    ),
    pytest.param(
        SETTINGS,
        "    connector: github\n",
        "",
        [(4, 5, '"connector" is missing', "add `connector: github`")],
        id="a missing connector",
    ),
    pytest.param(
        OKRS,
        "        metric: activation\n",
        "",
        [(17, 9, 'key result "KR1.1" has no metric', "add `metric: ID`, or `state: draft`")],
        id="an active key result without metric",
    ),
    pytest.param(
        OKRS,
        "        baseline: {value: 41, date: 2026-09-30}\n",
        "",
        [(17, 9, 'key result "KR1.1" has no baseline', "add `baseline: {value: ..., date: ...}`, or `state: draft`")],
        id="an active key result without baseline",
    ),
    pytest.param(
        OKRS,
        "target: {value: 55, date: 2026-12-31}",
        "target:",
        [(22, 9, 'key result "KR1.1" has no target', "add `target: {value: ..., date: ...}`, or `state: draft`")],
        id="an active key result with an empty target",
    ),
    pytest.param(
        OKRS,
        '      - id: KR1.1\n        title: "Activation from 41 % to 55 %"\n        metric: activation\n',
        "      - title: x\n",
        [
            (17, 9, '"id" is missing', "add `id: ...`"),
            (17, 9, "this key result has no metric", "add `metric: ID`, or `state: draft`"),
        ],
        id="a key result without id",
    ),
]
UNUSABLE = [
    pytest.param(
        SETTINGS,
        "connector: github",
        "connector: gitlab",
        [
            (
                5,
                16,
                'connector "gitlab" is not installed',
                "write one of github, jira",
            )
        ],
        id="an unknown connector",
    ),
    pytest.param(
        OKRS,
        "type: csv",
        "type: warehouse",
        [
            (
                8,
                20,
                'metric source "warehouse" is not installed',
                "write one of check_in, csv, http, items, prometheus, sql",
            )
        ],
        id="an unknown metric source",
    ),
    pytest.param(
        SETTINGS,
        'label: "kr/*"',
        'label: ["kr/*", "re:("]',
        [
            (
                11,
                29,
                "an entry of \"label\" is refused: 're:(' is no pattern (missing ): ()",
                "patterns are globs, or `re:` and an RE2 expression",
            )
        ],
        id="a broken pattern",
    ),
    pytest.param(
        SETTINGS,
        'label: "kr/*"',
        'label: ""',
        [(11, 20, 'an entry of "label" is empty', "write something there")],
        id="an empty pattern",
    ),
    pytest.param(
        SETTINGS,
        '{label: "kr/*"}',
        "{}",
        [(11, 12, '"if" is refused: no condition is given', "write for example {label: area/checkout}")],
        id="no condition",
    ),
    pytest.param(
        SETTINGS,
        '{label: "kr/*"}, link: from_label',
        '{body: "*"}, link: from_body',
        [(11, 19, '"body" has characters or a form it cannot have', "it must match ^[A-Za-z][\\w -]*:?$")],
        id="a body marker that is none",
    ),
    pytest.param(
        SETTINGS,
        "link: from_label",
        "link: from_title",
        [(11, 7, 'an entry of "rules" is refused: link: from_title needs the condition title', "add it under if")],
        id="a rule that lacks its condition",
    ),
    pytest.param(
        SETTINGS,
        "link: from_label",
        "link: from_mail",
        [
            (
                11,
                7,
                'an entry of "rules" is refused: link: from_mail is unknown',
                "write from_label, from_field, from_body or from_title",
            )
        ],
        id="a rule that is unknown",
    ),
    pytest.param(
        SETTINGS,
        "link: from_label",
        "link: KR1.1, max_depth: 3",
        [(11, 7, 'an entry of "rules" is refused: max_depth goes with link: inherit', "remove it")],
        id="depth without inherit",
    ),
    pytest.param(
        SETTINGS,
        "Europe/Berlin",
        "Europe/Berln",
        [(2, 11, '"timezone" is refused: Europe/Berln is no time zone', "write one like Europe/Berlin")],
        id="an unknown time zone",
    ),
    pytest.param(
        SETTINGS,
        "budget: 25%",
        "budget: 25",
        [(13, 54, '"budget" is refused: a budget is a share of the work', "write for example 25%")],
        id="a budget that is a number",
    ),
    pytest.param(
        SETTINGS,
        "budget: 25%",
        "budget: 125%",
        [(13, 54, '"budget" is refused: a budget is a share of the work', "write for example 25%")],
        id="a budget above all work",
    ),
    pytest.param(
        SETTINGS,
        "web: count",
        "web: {count: true, field: x}",
        [(17, 10, '"web" is refused: a size needs exactly one of field, label or count: true', "keep one of them")],
        id="a size that is two things",
    ),
    pytest.param(
        SETTINGS,
        "http://127.0.0.1:8000",
        "http://tracker.example",
        [
            (
                6,
                10,
                '"url" is refused: a token is only sent over https (http is for this machine alone)',
                'write for example `url: "https://acme.atlassian.net"`',
            )
        ],
        id="plain http to another machine",
    ),
    pytest.param(
        SETTINGS,
        "http://127.0.0.1:8000",
        "http://127.0.0.1.example",
        [
            (
                6,
                10,
                '"url" is refused: a token is only sent over https (http is for this machine alone)',
                'write for example `url: "https://acme.atlassian.net"`',
            )
        ],
        id="plain http to a name that starts as this machine",
    ),
    pytest.param(
        SETTINGS,
        "http://127.0.0.1:8000",
        "https://me:hunter2@example.com",
        [
            (
                6,
                10,
                '"url" is refused: a URL must not carry a user or token',
                'write for example `url: "https://acme.atlassian.net"`',
            )
        ],
        id="a URL with a password",
    ),
    pytest.param(
        SETTINGS,
        '/github"',
        '/github?a=b"',
        [
            (
                6,
                10,
                '"url" is refused: a URL ends with its path',
                'write for example `url: "https://acme.atlassian.net"`',
            )
        ],
        id="a URL with a query",
    ),
    pytest.param(
        SETTINGS,
        "http://127.0.0.1:8000/github",
        "github",
        [
            (
                6,
                10,
                '"url" is refused: a URL starts with https:// and names a host',
                'write for example `url: "https://acme.atlassian.net"`',
            )
        ],
        id="a URL without a host",
    ),
    pytest.param(
        SETTINGS,
        "http://127.0.0.1:8000/github",
        "http://[::1",
        [(6, 10, '"url" is refused: Invalid IPv6 URL', 'write for example `url: "https://acme.atlassian.net"`')],
        id="a URL with a broken address",
    ),
    pytest.param(
        SETTINGS,
        "http://127.0.0.1:8000/github",
        "https://github.com",
        [(6, 10, '"url" is refused: this is GitHub\'s web address', "its API is https://api.github.com (the default)")],
        id="GitHub's web address",
    ),
    pytest.param(
        SETTINGS,
        "token: {env: OKRSYNC_GITHUB_TOKEN}",
        "token: hunter2",
        [
            (
                7,
                12,
                "a token must not stand in the file",
                "write token: {env: NAME} and put the token into that environment variable; revoke it if it was shared",
            )
        ],
        id="a token in the file",
    ),
    pytest.param(
        SETTINGS,
        "{env: OKRSYNC_GITHUB_TOKEN}",
        "{env: A, file: b}",
        [
            (
                7,
                12,
                '"token" is refused: a token needs exactly one of env, file or command',
                "write for example {env: NAME}",
            )
        ],
        id="two places for a token",
    ),
    pytest.param(
        SETTINGS,
        "{env: OKRSYNC_GITHUB_TOKEN}",
        "{}",
        [
            (
                7,
                12,
                '"token" is refused: a token needs exactly one of env, file or command',
                "write for example {env: NAME}",
            )
        ],
        id="no place for a token",
    ),
    pytest.param(
        SETTINGS,
        "[acme/web]",
        "[web]",
        [
            (
                8,
                20,
                'an entry of "repositories" is refused: a repository is named by its owner and name',
                "write owner/name",
            )
        ],
        id="a repository without its owner",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        "timezone: Europe/Berlin\nstore: mysql://x",
        [
            (
                3,
                8,
                '"store" is refused: a store is in SQLite or PostgreSQL',
                "write sqlite:///okrsync.db or postgresql://USER@HOST/NAME",
            )
        ],
        id="a store that is none",
    ),
]
TEXT = [
    pytest.param(
        OKRS,
        "value: 41,",
        "value: .nan,",
        [(21, 27, ".nan is no number", "write a number, or leave the key out")],
        id="not a number",
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        "value: -.inf,",
        [(21, 27, "-.inf is no number", "write a number, or leave the key out")],
        id="infinity",
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        "value: 1" + 400 * "0" + ",",
        [(21, 27, '"value" must be a number', "write a number without quotes")],
        id="a number that no float holds",
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        "value: !!python/int 41,",
        [(21, 27, "unknown tag tag:yaml.org,2002:python/int", "write plain YAML without tags")],
        id="a tag",
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        "!odd value: 41,",
        [
            (21, 19, '"value" is missing', "add `value: 41`"),
            (21, 20, "unknown tag !odd", "write plain YAML without tags"),
        ],
        id="a tag on a key",
    ),
    pytest.param(
        OKRS,
        "value: 41,",
        "value: !!bool maybe,",
        [(21, 27, "an impossible value: maybe", "write it in quotes if it is a text")],
        id="a tag that does not fit",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: &a [*a]",
        [(24, 19, "nested too deeply", "write it out flat")],
        id="a recursive anchor",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: " + 60 * "[" + 60 * "]",
        [
            (24, 20, 'an entry of "controls" must be text', "put it in quotes"),
            (24, 54, "nested too deeply", "write it out flat"),
        ],
        id="deep nesting",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: [complaints",
        [(25, 1, "not YAML: expected ',' or ']', but got '<stream end>'", "mend the syntax there")],
        id="an unclosed list",
    ),
    pytest.param(
        OKRS,
        "    cadence: weekly\n",
        "\tcadence: weekly\n",
        [(9, 1, "not YAML: found character '\\t' that cannot start any token", "mend the syntax there")],
        id="a tab",
    ),
    pytest.param(
        OKRS,
        "controls: [complaints]",
        "controls: *complaints",
        [(24, 19, "not YAML: found undefined alias 'complaints'", "mend the syntax there")],
        id="an undefined alias",
    ),
    pytest.param(
        OKRS,
        "objectives:",
        "---\nobjectives:",
        [
            (
                11,
                1,
                "not YAML: expected a single document in the stream, but found another document",
                "mend the syntax there",
            )
        ],
        id="several documents",
    ),
    pytest.param(
        OKRS,
        "version: 1\n",
        "%YAML 1.1\n---\nversion: 1\n",
        [(1, 1, "not YAML 1.2", "remove the line %YAML")],
        id="YAML 1.1",
    ),
    pytest.param(
        OKRS,
        "value: 41",
        "value: \x07 41",
        [(21, 27, "a character that text cannot have (#x0007)", "remove it")],
        id="a control character",
    ),
    pytest.param(
        OKRS,
        'because: "it serves them"',
        'because: "\\ud800"',
        [(15, 35, "half a character (a lone surrogate)", "write the character itself")],
        id="half a character",
    ),
]
FILES = [
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        "timezone: Europe/Berlin\nokrs: [okrs.yaml, ../okrs.yaml]",
        [(3, 19, '"../okrs.yaml" leaves the folder of this file', "keep OKR files below it")],
        id="an OKR file that leaves the folder",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        "timezone: Europe/Berlin\nokrs: [okrs.yaml, okr.yaml]",
        [(3, 19, '"okr.yaml": no such file', "write that file, or mend the name")],
        id="an OKR file that is not there",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        "timezone: Europe/Berlin\nokrs: [okrs.yaml, teams/*.yaml]",
        [(3, 19, 'no file matches "teams/*.yaml"', "mend the pattern, or write okrs: okrs.yaml")],
        id="a glob that matches nothing",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        "timezone: Europe/Berlin\nokrs: [okrs.yaml, x**y]",
        [(3, 19, 'no file matches "x**y"', "mend the pattern, or write okrs: okrs.yaml")],
        id="a glob that is none",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        'timezone: Europe/Berlin\nokrs: [okrs.yaml, "a\\0b"]',
        [(3, 19, '"a\x00b": no such file', "write that file, or mend the name")],
        id="a name with a NUL",
    ),
    pytest.param(
        SETTINGS,
        "timezone: Europe/Berlin",
        'timezone: Europe/Berlin\nokrs: ""',
        [(3, 7, 'an entry of "okrs" is empty', "write something there")],
        id="no OKR file",
    ),
]
Found = list[tuple[int, int, str, str]]


@pytest.mark.parametrize(("file", "old", "new", "expected"), KEYS)
def test_a_wrong_key_is_named_with_the_right_one(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), REFERENCES)
def test_a_name_that_leads_nowhere_is_named_with_the_nearest(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), TYPES)
def test_a_value_of_the_wrong_kind_is_named_with_the_right_kind(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), CONTRADICTIONS)
def test_dates_and_numbers_that_cannot_be_are_named(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), REPEATED)
def test_an_id_that_is_there_twice_is_named_with_the_first(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), MISSING)
def test_what_is_missing_is_named_with_an_example(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), UNUSABLE)
def test_a_setting_that_cannot_work_is_named(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), TEXT)
def test_what_is_no_plain_yaml_1_2_is_named(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)


@pytest.mark.parametrize(("file", "old", "new", "expected"), FILES)
def test_an_okr_file_that_is_not_there_is_named(
    spoil: Spoil, problems: Problems, file: str, old: str, new: str, expected: Found
) -> None:
    spoil(file, old, new)
    assert problems() == tuple(Problem(file, *each) for each in expected)
