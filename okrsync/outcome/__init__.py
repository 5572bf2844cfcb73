"""What a key result's metric did after the delivery of work, and what may be said about it. Pure, numpy only."""

from okrsync.outcome.attribution import attribute, attribute_all
from okrsync.outcome.cases import Case, Delivery, MetricSeries, Settings

__all__ = ["Case", "Delivery", "MetricSeries", "Settings", "attribute", "attribute_all"]
