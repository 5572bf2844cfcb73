"""Sentences and words that pages share."""
