"""The company's OKR file: four values, two cycles, the metrics and the key results, as a user writes them."""

from __future__ import annotations

from typing import Final

_VALUES_AND_CYCLES: Final = """\
# What Ferrywell wants, and how it will know. Ferrywell is a made-up firm that sells tickets for clubs, theatres
# and festivals. A key result names a metric, never a task; okrsync looks at the metric after each delivery.
version: 1

values:
  - id: trust
    statement: "People can rely on us: fewer than 4 complaints in 1,000 orders"
    signs: ["We say the price before we ask for the card", "We call back when we said we would"]
    guardrails: [complaints]                 # metrics that must not get worse
  - id: clarity
    statement: "Nobody has to guess what happens next"
    signs: ["One page, one question", "We write as we speak"]
    guardrails: [unsubscribes]
  - id: speed
    statement: "We do not waste the time of a person in a queue: pages stand within 2.8 seconds"
    signs: ["We measure on an old phone", "We remove a step before we speed it up"]
    guardrails: [page_seconds]
  - id: care
    statement: "Whoever asks for help gets an answer from a person on the same day"
    signs: ["We read the whole message", "We say what we cannot do"]
    guardrails: [first_reply_hours]

cycles:
  - {id: 2026Q3, start: 2026-07-01, end: 2026-09-30, review_days: 28}
  - {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, review_days: 28}
"""

_METRICS: Final = """
metrics:
  # Measures of key results, one sheet each: date,value or date,value,n (n: how many were counted).
  - id: activation
    definition: "new organisers who publish an event within 7 days / new organisers"
    unit: "%"
    source: {type: csv, path: metrics/activation.csv}
    cadence: daily
    bounds: [0, 100]
    owner: team-data
    review_by: 2027-03-31
    events:
      - {from: 2025-12-24, to: 2026-01-01, kind: pulse, note: "holidays: few venues at work"}
  - id: signups
    definition: "organisers who opened an account on that day"
    unit: accounts
    source: {type: csv, path: metrics/signups.csv}
    cadence: daily
    owner: team-data
    review_by: 2027-03-31
    events:
      - {from: 2025-12-24, to: 2026-01-01, kind: pulse, note: "holidays: few venues at work"}
    calendar: DE
  - id: checkout_conversion
    definition: "orders paid / baskets opened, by day of the basket"
    unit: "%"
    source: {type: csv, path: metrics/checkout_conversion.csv}
    cadence: daily
    bounds: [0, 100]
    owner: team-data
    review_by: 2027-03-31
  - id: phone_checkout_seconds
    definition: "three quarters of the phone orders took at most this long from seat to receipt"
    unit: s
    source: {type: csv, path: metrics/phone_checkout_seconds.csv}
    cadence: daily
    owner: team-checkout
    review_by: 2027-03-31
  - id: payment_failures
    definition: "payments refused at the last attempt / payments started"
    unit: "%"
    source: {type: csv, path: metrics/payment_failures.csv}
    cadence: daily
    bounds: [0, 100]
    owner: team-checkout
    review_by: 2027-01-31
  - id: scan_latency
    definition: "95 of 100 ticket scans are answered within this time, measured on the scanner"
    unit: ms
    source: {type: csv, path: metrics/scan_latency.csv}
    cadence: daily
    owner: team-platform
    review_by: 2027-03-31
  - id: venue_confidence
    definition: "door managers' mark for the evening, 1 to 5, asked on the phone every second week"
    unit: points
    source: {type: check_in}                 # the values are in ledger/check_ins.jsonl
    cadence: irregular
    bounds: [1, 5]
    max_age_days: 28
    owner: team-platform
    review_by: 2027-03-31
  - id: refund_hours
    definition: "median hours from the request to the money on its way"
    unit: h
    source: {type: csv, path: metrics/refund_hours.csv}
    cadence: daily
    owner: team-checkout
    review_by: 2027-03-31
  - id: search_success
    definition: "searches followed by a click on a show / searches"
    unit: "%"
    source: {type: csv, path: metrics/search_success.csv}
    cadence: daily
    bounds: [0, 100]
    owner: team-data
    review_by: 2027-03-31
  - id: repeat_purchase
    definition: "buyers with an order in the 60 days before / buyers"
    unit: "%"
    source: {type: csv, path: metrics/repeat_purchase.csv}
    cadence: daily
    bounds: [0, 100]
    owner: team-data
    review_by: 2027-03-31
  - id: onsale_errors
    definition: "requests answered with an error / 10,000 requests to the order service"
    unit: per 10,000
    source: {type: csv, path: metrics/onsale_errors.csv}
    cadence: daily
    owner: team-platform
    review_by: 2027-03-31
  - id: queue_minutes
    definition: "mean minutes in the waiting room, sales with more than 2,000 visitors"
    unit: min
    source: {type: csv, path: metrics/queue_minutes.csv}
    cadence: weekly
    owner: team-platform
    review_by: 2027-03-31

  # A wide sheet: the first column is the date, each other column is a metric.
  - id: self_service
    definition: "organisers' questions answered without a person / questions"
    unit: "%"
    source: {type: csv, path: metrics/weekly.csv, column: self_service}
    cadence: weekly
    bounds: [0, 100]
    settle_days: 2                           # Monday's number is final on Wednesday
    owner: team-data
    review_by: 2027-03-31
  - id: services_on_pipeline
    definition: "services whose releases all go through the shared pipeline"
    unit: services
    source: {type: csv, path: metrics/weekly.csv, column: services_on_pipeline}
    cadence: weekly
    owner: team-platform
    review_by: 2027-03-31
    events:
      - {date: 2026-10-26, kind: break, note: "pilot services count from now on"}
  - id: complaints
    definition: "complaints / 1,000 orders of the week"
    unit: per 1,000
    source: {type: csv, path: metrics/weekly.csv, column: complaints}
    cadence: weekly
    limits: {most: 4}                        # a guardrail: beyond it a promise is broken
    owner: team-care
    review_by: 2027-03-31
  - id: unsubscribes
    definition: "unsubscribes / mails sent in the week"
    unit: "%"
    source: {type: csv, path: metrics/weekly.csv, column: unsubscribes}
    cadence: weekly
    bounds: [0, 100]
    owner: team-growth
    review_by: 2027-03-31

  # Guardrails and controls by day.
  - id: page_seconds
    definition: "three quarters of the pages stood within this time, on real phones"
    unit: s
    source: {type: csv, path: metrics/page_seconds.csv}
    cadence: daily
    owner: team-platform
    review_by: 2027-03-31
  - id: first_reply_hours
    definition: "median hours until a person answered, counted from the first message"
    unit: h
    source: {type: csv, path: metrics/first_reply_hours.csv}
    cadence: daily
    owner: team-care
    review_by: 2026-06-30
  - id: traffic
    definition: "visits to public pages, without known robots"
    unit: visits
    source: {type: csv, path: metrics/traffic.csv}
    cadence: daily
    owner: team-data
    review_by: 2027-03-31
    events:
      - {from: 2025-12-24, to: 2026-01-01, kind: pulse, note: "holidays: few venues at work"}
    calendar: DE
"""

_THIRD_QUARTER: Final = """
objectives:
  # ------------------------------------------------------------------ 2026Q3, under review
  - id: Q3-O1
    cycle: 2026Q3
    title: "Buyers find the next show, and come back for it"
    owner: team-growth
    theme: discovery
    contributors: [platform]
    values:
      - {id: clarity, because: "a search that understands people saves them from guessing"}
    key_results:
      - id: KR1.1
        title: "Searches that lead to a show from 34 % to 42 %"
        metric: search_success
        direction: increase
        baseline: {value: 34.0, date: 2026-06-30}
        target: {value: 42.0, date: 2026-09-30}
        kind: lagging
        min_effect: 0.8
        controls: [traffic]
      - id: KR1.2
        title: "Buyers who come back within 60 days from 6.1 % to 7.5 %"
        metric: repeat_purchase
        direction: increase
        baseline: {value: 6.1, date: 2026-06-30}
        target: {value: 7.5, date: 2026-09-30}
        kind: lagging
        min_effect: 0.4
  - id: Q3-O2
    cycle: 2026Q3
    title: "The site stands when a tour goes on sale"
    owner: team-platform
    theme: reliability
    values:
      - {id: trust, because: "a sale that breaks is remembered for years"}
      - {id: speed, because: "the waiting room is the longest queue that we own"}
    key_results:
      - id: KR2.1
        title: "Errors during sales from 14 to 8 in 10,000 requests"
        metric: onsale_errors
        direction: decrease
        baseline: {value: 14.0, date: 2026-06-30}
        target: {value: 8.0, date: 2026-09-30}
        kind: lagging
        min_effect: 1.5
      - id: KR2.2
        title: "Mean wait in the waiting room from 11.5 to 8 minutes"
        metric: queue_minutes
        direction: decrease
        baseline: {value: 11.5, date: 2026-06-30}
        target: {value: 8.0, date: 2026-09-30}
        kind: leading
        min_effect: 1.0
"""

_FOURTH_QUARTER: Final = """
  # ------------------------------------------------------------------ 2026Q4, running
  - id: O1
    cycle: 2026Q4
    title: "New organisers see the value in the first week"
    owner: team-growth
    theme: activation
    contributors: [sales, support]
    values:
      - {id: clarity, because: "who knows the next step takes it"}
      - {id: care, because: "a first event is a big evening for a small club"}
    key_results:
      - id: KR1.1
        title: "New organisers who publish within 7 days from 41 % to 52 %"
        metric: activation
        direction: increase
        baseline: {value: 41.0, date: 2026-09-30}
        target: {value: 52.0, date: 2026-12-31}
        kind: leading
        min_effect: 1.0
        window_days: 28
        controls: [traffic]
      - id: KR1.2
        title: "Sign-ups of organisers from 118 to 150 a day"
        metric: signups
        direction: increase
        baseline: {value: 118, date: 2026-09-30}
        target: {value: 150, date: 2026-12-31}
        kind: lagging
        min_effect: 6
        controls: [traffic]
        review_every_days: 30
  - id: O2
    cycle: 2026Q4
    title: "Buying a ticket takes a minute, on any phone"
    owner: team-checkout
    theme: checkout
    contributors: [growth, platform]
    values:
      - {id: trust, because: "a checkout without surprises is the best advertisement"}
      - {id: speed, because: "people buy on the way to the train"}
    key_results:
      - id: KR2.1
        title: "Baskets that become orders from 58 % to 63 %"
        metric: checkout_conversion
        direction: increase
        baseline: {value: 58.0, date: 2026-09-30}
        target: {value: 63.0, date: 2026-12-31}
        kind: lagging
        min_effect: 0.8
        controls: [traffic]
      - id: KR2.2
        title: "Phone checkout from 96 to 75 seconds"
        metric: phone_checkout_seconds
        direction: decrease
        baseline: {value: 96.0, date: 2026-09-30}
        target: {value: 75.0, date: 2026-12-31}
        kind: leading
        min_effect: 3.0
      - id: KR2.3
        title: "Payments refused from 3.2 % to 2.2 %"
        metric: payment_failures
        direction: decrease
        baseline: {value: 3.2, date: 2026-09-30}
        target: {value: 2.2, date: 2026-12-31}
        kind: leading
        min_effect: 0.2
  - id: O3
    cycle: 2026Q4
    title: "The door opens without a queue"
    owner: team-platform
    theme: door
    contributors: [checkout]
    values:
      - {id: speed, because: "the queue at the door is the first thing that guests see of us"}
      - {id: trust, because: "a venue that must fear the evening leaves"}
    key_results:
      - id: KR3.1
        title: "Scan time at the door from 410 to 380 ms"
        metric: scan_latency
        direction: decrease
        baseline: {value: 410, date: 2026-09-30}
        target: {value: 380, date: 2026-12-31}
        kind: leading
        min_effect: 15
      - id: KR3.2
        title: "Door managers' mark for the evening from 3.8 to 4.5"
        metric: venue_confidence
        direction: increase
        baseline: {value: 3.8, date: 2026-09-30}
        target: {value: 4.5, date: 2026-12-31}
        kind: lagging
        min_effect: 0.2
        review_every_days: 14
      - id: KR3.3
        title: "Venues keep the door open for an hour without a line"
        state: draft                         # the measure is not agreed yet; work may already be planned
        direction: increase
        kind: leading
      - id: KR3.4
        title: "Services on the shared pipeline from 9 to 18"
        level: output                        # a count of what we made: tracked, but it never counts as moved
        metric: services_on_pipeline
        direction: increase
        baseline: {value: 9, date: 2026-09-30}
        target: {value: 18, date: 2026-12-31}
        kind: leading
  - id: O4
    cycle: 2026Q4
    title: "Organisers get an answer where the question arises"
    owner: team-growth
    theme: service
    contributors: [checkout, care]
    values:
      - {id: care, because: "an answer on Sunday night is worth ten on Monday"}
    key_results:
      - id: KR4.1
        title: "Ship 5 help features so that self-service rises from 46 % to 60 %"
        metric: self_service
        direction: increase
        baseline: {value: 46.0, date: 2026-09-30}
        target: {value: 60.0, date: 2026-12-31}
        kind: leading
        min_effect: 2.0
        lag_days: 7
      - id: KR4.2
        title: "Refunds are on their way after 20 to 30 hours, also in the busy weeks"
        metric: refund_hours
        direction: maintain
        band: [20, 30]
        baseline: {value: 26.0, date: 2026-09-30}
        target: {value: 25.0, date: 2026-12-31}
        kind: lagging
        min_effect: 2.0
"""

OKRS_YAML: Final = _VALUES_AND_CYCLES + _METRICS + _THIRD_QUARTER + _FOURTH_QUARTER
"""The text of ``okrs.yaml``; paths in it are relative to the file."""
