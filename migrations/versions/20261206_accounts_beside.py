"""A reader's browser notes which account was signed in in it."""

import sqlalchemy as sa
from alembic import op

revision = "20261206_accounts_beside"
down_revision = "20261205_open_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reader_logins", sa.Column("account", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("reader_logins", "account")
