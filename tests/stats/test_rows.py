"""Spreadsheets as people have them, and refusals that name the row."""

import gc

import pytest

from app.errors import InvalidError
from app.report import rows, spreadsheet
from app.report.rows import Rating

HEADER = "reader,model,image,truth,answer,likert,seconds,kind,repeat,position"


def refusal(text):
    with pytest.raises(InvalidError) as caught:
        rows.parse(text)
    return caught.value.sentence


def test_it_works():
    text = f"{HEADER}\nR1,ADA,007,synthetic,real,4,2.5,main,1,12\nR1,,008,real,synthetic,,,,,\n"
    assert rows.parse(text) == [
        Rating("R1", "ADA", "007", "synthetic", "real", 4, 2.5, "main", 12, 1, row=2),
        Rating("R1", "", "008", "real", "synthetic", row=3),
    ]


def test_the_shortest_file_has_four_columns_in_any_order():
    assert rows.parse("answer,truth,image,reader\nreal,synthetic,1,R1\n") == [
        Rating("R1", "", "1", "synthetic", "real", row=2)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "reader;image;truth;answer;likert;seconds\r\nR1;1;REAL;Synthetic;2;1,5\r\n",
        "\ufeffreader,image,truth,answer,likert,seconds\r\nR1,1,real,synthetic,2.0,1.5\r\n",
        "Reader\tImage\tTruth\tAnswer\tLikert\tSeconds\nR1\t1\treal\tsynthetic\t2\t1.5",
        ' reader , image,truth,answer,likert,seconds,remark\n\n R1 ,"1", Real,synthetic ,2,1.5,"no, never"\n,,,,,,\n',
    ],
)
def test_what_spreadsheets_make_of_it_is_read(text, tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_bytes(text.encode())
    (rating,) = rows.read(path)
    assert rating == Rating("R1", "", "1", "real", "synthetic", 2, 1.5, row=rating.row)


def test_white_space_inside_a_cell_is_one_space():
    assert rows.parse('reader,image,truth,answer\n"R\n 1",a  b,real,real\n')[0].reader == "R 1"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("R1,,1,fake,real,3,1,,,", "Row 2: “fake” in the column “truth” must be real or synthetic."),
        ("R1,,1,real,maybe,3,1,,,", "Row 2: “maybe” in the column “answer” must be real or synthetic."),
        ("R1,,1,real,,3,1,,,", "Row 2: the column “answer” is empty."),
        (",,1,real,real,3,1,,,", "Row 2: the column “reader” is empty."),
        ("R1,,,real,real,3,1,,,", "Row 2: the column “image” is empty."),
        ("R1,,1", "Row 2: the column “truth” is empty."),
        (
            "R1,,1,real,real,6,1,,,",
            "Row 2: “6” in the column “likert” must be a whole number from 1 to 5 (a scale of more points: --points).",
        ),
        (
            "R1,,1,real,real,0,1,,,",
            "Row 2: “0” in the column “likert” must be a whole number from 1 to 5 (a scale of more points: --points).",
        ),
        (
            "R1,,1,real,real,3.5,1,,,",
            "Row 2: “3.5” in the column “likert” must be a whole number from 1 to 5 (a scale of more points: --points).",
        ),
        (
            "R1,,1,real,real,four,1,,,",
            "Row 2: “four” in the column “likert” must be a whole number from 1 to 5 (a scale of more points: --points).",
        ),
        ("R1,,1,real,real,3,-1,,,", "Row 2: “-1” in the column “seconds” must be a number, not below 0."),
        ("R1,,1,real,real,3,nan,,,", "Row 2: “nan” in the column “seconds” must be a number, not below 0."),
        (
            "R1,,1,real,real,3,1,test,,",
            "Row 2: “test” in the column “kind” must be main or practice or catch or repeat or anchor.",
        ),
        ("R1,,1,real,real,3,1,,,,extra", "Row 2: more cells than the first row has columns."),
    ],
)
def test_a_bad_row_is_named(row, said):
    assert refusal(f"{HEADER}\n{row}\n") == said


def test_the_row_counts_as_the_spreadsheet_does():
    text = f'{HEADER}\n\nR1,,"a\nb",real,real,3,1,,,\n,,,,,,,,,\nR1,,2,reel,real,3,1,,,\n'
    assert refusal(text).startswith("Row 5: “reel”")


def test_rows_are_numbered_through_many_and_a_bad_one_late_is_named():
    good = f"{HEADER}\n" + "".join(f"R1,,{n},real,real,3,1,,,\n" for n in range(2 * rows.AT_ONCE))
    assert [rating.row for rating in rows.parse(good)] == list(range(2, 2 * rows.AT_ONCE + 2))
    late = 2 * rows.AT_ONCE + 3
    assert refusal(f"{good}\nR1,,z,reel,real,3,1,,,\n").startswith(f"Row {late}: “reel”")


def test_the_collector_is_left_as_it_was():
    text = f"{HEADER}\nR1,,1,real,real,3,1,,,\n"
    try:
        for change in (gc.disable, gc.enable):
            change()
            rows.parse(text)
            refusal(f"{text}R1,,1,reel,real,3,1,,,\n")
            assert gc.isenabled() == (change is gc.enable)
    finally:
        gc.enable()


def test_cells_beyond_the_columns_may_be_empty():
    assert len(rows.parse("reader,image,truth,answer\nR1,1,real,real,,\n")) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This file is empty"),
        (" , ,\nR1,1,real,real\n", "This file is empty"),
        ("reader,image,truth\nR1,1,real\n", "Row 1: the column “answer” is missing"),
        ("reader,image,truth,answer,image\nR1,1,real,real,1\n", "Row 1: the column “image” stands twice."),
        ("reader,image,truth,answer\n", "There is no rating in this file."),
        ("reader,image,truth,answer\n,,,\n\n", "There is no rating in this file."),
        ("reader,image,truth,answer\n" + "x" * 200_000, "This is no CSV file"),
    ],
)
def test_a_file_without_ratings_is_refused(text, said):
    assert refusal(text).startswith(said)


def test_another_scale_can_be_named():
    text = "reader,image,truth,answer,likert\nR1,1,real,real,7\n"
    assert rows.parse(text, points=7)[0].likert == 7
    with pytest.raises(InvalidError, match="from 1 to 6"):
        rows.parse(text, points=6)


def test_a_file_that_is_no_text_or_is_not_there_is_refused(tmp_path):
    latin = tmp_path / "latin.csv"
    latin.write_bytes("reader,image,truth,answer\nMüller,1,real,real\n".encode("latin-1"))
    with pytest.raises(InvalidError, match="not a text file in UTF-8"):
        rows.read(latin)
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InvalidError, match="cannot be read"):
            rows.read(missing)


def test_a_file_of_half_a_gigabyte_is_refused_unread(tmp_path):
    sparse = tmp_path / "huge.csv"
    with sparse.open("wb") as file:
        file.truncate(spreadsheet.MOST_BYTES + 1)
    with pytest.raises(InvalidError, match=r"huge.csv is larger than 512 MB"):
        rows.read(sparse)
