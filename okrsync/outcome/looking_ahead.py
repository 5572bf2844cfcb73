"""The outlook of one key result: its forecast and its judgeability, asked for together."""

from __future__ import annotations

from okrsync.model.outlooks import Outlook
from okrsync.outcome.cases import OutlookQuestion
from okrsync.outcome.forecast import forecast
from okrsync.outcome.power import USUAL_STEPS, judgeability


def look_ahead(question: OutlookQuestion) -> Outlook:
    """Return the outlook that *question* asks for."""
    case, as_of, end = question.case, question.as_of, question.end
    return Outlook(
        forecast(case, end, as_of, least=question.least, most=question.most),
        judgeability(case, as_of, end, USUAL_STEPS.get(question.cadence)) if question.is_judged else None,
    )
