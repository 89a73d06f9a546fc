"""The decoding child: reads one foreign file a question, writes its frames into the staging folder, answers the rest.

Runs locked down, see app.sandbox. A question is {"ask": "decode", "path", "settings" (as JSON), "only" (numbers of frames, or
null for all), "dry" (write no pixels), "all" (write what the selection leaves out, too), "staging", "salt"}; the answer is a
list of {"frame", "shape", "facts", "patient", "window", "window_source", "left_out",
"text_reasons", "text_boxes"}, whose pixels lie in `staging/{frame:06d}.raw`, and of {"frame", "refused"}. Frames count from 1; null stands for the whole file. "look" tells
without decoding {"frames", "patient", "grid"}, "mask" {"frames", "grid"} of a mask's marked slices, "pick" takes
{"files", "count"} instead of a path and gives a few of an upload's files as {"place", "path"} or {"place", "refused"}. What
a question does not say has its default.
"""

import hashlib
import hmac
import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Decoders are loaded while loading is still free; some are loaded on their first use only.
import gdcm  # noqa: F401 - see above
import jpeg_ls  # type: ignore[import-untyped]  # noqa: F401 - see above; it brings no types
import openjpeg  # noqa: F401 - see above
import pydicom.config
import rle  # noqa: F401 - see above
from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin  # noqa: F401 - see above

from app import sandbox
from app.errors import InvalidError
from app.imaging import (
    burned_text,
    dicom,
    geometry,
    glimpse,
    kinds,
    nifti,
    presets,
    raster,
    resize,
    selection,
    settings,
    window,
)
from app.imaging.burned_text import Box
from app.imaging.settings import ImportSettings
from app.imaging.shown import MOST_SAMPLES, Pictures, Shown

_DAMAGED = "This image is damaged or incomplete, or of a kind that the installed decoders cannot read."
_TOO_MUCH_MEMORY = "Decoding this file needs more memory than is allowed."


def answer(question: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Decode one file; whatever is wrong with it becomes a sentence, and the frames before it are kept."""
    told: list[dict[str, Any]] = []
    try:
        _ASKED[question.get("ask", "decode")](question, told)
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile input; the file is refused
        frame = max(each["frame"] for each in told) + 1 if told else None
        told.append({"frame": frame, "refused": _sentence(error)})
    return told


def _sentence(error: Exception) -> str:
    if isinstance(error, InvalidError):
        return error.sentence
    if isinstance(error, Image.DecompressionBombError):
        return "This image is too large: its header declares more pixels than can be decoded."
    if type(error) in (FileNotFoundError, PermissionError):  # not the lock's refusal, which is another kind
        return "This file cannot be read."
    return _TOO_MUCH_MEMORY if isinstance(error, MemoryError) else _DAMAGED


def _decode(question: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    asked = settings.from_json(question.get("settings", {}))
    staging = Path(question["staging"])
    found = _pictures(question, asked)
    presets.judge(asked.window_name, found.facts.get("modality"))
    only = question.get("only")
    patient = _key(question["salt"], found.identity)
    for frame, shown in zip(found.numbers, found.frames, strict=False):
        if only is not None and frame not in only:
            continue
        arranged = geometry.arranged(shown.display, asked.geometry)
        pixels = window.to_uint8(resize.to_square(arranged, asked.size))
        least = asked.selection.min_share
        few = least is not None and selection.foreground_share(pixels, asked.selection.threshold) < least
        if not question.get("dry") and (question.get("all") or not few):
            (staging / f"{frame:06d}.raw").write_bytes(pixels.tobytes())
        boxes = [] if few else _writing(shown, asked)
        used = shown.window
        told.append(
            {
                "frame": frame,
                "shape": pixels.shape,
                "facts": found.facts,
                "patient": patient,
                "window": [used.center, used.width] if used else None,
                "window_source": shown.window_source,
                "left_out": few,
                "text_reasons": burned_text.reasons(found.facts, boxes),
                "text_boxes": boxes,
            }
        )


def _writing(shown: Shown, asked: ImportSettings) -> list[Box]:
    """Where the finished image seems to have writing; it is looked for before the image is turned."""
    found = burned_text.boxes(window.to_uint8(shown.display))
    arranged = (geometry.placed(box, shown.display.shape, asked.geometry) for box in found)
    shape = geometry.shape(shown.display.shape, asked.geometry)
    return [resize.placed(box, shape, asked.size) for box in arranged if box]


def _look(question: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    asked, path = settings.from_json(question.get("settings", {})), Path(question["path"])
    found = _pictures(question, asked)
    presets.judge(asked.window_name, found.facts.get("modality"))
    grid = nifti.header(path).grid.told() if kinds.kind(path) == "nifti" else None
    patient = _key(question["salt"], found.identity)
    told.append({"frames": sorted(found.numbers), "patient": patient, "grid": grid})


def _mask(question: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    asked, path = settings.from_json(question.get("settings", {})), Path(question["path"])
    if kinds.kind(path) != "nifti":
        raise InvalidError("This mask is no NIfTI volume.")
    told.append({"frames": nifti.marked(path, asked.cut), "grid": nifti.header(path).grid.told()})


def _pick(question: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    files = [Path(file) for file in question["files"]]
    told.extend(glimpse.pick(files, question["count"], Path(question["staging"])))


_ASKED: dict[str, Callable[[Mapping[str, Any], list[dict[str, Any]]], None]] = {
    "decode": _decode,
    "look": _look,
    "mask": _mask,
    "pick": _pick,
}


def _pictures(question: Mapping[str, Any], asked: ImportSettings) -> Pictures:
    path = Path(question["path"])
    if kinds.kind(path) == "nifti":
        return nifti.pictures(path, asked.wanted, asked.cut, question.get("only"))
    if kinds.kind(path) == "dicom":
        return dicom.pictures(path, asked.wanted)
    return raster.pictures(path, asked.wanted)


def _key(salt: str, identity: str | None) -> str | None:
    """Tells patients apart without naming them; nobody without the salt can try out names."""
    return hmac.new(salt.encode(), identity.encode(), hashlib.sha256).hexdigest() if identity else None


def set_up() -> None:
    """What libraries judge and say, as this child wants it."""
    logging.disable()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = (
        MOST_SAMPLES  # for images inside DICOM, where our own look at the header is not theirs
    )
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


if __name__ == "__main__":
    set_up()
    sandbox.answer(answer)
