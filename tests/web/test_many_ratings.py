"""Many ratings: tables of all answers are written as they are read, and one reader's figures need that reader's rows alone."""

import tracemalloc

import pytest
from sqlalchemy import event

from app.artifacts import Artifacts
from app.db import Database
from app.services import analysis, reports
from tests.many import SESSION, fill

IMAGES = 100


@pytest.fixture
def filled(tmp_path):
    made = []

    def fill_one(readers):
        database = Database(f"sqlite:///{tmp_path / f'{readers}.db'}")
        made.append(database)
        fill(database, readers, IMAGES)
        return database

    yield fill_one
    for database in made:
        database.close()


def exported(database, name, tmp_path):
    """Bytes that were written and the most that memory grew by meanwhile."""
    artifacts, written = Artifacts(str(tmp_path)), 0
    with database.read() as db:
        tracemalloc.start()
        for piece in reports.export(db, artifacts, SESSION, name):
            written += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return written, peak


@pytest.mark.parametrize("name", ["ratings.csv", "views.csv"])
def test_an_export_of_four_times_the_ratings_takes_hardly_more_memory(filled, tmp_path, name):
    few, many = (filled(readers) for readers in (30, 120))
    exported(few, name, tmp_path)  # what is loaded once
    (size, peak), (size_of_many, peak_of_many) = (exported(each, name, tmp_path) for each in (few, many))
    assert size_of_many > 3.9 * size
    assert peak_of_many < 1.6 * peak


def test_one_reader_s_figures_ask_for_that_reader_s_rows_alone(filled):
    """As many statements, each by an index, however many readers there are."""
    database, asked = filled(30), []
    with database.read() as db:
        event.listen(
            database.engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, parameters, _context, _many: asked.append(
                (statement, parameters)
            ),
        )
        assert analysis.of_reader(db, SESSION, "R00007").count("R00007,GAN,") == 1
    assert len(asked) <= 8
    of_answers = [each for each in asked if "FROM ratings" in each[0] or "FROM presentations" in each[0]]
    assert len(of_answers) == 2
    with database.engine.connect() as connection:
        for statement, parameters in of_answers:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert any("(reading_id=?)" in row[3] for row in plan)
