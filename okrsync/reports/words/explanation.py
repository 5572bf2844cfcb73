"""One verdict told from its data to its word."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.model.verdicts import CheckKind, KeyResultOutcome, ModelWeight, OutcomeCheck, Verdict
from okrsync.outcome.decision_rule import ALPHA, FALSE_DISCOVERIES, LEAST_AFTER, LEAST_BEFORE
from okrsync.reports.checks import CheckedKeyResult
from okrsync.reports.words import formatting, verdict_text

_SHORT_STEPS = 5.0
_KINDS = {
    CheckKind.UNIT: "a declared unit, judged as a whole on the day of its last delivery",
    CheckKind.WAVE: "one wave: what was delivered within a few days of its first delivery cannot be told apart",
    CheckKind.SET: "a set: of many deliveries, those one of which the metric answers to",
}
_SCALES = {
    "raw": "",
    "logit": "The metric comes near a bound, so it was tested on the logit scale and told in its own unit",
    "root": "The counts are small, so they were tested on the root scale and told in their own unit",
}


def story(entry: CheckedKeyResult, check: OutcomeCheck) -> Iterator[tuple[str, str]]:
    """Headed sentences, in the order in which the verdict came about."""
    yield "Delivered", "; ".join(_member(entry, key) for key in check.members)
    yield "Judged as", f"{_KINDS[check.kind]}; on {formatting.day(check.evaluation)}{_on_record(check)}"
    yield "Series", _series(entry)
    if check.observed_change is not None:
        change = verdict_text.with_sign(check.observed_change)
        yield "Seen", f"the mean after less the mean before is {change} {verdict_text.unit_of_change(entry.unit)}"
    if check.estimate is not None:
        yield "Estimate", _estimate(entry, check)
        yield "Model", _models(entry.outcome)
    yield "Verdict", f"{verdict_text.verdict(check)}: {_reason(entry, check)}"
    if check.expected is not None:
        yield "Expected", _expected(entry, check)
    for warning in check.warnings:
        yield "Beware", warning
    if check.verdict is Verdict.INCONCLUSIVE and not check.is_in_stream:
        yield "To settle it", _outlook(entry, check)


def _member(entry: CheckedKeyResult, key: str) -> str:
    member = entry.members.get(key)
    if member is None:
        return key
    more = f" with {', '.join(member.pull_requests)}" if member.pull_requests else ""
    return f"{key}{more} on {formatting.day(member.day)}, {formatting.harmless(member.title)}"


def _on_record(check: OutcomeCheck) -> str:
    if check.recorded is not None:
        return f", on record since {formatting.day(check.recorded)}: nothing changes it any more"
    return "; until then it may change" if check.is_provisional else ""


def _series(entry: CheckedKeyResult) -> str:
    outcome = entry.outcome
    if entry.first is None or entry.last is None:
        return f"{outcome.points:,} observations of {entry.metric or 'no metric'}"
    said = (
        f"{outcome.points:,} observations of {entry.metric}, {formatting.day(entry.first)} to "
        f"{formatting.day(entry.last)}, one about every {_days(outcome.step_days)}; "
        f"clipped as outliers: {outcome.clipped:,}, masked: "
        f"{outcome.masked:,}, before the last change of definition: {outcome.cut:,}"
    )
    return ". ".join(filter(None, (said, _SCALES.get(outcome.scale, ""))))


def _days(count: float) -> str:
    return "day" if count == 1 else f"{formatting.number(count)} days"


def _estimate(entry: CheckedKeyResult, check: OutcomeCheck) -> str:
    told = check.estimate
    if told is None:
        return ""
    q = "" if check.q is None else f", q{verdict_text.rate(check.q)} among those judged in the same month"
    like = 10 * (told.high - told.low) or 1.0
    return (
        f"{verdict_text.effect(told, entry.unit)} on average since the delivery, from {check.points_before:,} points "
        f"before and {check.points_after:,} after; p{verdict_text.rate(told.p)}{q}; standard error "
        f"{formatting.number(told.standard_error, like=like)}; an effect of {formatting.number(told.mde, like=like)} "
        "or more would have been claimed with 80 %"
    )


def _models(outcome: KeyResultOutcome) -> str:
    if not outcome.models:
        return "no fit"

    def weight(models: list[ModelWeight]) -> str:
        return formatting.percent(sum(model.weight for model in models))

    white = [model for model in outcome.models if not model.share]
    short = [model for model in outcome.models if model.share and model.tau <= _SHORT_STEPS]
    long = [model for model in outcome.models if model.share and model.tau > _SHORT_STEPS]
    still = [model for model in outcome.models if not model.trend]
    return (
        f"noise without memory {weight(white)}, forgotten within {_SHORT_STEPS:.0f} steps {weight(short)}, longer "
        f"{weight(long)}; no trend {weight(still)} (of the models with at least 1 % each)"
    )


def _reason(entry: CheckedKeyResult, check: OutcomeCheck) -> str:
    settings = entry.settings
    matters = abs(check.expected) if check.expected else settings.min_effect
    smallest = "" if matters is None else formatting.with_unit(matters, verdict_text.unit_of_change(entry.unit))
    reasons = {
        Verdict.INCONCLUSIVE: "the interval holds zero and more than what would not matter"
        if matters
        else "the interval holds zero; without an expectation or min_effect nothing can be called too small",
        Verdict.NO_MEANINGFUL_MOVEMENT: f"the whole interval is smaller than {smallest} either way",
        Verdict.HELD: "the metric stayed inside of its band",
        Verdict.OBSERVED_CHANGE_ONLY: f"with fewer than {LEAST_BEFORE} points before there is no model of its drift",
        Verdict.TOO_EARLY: f"it takes its evaluation date and {LEAST_AFTER} points",
    }
    if check.verdict.is_claim:
        if check.probability is not None:
            return (
                f"with {verdict_text.sure(check.probability)} one of these dates moved the metric, among all choices "
                f"of up to six of the days of {_candidates(entry):,} deliveries"
            )
        return (
            f"p is under {verdict_text.rate(ALPHA).lstrip('=')}, and q is at most "
            f"{verdict_text.rate(FALSE_DISCOVERIES).lstrip('=')}"
        )
    if check.is_in_stream and check.verdict is Verdict.INCONCLUSIVE:
        return "one of so many deliveries that only sets are claimed, and it is in none"
    if settings.level == "output" and check.verdict is Verdict.INCONCLUSIVE:
        return "the key result counts output, and output never gets a claim"
    return reasons.get(check.verdict) or check.reason


def _candidates(entry: CheckedKeyResult) -> int:
    """Deliveries that were weighed against one another."""
    return sum(len(check.members) for check in entry.outcome.checks)


def _expected(entry: CheckedKeyResult, check: OutcomeCheck) -> str:
    expected = check.expected or 0.0
    amount = f"{verdict_text.with_sign(expected)} {verdict_text.unit_of_change(entry.unit)}".strip()
    return f"{amount}; {check.hypothesis.value.replace('_', ' ')}"


def _outlook(entry: CheckedKeyResult, check: OutcomeCheck) -> str:
    told = check.estimate
    if told is None:
        return check.reason or "more points"
    like = 10 * (told.high - told.low) or 1.0
    seen = formatting.number(told.mde, like=like)
    unit = verdict_text.unit_of_change(entry.unit)
    if check.further_points is not None:
        return (
            f"an effect of {seen} {unit} would have been seen; at its present size about "
            f"{check.further_points:,} further points would settle it"
        )
    return (
        f"an effect of {seen} {unit} would have been seen; a smaller one drowns in the metric's own drift, so waiting "
        "does not help: measure closer to the work, add a control metric, or deliver more at once"
    )
