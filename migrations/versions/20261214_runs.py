"""Training runs: what their folders told and what people typed, checkpoints' places among their snapshots, and experiments side by side."""

import sqlalchemy as sa
from alembic import op

revision = "20261214_runs"
down_revision = "20261213_erasure"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("experiments") as batch_op:
        batch_op.add_column(sa.Column("facts", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("run", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("course", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("read_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("job_id", sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_experiments_job_id"), "jobs", ["job_id"], ["id"])
    op.add_column("checkpoints", sa.Column("snapshot", sa.String(length=160), nullable=True))
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("made", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_comparisons_job_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_comparisons_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparisons")),
    )
    op.create_index(op.f("ix_comparisons_owner_id"), "comparisons", ["owner_id"])


def downgrade() -> None:
    op.drop_table("comparisons")
    op.drop_column("checkpoints", "snapshot")
    with op.batch_alter_table("experiments") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_experiments_job_id"), type_="foreignkey")
        batch_op.drop_column("job_id")
        batch_op.drop_column("read_at")
        batch_op.drop_column("course")
        batch_op.drop_column("run")
        batch_op.drop_column("facts")
