"""Environment that Alembic executes: it runs the revisions on the connection and transaction of the caller."""

from alembic import context
from sqlalchemy import Connection

from actitud_api.platform.storage.base import Base

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
