"""History, iterations, tombstones, old keys, and what a connector remembers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them; what is stored stays, and the next sync reads the rest."""
    op.add_column("source_state", sa.Column("memory", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("stream_state", sa.Column("is_whole", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("stream_state", sa.Column("census_ms", sa.BigInteger))
    op.add_column("stream_state", sa.Column("released_ms", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("sync_run", sa.Column("resume_ms", sa.BigInteger))
    for column in (
        sa.Column("status_id", sa.Text, nullable=False, server_default=""),
        sa.Column("first_done_ms", sa.BigInteger),
        sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
        sa.Column("raw_digest", sa.LargeBinary(16)),
        sa.Column("events_digest", sa.LargeBinary(16)),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("missing_since_ms", sa.BigInteger),
        sa.Column("gone_ms", sa.BigInteger),
        sa.Column("gone_reason", sa.Text, nullable=False, server_default=""),
    ):
        op.add_column("item", column)
    op.create_table(
        "iteration_stream",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(255), nullable=False),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "stream", name="pk_iteration_stream"),
    )
    op.create_table(
        "iteration",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("start_ms", sa.BigInteger),
        sa.Column("end_ms", sa.BigInteger),
        sa.Column("completed_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_iteration"),
    )
    op.create_table(
        "item_event",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("at_most_ms", sa.BigInteger),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("from_id", sa.Text, nullable=False),
        sa.Column("from_text", sa.Text, nullable=False),
        sa.Column("to_id", sa.Text, nullable=False),
        sa.Column("to_text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", "key", name="pk_item_event"),
    )
    op.create_table(
        "item_alias",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_item_alias"),
    )
    op.create_table(
        "history_due",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=False),
        sa.Column("is_late", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_history_due"),
    )
