"""Outcome checks, which are recorded once, and expectations as they were first seen inside items."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them; what is stored stays."""
    op.create_table(
        "outcome_check",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key_result", sa.Text, nullable=False),
        sa.Column("evaluation", sa.String(10), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
        sa.Column("recorded_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outcome_check"),
    )
    op.create_index("ix_outcome_check_key_result", "outcome_check", ["key_result"])
    op.create_table(
        "expectation",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(64), nullable=False),
        sa.Column("key_result", sa.Text, nullable=False),
        sa.Column("change", sa.Float, nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_expectation"),
    )
    op.create_index("ix_expectation_source_external_id", "expectation", ["source", "external_id"])
