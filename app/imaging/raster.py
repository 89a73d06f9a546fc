"""PNG, JPEG and TIFF files: images that are ready for display, or deep ones that need a window."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from app.errors import InvalidError
from app.imaging import window
from app.imaging.shown import MOST_FRAMES, MOST_SAMPLES, Pictures, Shown, from_colours
from app.imaging.window import Wanted, Window

FORMATS = ("PNG", "JPEG", "TIFF")
_DEEP = {"I;16", "I;16B", "I;16L", "I;16N", "I", "F"}


def pictures(path: Path, wanted: Wanted) -> Pictures:
    """An image file's pages; nothing of its metadata is kept. Raises InvalidError, or what Pillow raises."""
    with Image.open(path, formats=FORMATS) as image:
        if image.format != "TIFF" and getattr(image, "is_animated", False):
            raise InvalidError("This is an animation, not a still image.")
        pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if pages > MOST_FRAMES:
        raise InvalidError(f"This file is too large: it has {pages} pages.")
    return Pictures({}, None, _pages(path, pages, wanted), range(1, pages + 1))


def _pages(path: Path, pages: int, wanted: Wanted) -> Iterator[Shown]:
    """The header's size is checked before anything is decoded, page by page."""
    with Image.open(path, formats=FORMATS) as image:
        for page in range(pages):
            if page:
                image.seek(page)
            if image.width * image.height * max(len(image.getbands()), 1) > MOST_SAMPLES:
                raise InvalidError(f"This image is too large: {image.width} × {image.height} pixels.")
            yield _shown(ImageOps.exif_transpose(image), wanted)


def _shown(image: Image.Image, wanted: Wanted) -> Shown:
    if image.mode in _DEEP:
        values = np.asarray(image, np.float32)
        if not np.isfinite(values).all():
            raise InvalidError("This image has pixels that are no finite numbers.")
        used = wanted if isinstance(wanted, Window) else window.by_percentiles(values)
        return Shown(window.linear(values, used), used, "given" if used is wanted else "percentiles")
    if image.mode in {"1", "L", "LA"}:
        return Shown(np.asarray(image.convert("L"), np.float32), None, "as stored")
    return from_colours(np.asarray(image.convert("RGB"), np.float32))
