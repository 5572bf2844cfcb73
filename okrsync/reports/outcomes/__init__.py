"""The report of outcomes as data."""
