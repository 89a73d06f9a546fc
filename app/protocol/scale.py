"""The Likert scale of realness."""

from app.words.sentence import N_

POINTS = 5
LABELS = (
    N_("certainly synthetic"),
    N_("probably synthetic"),
    N_("unsure"),
    N_("probably real"),
    N_("certainly real"),
)
SURE_LABELS = (
    N_("guessing"),
    N_("hardly sure"),
    N_("rather sure"),
    N_("quite sure"),
    N_("certain"),
)
