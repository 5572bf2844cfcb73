"""Turns plain report data into terminal, Markdown and JSON output. A renderer computes nothing."""
