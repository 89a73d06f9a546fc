"""Distances between synthetic and real sets, by the network whose features were compared."""

import sqlalchemy as sa
from alembic import op

revision = "20261215_distances"
down_revision = "20261214_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "distances",
        sa.Column("image_set_id", sa.String(length=32), nullable=False),
        sa.Column("real_set_id", sa.String(length=32), nullable=False),
        sa.Column("extractor", sa.String(length=120), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["image_set_id"], ["image_sets.id"], name=op.f("fk_distances_image_set_id")),
        sa.ForeignKeyConstraint(["real_set_id"], ["image_sets.id"], name=op.f("fk_distances_real_set_id")),
        sa.PrimaryKeyConstraint("image_set_id", "real_set_id", "extractor", name=op.f("pk_distances")),
    )


def downgrade() -> None:
    op.drop_table("distances")
