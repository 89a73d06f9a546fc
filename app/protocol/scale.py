"""The Likert scale of realness."""

POINTS = 5
LABELS = ("certainly synthetic", "probably synthetic", "unsure", "probably real", "certainly real")
SURE_LABELS = ("guessing", "hardly sure", "rather sure", "quite sure", "certain")
