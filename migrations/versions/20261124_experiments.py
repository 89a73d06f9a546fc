"""Experiments that checkpoints belong to, several pictures of a checkpoint instead of one, and how far a job ever got."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_experiments"
down_revision = "20261123_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_experiments_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_experiments_owner_id_name")),
    )
    op.create_table(
        "pictures",
        sa.Column("checkpoint_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("artifact", sa.String(length=120), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('grid', 'truncation', 'interpolation', 'neighbours')", name=op.f("ck_pictures_kind")
        ),
        sa.ForeignKeyConstraint(
            ["checkpoint_id"], ["checkpoints.id"], name=op.f("fk_pictures_checkpoint_id")
        ),
        sa.PrimaryKeyConstraint("checkpoint_id", "kind", "subject", name=op.f("pk_pictures")),
    )
    op.execute(
        """INSERT INTO pictures (checkpoint_id, kind, subject, artifact, facts, created_at)
        SELECT id, 'grid', '', preview, '{}', created_at FROM checkpoints WHERE preview IS NOT NULL"""
    )
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("furthest", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("checkpoints") as batch_op:
        batch_op.add_column(sa.Column("experiment_id", sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_checkpoints_experiment_id"), "experiments", ["experiment_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_checkpoints_experiment_id"), ["experiment_id"])
        batch_op.drop_column("preview")


def downgrade() -> None:
    with op.batch_alter_table("checkpoints") as batch_op:
        batch_op.add_column(sa.Column("preview", sa.String(length=120), nullable=True))
        batch_op.drop_index(batch_op.f("ix_checkpoints_experiment_id"))
        batch_op.drop_constraint(batch_op.f("fk_checkpoints_experiment_id"), type_="foreignkey")
        batch_op.drop_column("experiment_id")
    op.execute(
        """UPDATE checkpoints SET preview = (
        SELECT artifact FROM pictures WHERE checkpoint_id = checkpoints.id AND kind = 'grid' AND subject = '')"""
    )
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_column("furthest")
    op.drop_table("pictures")
    op.drop_table("experiments")
