"""Second factors, links to choose a password by, logins that end when nobody uses them, and sessions shared with colleagues."""

import sqlalchemy as sa
from alembic import op

revision = "20261211_accounts"
down_revision = "20261210_phases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("second_factor_salt", sa.String(32), nullable=True))
    op.add_column("users", sa.Column("second_factor_at", sa.DateTime(), nullable=True))
    op.add_column("users", sa.Column("second_factor_step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("logins", sa.Column("used_at", sa.DateTime(), nullable=True))
    op.create_table(
        "password_links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], "fk_password_links_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_password_links"),
        sa.UniqueConstraint("user_id", name="uq_password_links_user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], "fk_recovery_codes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "session_shares",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("shared_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["vtt_sessions.id"], "fk_session_shares_session_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], "fk_session_shares_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "user_id", name="pk_session_shares"),
    )
    op.create_index("ix_session_shares_user_id", "session_shares", ["user_id"])


def downgrade() -> None:
    op.drop_table("session_shares")
    op.drop_table("recovery_codes")
    op.drop_table("password_links")
    op.drop_column("logins", "used_at")
    op.drop_column("users", "second_factor_step")
    op.drop_column("users", "second_factor_at")
    op.drop_column("users", "second_factor_salt")
