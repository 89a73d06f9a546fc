"""The decoding child: reads one foreign file a question, writes its frames into the staging folder, answers the rest.

Runs locked down, see app.sandbox. A question is {"path", "window": [centre, width] or null, "size", "staging", "salt"};
the answer is a list of {"frame", "shape", "facts", "patient", "window", "window_source", "text_reasons", "text_boxes"}, whose
pixels lie in `staging/{frame:06d}.raw`, and of {"frame", "refused"}. Frames count from 1; null stands for the whole file.
"""

import hashlib
import hmac
import logging
import warnings
from collections.abc import Mapping
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
from app.imaging import burned_text, dicom, kinds, raster, resize, window
from app.imaging.shown import MOST_SAMPLES, Pictures, Shown
from app.imaging.window import Window

_DAMAGED = "This image is damaged or incomplete, or of a kind that the installed decoders cannot read."
_TOO_MUCH_MEMORY = "Decoding this file needs more memory than is allowed."


def answer(question: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Decode one file; whatever is wrong with it becomes a sentence, and the frames before it are kept."""
    told: list[dict[str, Any]] = []
    try:
        _keep(question, told)
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile input; the file is refused
        told.append({"frame": len(told) + 1 if told else None, "refused": _sentence(error)})
    return told


def _sentence(error: Exception) -> str:
    if isinstance(error, InvalidError):
        return error.sentence
    if isinstance(error, Image.DecompressionBombError):
        return "This image is too large: its header declares more pixels than can be decoded."
    if type(error) in (FileNotFoundError, PermissionError):  # not the lock's refusal, which is another kind
        return "This file cannot be read."
    return _TOO_MUCH_MEMORY if isinstance(error, MemoryError) else _DAMAGED


def _keep(question: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    wanted = Window(*question["window"]) if question["window"] else None
    staging = Path(question["staging"])
    found = _pictures(Path(question["path"]), wanted)
    patient = _key(question["salt"], found.identity)
    for frame, shown in enumerate(found.frames, start=1):
        shape = _write(staging / f"{frame:06d}.raw", shown, question["size"])
        boxes = burned_text.boxes(window.to_uint8(shown.display))
        used = shown.window
        told.append(
            {
                "frame": frame,
                "shape": shape,
                "facts": found.facts,
                "patient": patient,
                "window": [used.center, used.width] if used else None,
                "window_source": shown.window_source,
                "text_reasons": burned_text.reasons(found.facts, boxes),
                "text_boxes": [resize.placed(box, shown.display.shape, question["size"]) for box in boxes],
            }
        )


def _pictures(path: Path, wanted: Window | None) -> Pictures:
    if kinds.kind(path) == "dicom":
        return dicom.pictures(path, wanted)
    return raster.pictures(path, wanted)


def _write(file: Path, shown: Shown, size: int | None) -> tuple[int, ...]:
    pixels = window.to_uint8(resize.to_square(shown.display, size))
    file.write_bytes(pixels.tobytes())
    return pixels.shape


def _key(salt: str, identity: str | None) -> str | None:
    """Tells patients apart without naming them; nobody without the salt can try out names."""
    return hmac.new(salt.encode(), identity.encode(), hashlib.sha256).hexdigest() if identity else None


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = (
        MOST_SAMPLES  # for images inside DICOM, where our own look at the header is not theirs
    )
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    sandbox.answer(answer)
