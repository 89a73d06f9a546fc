"""Writing rendered on slices, as machines burn it in: several fonts and sizes, white, grey or outlined, in corners and inside."""

import random
from dataclasses import dataclass
from pathlib import Path

import data_store
import matplotlib as mpl
import numpy as np
import pydicom
from PIL import Image, ImageDraw, ImageFont

from app.imaging import sources
from app.imaging.importer import Decoded, ImportSettings, decode_all

DEMO = Path(__file__).parents[2] / "demo" / "slices"
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
BITMAP = "bitmap"
# The weights in app/imaging/burned_text.py were fitted on other images, and on other fonts save the bitmap one.
FACES = (
    "default",
    "DejaVuSerif-Bold.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "STIXGeneralBol.ttf",
    "cmss10.ttf",
    BITMAP,
)
SLICES = (
    "693_UNCR.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "MR2_UNCR.dcm",
    "RG1_UNCR.dcm",
    "explicit_VR-UN.dcm",
    "examples_overlay.dcm",
    "emri_small.dcm",
)
WRITTEN = (
    "OBXXXX1A.dcm",
    "US1_UNCR.dcm",
    "gdcm-US-ALOKA-16.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "examples_ybr_color.dcm",
)
"""Ultrasound images with a patient's or hospital's data in their pixels."""


@dataclass(frozen=True, slots=True)
class Written:
    """An image with text in it, the text's (left, top, width, height), and how it was written."""

    pixels: np.ndarray
    box: tuple[int, int, int, int]
    face: str
    size: int
    style: str
    place: str


def public(names, work):
    """Name → the decoded outcomes of files that pydicom and pydicom-data bring."""
    folders = [Path(package.__file__).parent / "data" for package in (pydicom, data_store)]
    paths = {name: next(path for folder in folders for path in folder.rglob(name)) for name in names}
    found = {name: [] for name in names}
    order = list(paths)
    for outcome in decode_all(
        sources.collect(paths.values(), work / "unpacked"), ImportSettings(), work / "staging"
    ):
        assert isinstance(outcome, Decoded), outcome
        found[order[outcome.place - 1]].append(outcome)
    return found


def clean_slices(work):
    """Name → (H, W) slices that hold no text: CT, MR and X-ray, and every second of the demonstration's, also enlarged."""
    slices = {}
    for name, outcomes in public(SLICES, work).items():
        for outcome in outcomes[:: 2 if len(outcomes) > 1 else 1]:
            slices[f"{name} {outcome.frame}"] = outcome.pixels
    for file in sorted(DEMO.glob("*.png"))[::2]:
        with Image.open(file) as image:
            slices[file.name] = np.asarray(image.convert("L"))
            slices[f"{file.name} large"] = np.asarray(
                image.convert("L").resize((384, 384), Image.Resampling.LANCZOS)
            )
    return slices


def write(pixels, chance):
    """One to four lines of names, dates and numbers somewhere in a grey image, or None where they are larger than it is.

    Grey text that would stand out by less than 64 levels gets a dark outline, as machines give it.
    """
    face, size = chance.choice(FACES), chance.randint(8, 28)
    style, place = chance.choice(["white", "grey", "outlined"]), chance.choice("nesw ")
    lines = [_line(chance) for _ in range(chance.randint(1, 4))]
    mask, edge = _mask(lines, face, size)
    height, width = mask.shape
    if height > pixels.shape[0] or width > pixels.shape[1]:
        return None
    left, top = (_corner(chance, place, pixels.shape[n] - mask.shape[n], n) for n in (1, 0))
    under = pixels[top : top + height, left : left + width].astype(np.float32)
    ink = 255 if style != "grey" else chance.randint(140, 200)
    if style == "outlined" or ink - np.percentile(under, 90) < 64:
        style, under = "outlined", under * (1 - edge)
    image = pixels.copy()
    image[top : top + height, left : left + width] = np.rint(under + (ink - under) * mask)
    return Written(image, (left, top, width, height), face, size, style, place)


def _corner(chance, place, room, axis):
    near, far = ("w", "e") if axis == 1 else ("n", "s")
    if place == near:
        return min(chance.randint(0, 8), room)
    return room - min(chance.randint(0, 8), room) if place == far else chance.randint(0, room)


def _line(chance):
    name = "".join(chance.choice("ABCDEFGHIKLMNOPRSTUVWZ") for _ in range(chance.randint(4, 9)))
    date = f"{chance.randint(1930, 2020)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    return chance.choice(
        [
            f"{name}^{chance.choice(['ERIKA', 'Jo', 'Max'])}",
            f"{name.title()}, {chance.choice(['Anna', 'Li', 'Tom'])}",
            date,
            f"{chance.choice(['ID', 'MRN', 'Acc'])} {chance.randint(10_000, 99_999_999)}",
            f"{chance.choice(['St. Mary', 'Uniklinik', 'General Hospital'])} {date[:4]}",
        ]
    )


def _mask(lines, face, size):
    """How much of each pixel is ink (0 to 1), and whether it belongs to ink or to an outline of one pixel."""
    text = "\n".join(lines)
    mode, scale = ("1", max(round(size / 11), 1)) if face == BITMAP else ("L", 1)
    if face == BITMAP:
        font = ImageFont.load_default_imagefont()
    elif face == "default":
        font = ImageFont.load_default(size)
    else:
        font = ImageFont.truetype(FONTS / face, size)
    right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((2, 2), text, font, spacing=2)[
        2:
    ]
    canvas = Image.new(mode, (int(right) + 3, int(bottom) + 3))
    ImageDraw.Draw(canvas).multiline_text((2, 2), text, 255, font, spacing=2)
    mask = np.asarray(canvas.convert("L"), np.float32).repeat(scale, 0).repeat(scale, 1) / 255
    grown = Image.fromarray((mask > 0.3).astype(np.uint8) * 255)
    edge = np.asarray(Image.fromarray(_dilated(np.asarray(grown))), np.float32) / 255
    return mask, edge


def _dilated(mask):
    padded = np.pad(mask, 1)
    shifts = [
        padded[y : y + mask.shape[0], x : x + mask.shape[1]]
        for y, x in ((0, 1), (1, 0), (1, 1), (1, 2), (2, 1))
    ]
    return np.maximum.reduce(shifts)


def is_found(written, boxes):
    """Whether one of the boxes has its middle within the text."""
    left, top, width, height = written.box
    return any(left <= x + w / 2 <= left + width and top <= y + h / 2 <= top + height for x, y, w, h in boxes)


def sample(slices, count, seed):
    """So many images with text in them, on slices of at least 200 pixels."""
    chance = random.Random(seed)
    large = [pixels for pixels in slices.values() if min(pixels.shape) >= 200]
    made = []
    while len(made) < count:
        written = write(chance.choice(large), chance)
        if written is not None:
            made.append(written)
    return made
