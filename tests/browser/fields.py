"""Every text that the application takes, by route and field: found from the routes, and where each is tried with payloads or why not."""

from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

STUDY = {
    ("/checkpoints/{checkpoint_id}/experiment", "experiment"): "experiment",
    ("/checkpoints/{checkpoint_id}/samples", "name"): "samples name",
    ("/experiments/{experiment_id}/facts", "pretraining"): "pretraining",
    ("/experiments/{experiment_id}/facts", "augmentation"): "augmentation",
    ("/experiments/{experiment_id}/facts", "notes"): "experiment notes",
    ("/sessions/{session_id}/template", "name"): "template name",
    ("/sessions/{session_id}/open", "reason"): "opening reason",
    ("/sessions/{session_id}/pause", "reason"): "pause reason",
    ("/sessions/{session_id}/reopen", "reason"): "reopening reason",
    ("/sessions/{session_id}/unblinding/early", "reason"): "early look reason",
    ("/sessions/{session_id}/readers", "code"): "single code",
    ("/sessions/{session_id}/invitations/wording", "subject"): "invitation subject",
    ("/sessions/{session_id}/invitations/wording", "body"): "invitation body",
    ("/admin/users", "email"): "user's address",
    ("/sessions/{session_id}/colleagues", "email"): "user's address",
    ("/account/tokens", "name"): "token name",
    ("/read/ratings", "remark"): "remark",
    ("/read/ratings", "cue"): "cue 0",
}
"""Fields whose text is kept and shown again: under which name the study of payloads fills each."""

NOT_SHOWN = {
    (
        "/sessions/{session_id}/readers/{reading_id}/erase",
        "reason",
    ): "kept in the audit trail, which no page shows",
    ("/experiments/new", "name"): "shown in its field at once, and kept only where it is sent",
    (
        "/image-sets/{set_id}/distances",
        "extractor",
    ): "one of the names in the settings; another is shown once, in a refusal, and kept nowhere",
}
API = "/api/v1/"
"""Its answers are JSON and no pages (`tests/web/test_answers.py`); what it keeps is kept by the services behind the pages' own forms, which are tried."""

RAW = {
    "app/web/api/uploading.py": "as the pages' own uploads",
    "app/web/designs.py": "all fields of the design",
    "app/web/drafts.py": "all settings of an import",
    "app/web/invitations.py": "a list of readers",
    "app/web/reading_steps.py": "answers to questions, measures of a display",
    "app/web/checkpoints.py": "names of a checkpoint and its experiment, file names",
    "app/web/experiments.py": "the name of an experiment, names of a run's files",
    "app/web/imagesets.py": "names of a set and of files",
}
"""Forms that are read as a whole; the study fills them."""

KEPT_BY_KIND = {
    **dict.fromkeys(
        ("email", "next", "password", "back", "q", "mark", "state", "whom"), "asked and answered at once"
    ),
    **dict.fromkeys(
        ("version", "agrees", "days", "most", "seeds", "psi", "class_index"), "a number or one of a list"
    ),
    **dict.fromkeys(
        ("images", "patients", "resolution", "gamma", "batch", "kimg", "mirrored", "seed", "samples"),
        "a number or one of a list",
    ),
    **dict.fromkeys(("experiments", "baseline"), "an identifier"),
    "budget": "a number",
    **dict.fromkeys(("noise_mode", "mends", "answer", "kind"), "one of a list"),
    **dict.fromkeys(
        ("image", "reading", "real_set_id", "template", "session", "follows", "subject"), "an identifier"
    ),
    **dict.fromkeys(("item", "key", "pending"), "an identifier"),
    **dict.fromkeys(("present", "new", "again", "code"), "a password or a code, which no page shows"),
    **dict.fromkeys(("role", "done", "read_only"), "one of a list"),
}
"""Fields that no page shows later, with the reason; each is still tried for what comes back at once."""


def text_fields(app) -> Iterator[tuple[str, str, str, str]]:
    """(method, path, where, name) of every field that is a text, a list of texts, or a text in a JSON body."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route.original_route, "dependant", None)
        for each in _all(dependant) if dependant else ():
            for where, params in (("query", each.query_params), ("body", each.body_params)):
                for param in params:
                    for name in _texts(param.name, param.field_info.annotation):
                        for method in route.methods:
                            yield method, route.path, where, name


def _all(dependant):
    yield dependant
    for each in dependant.dependencies:
        yield from _all(each)


def _texts(name, kind) -> list[str]:
    """The fields that are texts: this one, those of a model in its place, or of what a list or a choice of kinds has."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [
            text for inner, field in kind.model_fields.items() for text in _texts(inner, field.annotation)
        ]
    if kind is str:
        return [name]
    inside = () if get_origin(kind) in (dict, Literal) else get_args(kind)
    return list(dict.fromkeys(text for one in inside for text in _texts(name, one)))
