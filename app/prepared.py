"""Statements that are compiled once and then given to the database's driver: for what is asked at every image.

A session's own way to a row takes ten times as long. Here SQLAlchemy's types still translate values, both ways, what the database
refuses is still told by its errors, and the transaction is the session's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVarTuple, cast

from sqlalchemy import Connection, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Columns = TypeVarTuple("Columns")
Translate = Callable[[Any], Any] | None
Statement = Select[*tuple[Any, ...]] | Insert | Update


@dataclass(slots=True)
class _Form:
    """A statement in a dialect's words; `into` translates values by the names that the statement has for them."""

    text: str
    order: Sequence[str] | None  # of question marks; None where values go by their names
    into: Mapping[str, Translate]
    columns: Sequence[TypeEngine[Any]]
    out: Sequence[Translate] | None = None  # the first answer tells the driver's own types


class _Prepared:
    """A statement whose every value is a `bindparam` without a value of its own; may be shared by threads.

    Raises KeyError where a value is missing, and what its type raises for one that it cannot translate.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def _executed(
        self, db: Session, values: Mapping[str, object]
    ) -> tuple[_Form, Dialect, Any, Sequence[Any]]:
        """Its form, the dialect, the driver's cursor and all rows."""
        db.flush()
        connection = db.connection()
        dialect = connection.dialect
        form = self._forms.get(dialect.name) or self._compiled(dialect)
        given = {name: into(values[name]) if into else values[name] for name, into in form.into.items()}
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(form.text, given if form.order is None else [given[name] for name in form.order])
            found = cursor.fetchall() if form.columns else ()
        except dialect.loaded_dbapi.Error as error:
            raise _as_usual(error, connection, form, cursor) from error
        return form, dialect, cursor, found

    def _compiled(self, dialect: Dialect) -> _Form:
        statement = self._statement
        compiled = statement.compile(dialect=dialect)
        binds = compiled.bind_names.items()
        into = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for bind, name in binds}
        columns = (
            [column.type for column in statement.selected_columns] if isinstance(statement, Select) else []
        )
        order = compiled.positiontup if compiled.positional else None
        form = self._forms[dialect.name] = _Form(str(compiled), order, into, columns)
        return form


class Change(_Prepared):
    """An insert or update."""

    def run(self, db: Session, values: Mapping[str, object]) -> None:
        """Do it with these values."""
        self._executed(db, values)


class Selection(_Prepared, Generic[*Columns]):
    """A selection of columns."""

    def __init__(self, statement: Select[*Columns]) -> None:
        super().__init__(statement)

    def rows(self, db: Session, values: Mapping[str, object]) -> list[tuple[*Columns]]:
        """What is found with these values."""
        form, dialect, cursor, found = self._executed(db, values)
        if form.out is None:
            told = zip(form.columns, cursor.description, strict=True)
            form.out = [type_.dialect_impl(dialect).result_processor(dialect, of[1]) for type_, of in told]
        out = form.out
        rows = [tuple([to(one) if to else one for to, one in zip(out, row, strict=True)]) for row in found]
        return cast("list[tuple[*Columns]]", rows)

    def first(self, db: Session, values: Mapping[str, object]) -> tuple[*Columns] | None:
        """The first of these rows, if there is one."""
        found = self.rows(db, values)
        return found[0] if found else None


def _as_usual(error: Any, connection: Connection, form: _Form, cursor: Any) -> DBAPIError:
    """The error as SQLAlchemy tells it, without our values; a connection that is lost is not used again."""
    dialect, driver = connection.dialect, connection.connection.driver_connection
    lost = dialect.is_disconnect(error, driver, cursor)
    if lost:
        connection.invalidate(error)
    told: DBAPIError = DBAPIError.instance(
        *(form.text, None, error, dialect.loaded_dbapi.Error),
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    return told
