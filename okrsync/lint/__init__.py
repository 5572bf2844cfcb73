"""Looks at OKR files for what is allowed but will not work: each rule has a code, a severity, a fix and a page."""
