"""Where a job stood when its present attempt began, so that the estimate leaves out the time in which nobody worked."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_pace_of_jobs"
down_revision = "20261126_audits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("done_at_start", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column("done_at_start", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("done_at_start")
