"""The tables. Instants are integers in UTC milliseconds, days are ISO dates, lists are JSON."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

source_state = Table(
    "source_state",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("connector", String(64), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("memory", JSON, nullable=False, server_default="{}"),
)

stream_state = Table(
    "stream_state",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("partition", String(255), primary_key=True),
    Column("raw_fingerprint", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("high_water_ms", BigInteger),
    Column("in_scope", Boolean, nullable=False),
    Column("is_whole", Boolean, nullable=False, server_default=false()),
    Column("census_ms", BigInteger),
    Column("released_ms", JSON, nullable=False, server_default="[]"),
)

iteration_stream = Table(
    "iteration_stream",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("stream", String(255), primary_key=True),
    Column("cursor", Text, nullable=False),
)

iteration = Table(
    "iteration",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", String(255), primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("completed_ms", BigInteger),
)

item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("partition", String(255), nullable=False),
    Column("key", String(255), nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("original_status", Text, nullable=False),
    Column("resolution", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("delivered_ms", BigInteger),
    Column("size", Float),
    Column("size_unit", Text),
    Column("project", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("components", JSON, nullable=False),
    Column("iterations", JSON, nullable=False),
    Column("closes", JSON, nullable=False),
    Column("directives", JSON, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("status_id", Text, nullable=False, server_default=""),
    Column("first_done_ms", BigInteger),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("raw_digest", LargeBinary(16)),
    Column("events_digest", LargeBinary(16)),
    Column("recorded_ms", BigInteger, nullable=False, server_default="0"),
    Column("missing_since_ms", BigInteger),
    Column("gone_ms", BigInteger),
    Column("gone_reason", Text, nullable=False, server_default=""),
    UniqueConstraint("source", "external_id"),
    Index(None, "source", "updated_ms"),
    Index(None, "source", "status", "delivered_ms"),
)

item_raw = Table(
    "item_raw",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

item_event = Table(
    "item_event",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("field", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("at_most_ms", BigInteger),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("from_id", Text, nullable=False),
    Column("from_text", Text, nullable=False),
    Column("to_id", Text, nullable=False),
    Column("to_text", Text, nullable=False),
)

item_alias = Table(
    "item_alias",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("external_id", String(64), nullable=False),
)

history_due = Table(
    "history_due",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    Column("is_late", Boolean, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("key_result", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("rule", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("share", Float, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("valid_from_ms", BigInteger, nullable=False),
    Column("valid_to_ms", BigInteger),
    Index(None, "source", "external_id"),
    Index(None, "valid_to_ms"),
)

placement = Table(
    "placement",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    Column("standing", String(16), nullable=False),
    Column("exempt_class", Text, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("implements", Text, nullable=False),
    Column("links", Text, nullable=False),
    Column("lower_key", String(255), nullable=False, index=True),
)

placing = Table(
    "placing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stamp", String(64), nullable=False),
    Column("stock", Text, nullable=False),
    Column("settled", Text, nullable=False, server_default="[]"),
)

observation = Table(
    "observation",
    metadata,
    Column("metric", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("recorded_ms", BigInteger, primary_key=True),
    Column("value", Float),
    Column("n", Float),
    Column("origin", Text, nullable=False),
)

outcome_check = Table(
    "outcome_check",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key_result", Text, nullable=False, index=True),
    Column("evaluation", String(10), nullable=False),
    Column("verdict", String(32), nullable=False),
    Column("told", Text, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
)

fit = Table(
    "fit",
    metadata,
    Column("key_result", String(255), primary_key=True),
    Column("digest", LargeBinary(16), nullable=False),
    Column("told", LargeBinary, nullable=False),
)

expectation = Table(
    "expectation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("key_result", Text, nullable=False),
    Column("change", Float, nullable=False),
    Column("due", String(10), nullable=False),
    Column("because", Text, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Index(None, "source", "external_id"),
)

metric_state = Table(
    "metric_state",
    metadata,
    Column("metric", String(255), primary_key=True),
    Column("problems", JSON, nullable=False),
)

okr_version = Table(
    "okr_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
)

sync_run = Table(
    "sync_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("requests", JSON, nullable=False),
    Column("items_seen", Integer, nullable=False),
    Column("items_new", Integer, nullable=False),
    Column("items_changed", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("resume_ms", BigInteger),
    Index(None, "source", "finished_ms"),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    Column("error", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
)
