"""What a reading has besides ratings: consent, questionnaire, display check, practice with feedback, marks, withdrawal."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_reading_flow"
down_revision = "20261127_pace_of_jobs"
branch_labels = None
depends_on = None

FIXED = (
    "CREATE TRIGGER presentations_fixed_update BEFORE UPDATE ON presentations WHEN 1 = 1 "
    "BEGIN SELECT RAISE(ABORT, 'an order is fixed when the reading starts'); END"
)
COUNTS = ("answered", "practised", "total")
COLUMNS = (
    ("consent", sa.JSON()),
    ("declined_at", sa.DateTime()),
    ("about", sa.JSON()),
    ("afterwards", sa.JSON()),
    ("display", sa.JSON()),
    ("instructed_at", sa.DateTime()),
    ("withdrawn_at", sa.DateTime()),
)


def upgrade() -> None:
    op.execute(
        "ALTER TABLE items ADD COLUMN feedback VARCHAR(16) "
        "CONSTRAINT ck_items_feedback CHECK (feedback IS NULL OR kind = 'practice')"
    )
    op.add_column("ratings", sa.Column("marks", sa.JSON(), nullable=True))
    with op.batch_alter_table("readings") as readings:
        for name in COUNTS:
            readings.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        for name, kind in COLUMNS:
            readings.add_column(sa.Column(name, kind, nullable=True))
    op.execute(
        "UPDATE readings SET answered = "
        "(SELECT count(DISTINCT item_id) FROM ratings WHERE ratings.reading_id = readings.id)"
    )
    op.execute(
        "UPDATE readings SET total = "
        "(SELECT count(*) FROM presentations WHERE presentations.reading_id = readings.id)"
    )
    op.execute("UPDATE readings SET instructed_at = started_at")
    with op.batch_alter_table("readings") as readings:
        for name in COUNTS:
            readings.alter_column(name, server_default=None)
    with op.batch_alter_table("presentations") as presentations:
        presentations.drop_constraint("uq_presentations_reading_id_item_id", type_="unique")
    _fix_the_order()


def downgrade() -> None:
    """Practice that was presented twice keeps its last presentation."""
    op.execute(
        "DELETE FROM presentations WHERE position < (SELECT max(position) FROM presentations AS others "
        "WHERE others.reading_id = presentations.reading_id AND others.item_id = presentations.item_id)"
    )
    with op.batch_alter_table("presentations") as presentations:
        presentations.create_unique_constraint(
            "uq_presentations_reading_id_item_id", ["reading_id", "item_id"]
        )
    _fix_the_order()
    with op.batch_alter_table("readings") as readings:
        for name, _ in reversed(COLUMNS):
            readings.drop_column(name)
        for name in reversed(COUNTS):
            readings.drop_column(name)
    op.drop_column("ratings", "marks")
    op.drop_column("items", "feedback")


def _fix_the_order() -> None:
    """SQLite made the table anew, and with it the trigger is gone."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FIXED)
