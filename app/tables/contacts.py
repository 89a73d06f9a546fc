"""Which person a reader's code stands for: kept apart from readings and ratings, so that it can be deleted without touching them."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Table


class Contact(Table):
    """The name and address behind a reading; deleted when its researcher no longer needs it."""

    __tablename__ = "contacts"

    reading_id: Mapped[str] = mapped_column(
        ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(16))


class Person(Table):
    """The fingerprint of the address that a reading was invited by: it recognises a person again and tells nobody who that is."""

    __tablename__ = "persons"

    reading_id: Mapped[str] = mapped_column(
        ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
