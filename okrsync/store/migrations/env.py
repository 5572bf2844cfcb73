"""Runs migrations on the connection that the store hands over; the command line of Alembic is not used."""

from alembic import context

from okrsync.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    transaction_per_migration=False,
)
context.run_migrations()
