"""The first tables, and the triggers that keep frozen things frozen."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_first_tables"
down_revision = None
branch_labels = None
depends_on = None


FROZEN_COLUMNS = (
    "title",
    "public_title",
    "real_set_id",
    "n_real",
    "protocol",
    "order_secret",
    "manifest_sha256",
    "frozen_at",
)
REFUSE_CHANGE = {
    "items_frozen_insert": """BEFORE INSERT ON items
        WHEN (SELECT frozen_at FROM vtt_sessions WHERE id = NEW.session_id) IS NOT NULL""",
    "items_frozen_update": """BEFORE UPDATE ON items
        WHEN (SELECT frozen_at FROM vtt_sessions WHERE id = OLD.session_id) IS NOT NULL""",
    "items_frozen_delete": """BEFORE DELETE ON items
        WHEN (SELECT frozen_at FROM vtt_sessions WHERE id = OLD.session_id) IS NOT NULL""",
    "arms_frozen_insert": """BEFORE INSERT ON arms
        WHEN (SELECT frozen_at FROM vtt_sessions WHERE id = NEW.session_id) IS NOT NULL""",
    "arms_frozen_update": """BEFORE UPDATE ON arms
        WHEN (SELECT frozen_at FROM vtt_sessions WHERE id = OLD.session_id) IS NOT NULL""",
    "arms_frozen_delete": """BEFORE DELETE ON arms
        WHEN (SELECT frozen_at FROM vtt_sessions WHERE id = OLD.session_id) IS NOT NULL""",
    "vtt_sessions_frozen_update": f"""BEFORE UPDATE OF {", ".join(FROZEN_COLUMNS)} ON vtt_sessions
        WHEN OLD.frozen_at IS NOT NULL""",
    "vtt_sessions_frozen_delete": "BEFORE DELETE ON vtt_sessions WHEN OLD.frozen_at IS NOT NULL",
    "audit_events_append_update": "BEFORE UPDATE ON audit_events",
    "audit_events_append_delete": "BEFORE DELETE ON audit_events",
}


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_events")),
    )
    op.create_table(
        "images",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("role IN ('admin', 'researcher')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_status")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_jobs_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_jobs_status_created_at", ["status", "created_at"], unique=False)

    op.create_table(
        "logins",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_logins_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_logins")),
    )
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_logins_user_id"), ["user_id"], unique=False)

    op.create_table(
        "readers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_readers_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readers")),
        sa.UniqueConstraint("owner_id", "code", name=op.f("uq_readers_owner_id_code")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("artifact", sa.String(length=120), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("preview", sa.String(length=120), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_checkpoints_job_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_checkpoints_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )
    with op.batch_alter_table("checkpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkpoints_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "image_sets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("pipeline", sa.JSON(), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('real', 'synthetic')", name=op.f("ck_image_sets_kind")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_image_sets_job_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_image_sets_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_sets")),
    )
    with op.batch_alter_table("image_sets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_sets_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "origins",
        sa.Column("image_id", sa.String(length=32), nullable=False),
        sa.Column("image_set_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=4), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("frame", sa.Integer(), nullable=True),
        sa.Column("patient_group", sa.Integer(), nullable=True),
        sa.Column("checkpoint_id", sa.String(length=32), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('real', 'synthetic')", name=op.f("ck_origins_kind")),
        sa.ForeignKeyConstraint(["checkpoint_id"], ["checkpoints.id"], name=op.f("fk_origins_checkpoint_id")),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_origins_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["image_set_id"], ["image_sets.id"], name=op.f("fk_origins_image_set_id")),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_origins")),
    )
    with op.batch_alter_table("origins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_origins_image_set_id"), ["image_set_id"], unique=False)
        batch_op.create_index("uq_origins_imported", ["image_set_id", "place", "frame"], unique=True)
        batch_op.create_index("uq_origins_sampled", ["image_set_id", "seed"], unique=True)

    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_set_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_set_id"], ["image_sets.id"], name=op.f("fk_refusals_image_set_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
        sa.UniqueConstraint(
            "image_set_id", "place", "frame", name=op.f("uq_refusals_image_set_id_place_frame")
        ),
    )
    op.create_table(
        "vtt_sessions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("public_title", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("real_set_id", sa.String(length=32), nullable=False),
        sa.Column("n_real", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.JSON(), nullable=False),
        sa.Column("order_secret", sa.String(length=64), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("report_job_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(), nullable=True),
        sa.Column("opened_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'frozen', 'open', 'closed')", name=op.f("ck_vtt_sessions_state")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_vtt_sessions_job_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_vtt_sessions_owner_id")),
        sa.ForeignKeyConstraint(["real_set_id"], ["image_sets.id"], name=op.f("fk_vtt_sessions_real_set_id")),
        sa.ForeignKeyConstraint(["report_job_id"], ["jobs.id"], name=op.f("fk_vtt_sessions_report_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vtt_sessions")),
    )
    with op.batch_alter_table("vtt_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vtt_sessions_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "arms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("image_set_id", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("n_synthetic", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["image_set_id"], ["image_sets.id"], name=op.f("fk_arms_image_set_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["vtt_sessions.id"], name=op.f("fk_arms_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arms")),
        sa.UniqueConstraint("session_id", "image_set_id", name=op.f("uq_arms_session_id_image_set_id")),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("image_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("stimulus_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('main', 'practice', 'repeat', 'catch')", name=op.f("ck_items_kind")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_items_image_id")),
        sa.ForeignKeyConstraint(["session_id"], ["vtt_sessions.id"], name=op.f("fk_items_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_items_session_id_number")),
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("reader_id", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("link_hash", sa.String(length=64), nullable=False),
        sa.Column("link_expires_at", sa.DateTime(), nullable=False),
        sa.Column("link_revoked_at", sa.DateTime(), nullable=True),
        sa.Column("invited_at", sa.DateTime(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("told", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_readings_reader_id")),
        sa.ForeignKeyConstraint(["session_id"], ["vtt_sessions.id"], name=op.f("fk_readings_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_readings_link_hash")),
        sa.UniqueConstraint("session_id", "reader_id", name=op.f("uq_readings_session_id_reader_id")),
        sa.UniqueConstraint("session_id", "slot", name=op.f("uq_readings_session_id_slot")),
    )
    op.create_table(
        "presentations",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("reading_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_presentations_item_id")),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name=op.f("fk_presentations_reading_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_presentations")),
        sa.UniqueConstraint("reading_id", "item_id", name=op.f("uq_presentations_reading_id_item_id")),
        sa.UniqueConstraint("reading_id", "position", name=op.f("uq_presentations_reading_id_position")),
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("likert", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("shown_ms", sa.Double(), nullable=False),
        sa.Column("first_action_ms", sa.Double(), nullable=True),
        sa.Column("viewport", sa.JSON(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("answer IN ('real', 'synthetic')", name=op.f("ck_ratings_answer")),
        sa.CheckConstraint("likert >= 1", name=op.f("ck_ratings_likert")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_ratings_item_id")),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], name=op.f("fk_ratings_reading_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint(
            "reading_id", "item_id", "revision", name=op.f("uq_ratings_reading_id_item_id_revision")
        ),
        sa.UniqueConstraint("reading_id", "key", name=op.f("uq_ratings_reading_id_key")),
    )
    op.create_table(
        "reader_logins",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("reading_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name=op.f("fk_reader_logins_reading_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_reader_logins")),
    )
    with op.batch_alter_table("reader_logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reader_logins_reading_id"), ["reading_id"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        for name, when in REFUSE_CHANGE.items():
            sentence = (
                "the audit trail is only added to"
                if name.startswith("audit")
                else "a frozen session cannot be changed"
            )
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in REFUSE_CHANGE:
            op.execute(f"DROP TRIGGER {name}")
    with op.batch_alter_table("reader_logins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reader_logins_reading_id"))

    op.drop_table("reader_logins")
    op.drop_table("ratings")
    op.drop_table("presentations")
    op.drop_table("readings")
    op.drop_table("items")
    op.drop_table("arms")
    with op.batch_alter_table("vtt_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vtt_sessions_owner_id"))

    op.drop_table("vtt_sessions")
    op.drop_table("refusals")
    with op.batch_alter_table("origins", schema=None) as batch_op:
        batch_op.drop_index("uq_origins_sampled")
        batch_op.drop_index("uq_origins_imported")
        batch_op.drop_index(batch_op.f("ix_origins_image_set_id"))

    op.drop_table("origins")
    with op.batch_alter_table("image_sets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_sets_owner_id"))

    op.drop_table("image_sets")
    with op.batch_alter_table("checkpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkpoints_owner_id"))

    op.drop_table("checkpoints")
    op.drop_table("readers")
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_logins_user_id"))

    op.drop_table("logins")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_status_created_at")
        batch_op.drop_index(batch_op.f("ix_jobs_owner_id"))

    op.drop_table("jobs")
    op.drop_table("users")
    op.drop_table("images")
    op.drop_table("audit_events")
