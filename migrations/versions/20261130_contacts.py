"""Names and addresses of readers, apart from their readings, and fingerprints of the addresses."""

import sqlalchemy as sa
from alembic import op

revision = "20261130_contacts"
down_revision = "20261129_blocks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("reading_id", sa.String(32), nullable=False, autoincrement=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], "fk_contacts_reading_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reading_id", name="pk_contacts"),
    )
    op.create_table(
        "persons",
        sa.Column("reading_id", sa.String(32), nullable=False, autoincrement=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], "fk_persons_reading_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reading_id", name="pk_persons"),
    )
    op.create_index("ix_persons_fingerprint", "persons", ["fingerprint"])


def downgrade() -> None:
    op.drop_table("persons")
    op.drop_table("contacts")
