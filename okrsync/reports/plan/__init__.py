"""The sprint-planning report as data."""
