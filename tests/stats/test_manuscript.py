"""The methods writer: sentences that hold in each case, and checklists that say "author" wherever the study says nothing."""

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest

from app.protocol.design import Protocol
from app.protocol.practice import Practice
from app.protocol.questions import Question
from app.report import build, checklists, html, manuscript, rows
from app.report.checklist_items import ITEMS
from app.report.measured import Extractor, Measured
from app.report.rows import Rating
from app.report.study import Sampled, Study, Turnout
from tests.cli.test_report_pairs import table
from tests.stats.reported import study

SESSION = Study(
    protocol=Protocol(),
    n_real=4,
    arms=(Sampled("A", 4, "truncation ψ = 0.7, noise: const, seeds from 0-99"),),
    size="256 × 256 pixels, greyscale",
    preparation="window: brain; size: 256 px, Lanczos",
    turnout=Turnout(4, 3, 3, 0, 0),
    frozen="2026-03-01",
    opened="2026-03-02",
    closed="2026-03-09",
)


def written(ratings, about=None, **options):
    made = build.build(ratings, title="A <study>", provenance={}, study=about, **options)
    return made, " ".join(manuscript.markdown(made).replace("\\", "").split())


def under(**changes):
    """The text of a session whose protocol differs from the usual one in this."""
    return written(study(), replace(SESSION, protocol=Protocol(**changes)))[1]


def test_a_session_is_told_as_it_was_designed_and_held():
    _, text = written(study(), SESSION)
    for sentence in (
        "4 real images and 4 synthetic images of A were drawn at random from their sets; all were 256 × 256 pixels, greyscale",
        "Images of A were sampled with truncation ψ = 0.7, noise: const, seeds from 0-99.",
        "were fixed on 2026-03-01",
        "readers said whether it was real or synthetic and rated how real it looked from 1 (“certainly synthetic”) to 5 (“certainly real”).",
        "Readers were told that the images could be mixed in any proportion.",
        "Readers could enlarge images and change brightness and contrast. Looking was not limited in time. Answers could not be changed.",
        "50 % ± 10 points (two one-sided tests; a margin fixed in the protocol before the reading)",
        "Of 4 invited readers 3 began to read and 3 finished. 24 answers of 3 readers were analysed.",
        "Readers called 50 % of synthetic images of A real",
        "[Author: source of the real images",
    ):
        assert sentence in text
    for absent in (
        "practice",
        "attention",
        "twice",
        "break",
        "consent",
        "questionnaire",
        "marks",
        "changed before",
    ):
        assert absent not in text.partition("[Author")[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"answering": "likert", "question": "How good?", "real_from": 3},
            "answered “How good?” from 1 (“certainly synthetic”) to 5 (“certainly real”), and 3 or more was counted as “real”.",
        ),
        (
            {"disclose_ratio": True},
            "Readers were told how many of the images were real and how many synthetic.",
        ),
        (
            {"fixed_presentation": True},
            "Images could be neither enlarged nor changed in brightness or contrast.",
        ),
        ({"exposure_ms": 500}, "Each image was taken away after 500 ms."),
        ({"allow_undo": True}, "correct their answer; the last answer counts."),
        ({"remarks": True}, "Readers could add remarks."),
        ({"cues": ("edge", "noise")}, "Readers could add marks on the image (edge, noise)."),
        ({"remarks": True, "cues": ("edge",)}, "Readers could add remarks and marks on the image (edge)."),
        ({"consent": "Do you agree?"}, "Readers consented in the program before they began."),
        ({"questions": (Question("Years?"),)}, "A questionnaire had 1 question."),
        ({"display_check": True}, "tell steps of grey apart on their display."),
        ({"display_check": True, "smallest_width": 800}, "A window of 800 × 0 pixels was the least"),
        (
            {"practice": Practice(2, 1, 0)},
            "2 real images and 1 synthetic image came before the others as practice with feedback.",
        ),
        ({"practice": Practice(2, 1, 1)}, "with feedback; 1 right answer had to be given to go on."),
        ({"repeats": 1, "repeat_lag": 3}, "1 image came twice, at least 3 images apart; the first answer"),
        (
            {"catch": 2},
            "Attention checks that are not analysed were 2 synthetic images degraded beyond doubt.",
        ),
        ({"block_size": 4}, "A break was offered after every 4 answers."),
        (
            {"mends": ("blur", "grain")},
            "All images alike were changed before they were encoded: blur, grain.",
        ),
        ({"margin": 0.15}, "from 1 (“certainly"),
    ],
)
def test_each_choice_of_a_protocol_is_told_and_only_where_it_was_made(changes, sentence):
    assert sentence in under(**changes)
    if "margin" not in changes:
        assert sentence not in under()


def test_a_break_that_nobody_came_to_is_not_told():
    assert "A break" not in under(block_size=8)
    assert "A break" in under(block_size=8, repeats=1, repeat_lag=2)


def test_blocks_of_models():
    arms = (*SESSION.arms, replace(SESSION.arms[0], label="B"))
    apart = replace(SESSION, arms=arms, protocol=Protocol(arm_blocks=True))
    assert (
        "the blocks’ turns follow a Williams design over readers"
        in written(study(models=("A", "B")), apart)[1]
    )
    assert "Williams" not in written(study(), replace(apart, arms=SESSION.arms))[1]
    mixed = written(study(models=("A", "B")), replace(SESSION, arms=arms))[1]
    assert "4 synthetic images of A and 4 synthetic images of B were drawn" in mixed
    assert "Each reader had a random order of their own." in mixed


def test_a_hidden_purpose():
    protocol = Protocol(
        instructions="Rate each.",
        likert_labels=("a", "b", "c", "d", "e"),
        answering="likert",
        question="How good is it?",
        purpose_hidden=True,
        debrief="Some were synthetic.",
    )
    _, text = written(study(), replace(SESSION, protocol=protocol))
    assert (
        "Nothing told readers before the last image that some images were synthetic; a debrief followed."
        in text
    )
    assert "mixed" not in text


def test_a_table_of_another_lab_is_told_no_more_than_it_says():
    _, text = written(study())
    assert "[Author: where the images come from and how they were chosen" in text
    for word in ("drawn", "fixed", "told that", "invited", "enlarge", "one at a time"):
        assert word not in text
    assert "(two one-sided tests)" in text


def test_one_reader():
    _, text = written(study(readers=("R1",)))
    assert "With one reader the interval is Wilson’s and speaks of this reader only." in text
    assert "8 answers of 1 reader were analysed." in text
    assert "The reader’s accuracy was 63 % (5/8) (A)." in text
    assert (
        "The mean of the reader’s ratings was 2.50 for real images and 3.00 for synthetic images (A)." in text
    )
    assert "no interval: it takes two readers" in text
    for absent in ("two-way", "one-shot", "Agreement", "agreement", "±"):
        assert absent not in text


def test_no_ratings():
    _, text = written(study(likert=False))
    for absent in ("Likert", "ratings", "Krippendorff", "ICC"):
        assert absent not in text
    assert "balanced accuracy was analysed by Gallas’s" in text


def test_only_real_images():
    _, text = written([rating for rating in study() if rating.truth == "real"])
    assert "No synthetic images were answered." in text
    assert "interval of mean FNR over" in text
    assert "for synthetic images" not in text
    assert "one-shot" not in text


def test_perfect_readers():
    random = [
        Rating(f"R{r}", "", f"{truth[0]}{i}", truth, truth, None)
        for r in range(3)
        for i in range(5)
        for truth in ("real", "synthetic")
    ]
    _, text = written(random)
    assert "Where all answers were alike, the interval is Wilson’s on the effective number of images." in text
    assert "Every reader’s accuracy was 100 %." in text
    assert "two-way" not in text


def test_a_study_of_three_images_of_one_reader_each():
    ratings = [Rating("R1", "", "1", "real", "real", 4), Rating("R2", "", "2", "synthetic", "real", 4)]
    _, text = written(ratings)
    assert "2 answers of 2 readers were analysed." in text
    assert "Readers’ accuracy ranged from 0 % (0/1) to 100 % (1/1)." in text


def test_one_answer_is_singular():
    assert "1 answer of 1 reader was analysed." in written([Rating("R1", "", "1", "real", "real")])[1]


def test_nobody_came():
    made, text = written([], replace(SESSION, turnout=Turnout(2, 0, 0, 0, 1)))
    assert (
        "Of 2 invited readers 0 began to read and 0 finished; 1 did not consent. No answer was analysed."
        in text
    )
    assert "positive class" not in text
    said = {(each.checklist, each.item): each.text for each in checklists.filled(made)}
    for item in ("16", "17", "23", "24"):
        assert said["STARD 2015", item] == checklists.AUTHOR


def test_gaps_and_withdrawal():
    about = replace(SESSION, turnout=Turnout(4, 4, 3, 1, 0))
    made, text = written(study()[:-1], about)
    assert "4 began to read and 3 finished; 1 withdrew their answers." in text
    assert "variance components by Henderson’s method I where answers are missing" in text
    assert "their moments are taken about the mean of the readers’ AUCs" in text
    assert "moments" not in written(study())[1]
    assert any(
        each.text.startswith("Some readers did not answer every image") for each in checklists.filled(made)
    )


def test_repeats_and_what_was_left_out():
    again = [rating._replace(kind="repeat", repeat=1) for rating in study()[:2]]
    made, text = written([*study(), *again])
    assert "Of 2 answers to images shown again 100 % were the same as the first." in text
    assert "Not analysed were answers to other items: 2 (repeat)." in text
    assert any("2 answers to images shown again" in each.text for each in checklists.filled(made))
    _, text = written([*study(), again[0]])
    assert "Of 1 answer to images shown again 100 % was the same as the first." in text


def test_models_are_compared_one_by_one_or_counted():
    random = np.random.default_rng(2)
    made = [
        rating._replace(answer=str(random.choice(["real", "synthetic"])))
        for rating in study(models=("A", "B"), real="rrssrrss", synthetic="rsrsrsrs")
    ]
    _, text = written(made, distances={Extractor("Inception"): {"A": Measured(5.0), "B": Measured(7.0)}})
    assert re.search(r"Mean FPR of A minus B was −?\d+ points \(95 % CI −?\d+ to −?\d+, p [.<>]", text)
    assert "The two models were compared: differences of AUC" in text
    assert "Holm" not in text
    assert "Spearman’s ρ with the exact permutation p" in text
    _, text = written(study(models=("A", "B")))
    assert "minus B was 0 points (no interval: the variance is zero)." in text
    _, text = written(study(models=tuple("ABCDE")))
    assert "FPR differs in 0 of 10 pairs of models" in text
    assert "Each model’s numbers stand in the tables." in text
    assert "accuracy" not in text.partition("## Results")[2]
    assert "minus" not in text


def test_pairs():
    text, right = table(np.random.default_rng(1))
    protocol = Protocol(answering="pairs", question="How sure?", block_size=10)
    made = build.build(
        rows.parse(text), title="Pairs", provenance={}, study=replace(SESSION, n_real=30, protocol=protocol)
    )
    said = " ".join(manuscript.markdown(made).split())
    assert (
        "pairs of one real and one synthetic image, side by side; for each pair readers said which was the real one"
        in said
    )
    assert "Readers were told that one image of each pair was real." in said
    assert "interval of mean share over readers and pairs" in said
    assert f"Readers found the real image in {100 * right.mean():.0f} %" in said
    assert "150 answers of 5 readers were analysed." in said
    for absent in ("FPR", "positive class", "Equivalence", "AUC"):
        assert absent not in said
    filled = {(each.checklist, each.item): each.text for each in checklists.filled(made)}
    assert filled["STARD 2015", "23"] == checklists.AUTHOR
    assert "found the real image" in filled["STARD 2015", "24"]


def test_residual_variance_alone_is_said():
    _, text = written(study())
    assert "Where the estimated variance was not positive, the residual variance alone stands in." in text


def test_checklists_have_every_item_once_in_order():
    found = list(csv.DictReader(io.StringIO(checklists.csv(written(study(), SESSION)[0]), newline="")))
    assert list(found[0]) == ["checklist", "item", "about", "text"]
    numbers = {
        name: [row["item"] for row in found if row["checklist"] == name]
        for name in ("STARD 2015", "CLAIM 2024", "GRRAS")
    }
    stard = [str(n) for n in range(1, 31)]
    for split in ("10", "12", "13", "21"):
        at = stard.index(split)
        stard[at : at + 1] = [f"{split}a", f"{split}b"]
    assert numbers == {
        "STARD 2015": stard,
        "CLAIM 2024": [str(n) for n in range(1, 45)],
        "GRRAS": [str(n) for n in range(1, 16)],
    }


def test_what_only_a_session_knows_is_the_author_s_for_a_table():
    session = {(f.checklist, f.item): f.text for f in checklists.filled(written(study(), SESSION)[0])}
    alone = {(f.checklist, f.item): f.text for f in checklists.filled(written(study())[0])}
    never = {(checklist, item) for checklist, item, _, name in ITEMS if not name}
    assert {key for key, text in session.items() if text == checklists.AUTHOR} == never
    assert "2026-03-02 to 2026-03-09" in session["STARD 2015", "8"]
    assert "256 × 256" in session["CLAIM 2024", "9"]
    for key in (
        ("STARD 2015", "8"),
        ("STARD 2015", "10a"),
        ("STARD 2015", "13a"),
        ("GRRAS", "9"),
        ("CLAIM 2024", "9"),
    ):
        assert alone[key] == checklists.AUTHOR
    for key in (("STARD 2015", "14"), ("STARD 2015", "24"), ("GRRAS", "11"), ("CLAIM 2024", "23")):
        assert alone[key] != checklists.AUTHOR


def test_the_scale_s_cut_is_told_where_it_decides():
    scaled = replace(SESSION, protocol=Protocol(answering="likert"))
    said = {
        f.item: f.text for f in checklists.filled(written(study(), scaled)[0]) if f.checklist == "STARD 2015"
    }
    assert (
        said["12a"] == "“Real” is positive. A rating of 4 or more counts as “real”, fixed before the reading."
    )


def test_the_page_holds_paragraphs_and_checklists():
    made, _ = written(study(), SESSION)
    page = html.page(made)
    assert page.count("<details>") == 3
    assert "For the manuscript" in page
    assert "Looking was not limited in time." in page
    assert "A &lt;study&gt;" in page


def test_what_people_typed_starts_no_markup():
    made, _ = written(study(), replace(SESSION, preparation="window: *x*_y_ <b>"))
    assert "window: \\*x\\*\\_y\\_ \\<b\\>" in manuscript.markdown(made)
