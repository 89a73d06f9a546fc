"""What the viewer's script says, by the names that it knows: each page gets those that it can need, and no others.

A study with a hidden purpose must not name it even in a sentence that is never shown.
"""

from app.protocol.design import Protocol
from app.words.catalogues import translate
from app.words.sentence import N_, Sentence

ALWAYS = {
    "going_on": N_(
        "The server cannot be reached. Your answers are kept here and sent again by themselves; you can go on."
    ),
    "no_more": N_(
        "The server cannot be reached, and no further image is held here. Your answers are kept here and sent again by themselves."
    ),
    "refused": N_("The server refused this."),
    "saving": N_("Saving…"),
    "saved": N_("Saved"),
    "not_saved": N_("Not saved"),
    "not_saved_yet": N_("Not saved yet"),
    "not_saved_yet_number": N_("Not saved yet: {n}"),
    "position": N_("{n} of {total}"),
    "choose_point": N_("Choose a point of the scale, 1 to 5."),
}
BOTH = {
    "choose_both": N_("Choose real or synthetic, and a point of the scale."),
    "choose_answer": N_("Choose real or synthetic."),
}
PAIRS = {
    "choose_pair": N_("Choose left or right, and a point of the scale."),
    "choose_side": N_("Choose left or right."),
}
UNDO = {
    "changing": N_("You are changing your last answer."),
    "end_waits": N_(
        "The server cannot be reached. Your answers are kept here and sent again by themselves; this page ends as soon as they are saved."
    ),
}
EXPOSURE = {
    "exposure_over": N_("The image was shown for as long as this study allows. Please answer."),
}
CUES = {
    "mark_by_keys": N_(
        "The whole image is marked. Arrow keys mark a part and move it; with Shift they change its size."
    ),
}


def words(protocol: Protocol, language: str) -> dict[str, str]:
    """The script's sentences for this protocol."""
    needed: dict[str, Sentence] = {
        **ALWAYS,
        **(BOTH if protocol.answering == "both" else {}),
        **(PAIRS if protocol.answering == "pairs" else {}),
        **(UNDO if protocol.allow_undo else {}),
        **(EXPOSURE if protocol.exposure_ms else {}),
        **(CUES if protocol.cues else {}),
    }
    return {name: translate(language, sentence) for name, sentence in needed.items()}
