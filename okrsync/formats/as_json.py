"""Reports as JSON: versioned, sorted, the same bytes for the same report."""

from __future__ import annotations

from typing import Any

from okrsync.model.plain import canonical, digest, to_plain

SCHEMA_VERSION = 1


def report_document(kind: str, report: Any, **more: Any) -> dict[str, Any]:
    """*report* as a versioned document with a digest of its data."""
    data = {**to_plain(report), **{name: to_plain(entry) for name, entry in more.items()}}
    return {
        "$schema": f"okrsync/{kind}/{SCHEMA_VERSION}",
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "data_digest": digest(canonical(data)).hex(),
        **data,
    }
