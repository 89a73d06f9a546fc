"""Items may be dealt into parts of which a reader reads some, or be anchors; designs are kept as templates."""

import sqlalchemy as sa
from alembic import op

revision = "20261201_parts"
down_revision = "20261130_contacts"
branch_labels = None
depends_on = None

BEFORE = "kind IN ('main', 'practice', 'repeat', 'catch')"
AFTER = "kind IN ('main', 'practice', 'repeat', 'catch', 'anchor')"


def upgrade() -> None:
    op.add_column("items", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    triggers = _taken_away()
    _kinds(AFTER)
    _put_back(triggers)
    op.create_table(
        "templates",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("protocol", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_templates_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_templates_owner_id_name")),
    )


def downgrade() -> None:
    """Anchors become main items that are analysed: what was frozen keeps its images."""
    op.drop_table("templates")
    triggers = _taken_away()
    op.execute("UPDATE items SET kind = 'main' WHERE kind = 'anchor'")
    _kinds(BEFORE)
    if op.get_bind().dialect.name == "sqlite":
        _feedback_by_itself()
    _put_back(triggers)
    op.drop_column("items", "part")


def _kinds(condition: str) -> None:
    with op.batch_alter_table("items") as items:
        items.drop_constraint(op.f("ck_items_kind"), type_="check")
        items.create_check_constraint(op.f("ck_items_kind"), condition)


def _feedback_by_itself() -> None:
    """Let the column hold its own constraint again, as the migrations before this one know it on SQLite."""
    with op.batch_alter_table("items") as items:
        items.drop_constraint(op.f("ck_items_feedback"), type_="check")
    op.execute(
        "ALTER TABLE items ADD COLUMN told VARCHAR(16) "
        "CONSTRAINT ck_items_feedback CHECK (told IS NULL OR kind = 'practice')"
    )
    op.execute("UPDATE items SET told = feedback")
    op.drop_column("items", "feedback")
    op.execute("ALTER TABLE items RENAME COLUMN told TO feedback")


def _taken_away() -> list[str]:
    """Drop the triggers that guard or look at items; on SQLite a table that is made anew must not be looked at meanwhile."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE items DISABLE TRIGGER USER")
        return []
    found = op.get_bind().execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    looking = [(name, sql) for name, sql in found if "items" in sql]
    for name, _ in looking:
        op.execute(f"DROP TRIGGER {name}")
    return [sql for _, sql in looking]


def _put_back(triggers: list[str]) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE items ENABLE TRIGGER USER")
    for sql in triggers:
        op.execute(sql)
