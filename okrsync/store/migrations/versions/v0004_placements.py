"""Where each item stands, as the last sync placed it, and what it has fitted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add it; what is stored stays, and the next sync fills it."""
    op.create_table(
        "placement",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("exempt_class", sa.Text, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("implements", sa.Text, nullable=False),
        sa.Column("links", sa.Text, nullable=False),
        sa.Column("lower_key", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_placement"),
    )
    op.create_index("ix_placement_lower_key", "placement", ["lower_key"])
    op.create_table(
        "placing",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("stock", sa.Text, nullable=False),
        sa.Column("settled", sa.Text, nullable=False, server_default="[]"),
        sa.PrimaryKeyConstraint("id", name="pk_placing"),
    )
    op.create_table(
        "fit",
        sa.Column("key_result", sa.String(255), nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("key_result", name="pk_fit"),
    )
    op.create_index("ix_item_source_status_delivered_ms", "item", ["source", "status", "delivered_ms"])
