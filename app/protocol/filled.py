"""A protocol as a form's fields hold it: what `typed.protocol` reads back."""

from app.protocol import listed
from app.protocol.design import Protocol

Fields = dict[str, list[str]]
_APART = ("practice", "questions", "likert_labels", "cues", "mends", "margin")


def fields(protocol: Protocol) -> Fields:
    """Each field with its texts; a flag that is off has none, as a box that is not ticked."""
    stored = protocol.to_json()
    plain = {name: value for name, value in stored.items() if name not in _APART}
    filled = {name: _texts(value) for name, value in plain.items()}
    filled |= {"likert_labels": list(protocol.likert_labels), "mends": list(protocol.mends)}
    filled |= {"cues": [listed.written(protocol.cues)], "margin": [f"{protocol.margin * 100:.10g}"]}
    filled |= {
        f"practice_{name}": [str(getattr(protocol.practice, name))]
        for name in ("real", "synthetic", "pass_mark")
    }
    return filled | _questions(protocol)


def _texts(value: object) -> list[str]:
    if isinstance(value, bool):
        return ["true"] if value else []
    return [str(value)]


def _questions(protocol: Protocol) -> Fields:
    return {
        "question_text": [question.text for question in protocol.questions],
        "question_kind": [question.kind for question in protocol.questions],
        "question_choices": [listed.written(question.choices) for question in protocol.questions],
        "question_required": [
            "required" if question.required else "optional" for question in protocol.questions
        ],
        "question_when": ["after" if question.after else "before" for question in protocol.questions],
    }
