"""DICOM files: from stored values to frames for display, one at a time (PS3.3 C.7.6.3, C.11; PS3.5 section 8).

What a header declares is judged before anything is decoded by it. Errors of pydicom and of the decoders pass through:
the caller says one sentence for them all.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_file_meta_info
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
)

from app.errors import InvalidError
from app.imaging import deflated, facts, greys, kinds, palettes
from app.imaging.shown import MOST_FRAMES, MOST_SAMPLES, Pictures, Shown, from_colours
from app.imaging.window import Wanted

_READ_WHOLE = 64 * 2**20
_MOST_FILE_SAMPLES = 2**31
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_CONTRADICTION = (
    "The header of this file contradicts itself: it does not describe an image that can be decoded."
)


def pictures(path: Path, wanted: Wanted) -> Pictures:
    """A DICOM file's frames through the window `wanted`, else the file's own, else percentiles; raises InvalidError."""
    whole = path.stat().st_size <= _READ_WHOLE
    is_deflated = (
        kinds.has_preamble(path) and _syntax(read_file_meta_info(path)) == DeflatedExplicitVRLittleEndian
    )
    if is_deflated:
        deflated.judge(path)
    dataset = dcmread(path, force=True, stop_before_pixels=not whole)
    kinds.refuse_non_images(dataset)
    _complete_meta(dataset)
    if is_deflated and not whole:
        raise InvalidError("This compressed file is too large.")
    if whole and not any(keyword in dataset for keyword in _PIXELS):
        raise InvalidError("This is not an image: it is DICOM without any pixels.")
    declared = _judge(dataset)
    if whole:
        _judge_length(dataset)
    return Pictures(
        facts.facts(dataset),
        facts.identity(dataset),
        _frames(dataset if whole else path, dataset, declared, wanted),
        range(1, declared + 1),
    )


def _syntax(meta: Dataset) -> UID:
    return UID(str(meta.get("TransferSyntaxUID") or ""))


def _complete_meta(dataset: Dataset) -> None:
    """Files of old do not say their transfer syntax; how pydicom could read them tells which it is."""
    if not isinstance(getattr(dataset, "file_meta", None), FileMetaDataset):
        dataset.file_meta = FileMetaDataset()
    if _syntax(dataset.file_meta):
        return
    implicit, little = dataset.original_encoding
    if "PixelData" in dataset and dataset["PixelData"].is_undefined_length:
        raise InvalidError("This file does not say how its image is compressed.")
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _judge(dataset: Dataset) -> int:
    """The number of frames, of an image that can be decoded here; raises InvalidError for any other."""
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    samples, frames = _whole(dataset, "SamplesPerPixel", 1), _whole(dataset, "NumberOfFrames", 1) or 1
    allocated = _whole(dataset, "BitsAllocated")
    stored = _whole(dataset, "BitsStored", allocated)
    photometric = dataset.get("PhotometricInterpretation")
    if rows < 1 or columns < 1 or frames < 1:
        raise InvalidError("This image has no pixels: its header declares a size of zero.")
    if rows * columns * samples > MOST_SAMPLES:
        raise InvalidError(f"This image is too large: its header declares {columns} × {rows} pixels.")
    if frames > MOST_FRAMES or rows * columns * samples * frames > _MOST_FILE_SAMPLES:
        raise InvalidError(
            f"This file is too large: its header declares {frames} frames of {columns} × {rows}."
        )
    if photometric not in (*_GREY, *_COLOURS, "PALETTE COLOR"):
        raise InvalidError("The colour model of this image is not one that can be shown.")
    if samples != (3 if photometric in _COLOURS else 1) or not 1 <= stored <= allocated:
        raise InvalidError(_CONTRADICTION)
    if allocated not in (1, 8, 16, 32, 64):
        raise InvalidError(
            f"The header of this file declares {allocated} bits a pixel, which cannot be decoded."
        )
    _judge_compression(_syntax(dataset.file_meta), stored)
    return frames


def _judge_compression(syntax: UID, stored: int) -> None:
    name = syntax.name if syntax.is_transfer_syntax else "of an unknown kind"
    if "MPEG" in name or "HEVC" in name or "Video" in name:
        raise InvalidError("This is a video, not a still image.")
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise InvalidError(
            f"The compression of this image ({name}) is not one that can be decoded."
        ) from None
    twelve_bits = syntax == JPEGExtended12Bit and stored > 8 and "pylibjpeg" not in decoder.available_plugins
    if not decoder.is_available or twelve_bits:
        raise InvalidError(f"The compression of this image ({name}) needs a decoder that is not installed.")


def _judge_length(dataset: Dataset) -> None:
    """Uncompressed pixels must all be there; a shorter file was cut off, or its header lies."""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated or "PixelData" not in dataset:
        return
    bits = (
        _whole(dataset, "Rows")
        * _whole(dataset, "Columns")
        * _whole(dataset, "SamplesPerPixel", 1)
        * (_whole(dataset, "NumberOfFrames", 1) or 1)
        * _whole(dataset, "BitsAllocated")
    )
    if dataset.PhotometricInterpretation == "YBR_FULL_422":
        bits = bits * 2 // 3
    if len(dataset.PixelData) < (bits + 7) // 8:
        raise InvalidError("This image is incomplete: there are fewer pixels than its header declares.")


def _frames(source: Dataset | Path, dataset: Dataset, declared: int, wanted: Wanted) -> Iterator[Shown]:
    decoded = 0
    plugin = (
        "pillow" if dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit else ""
    )  # GDCM hangs on some noise
    only = [0] if declared == 1 else None  # by index, pydicom mends signs that it otherwise trips over
    for index, stored in zip(
        range(declared), iter_pixels(source, indices=only, decoding_plugin=plugin), strict=False
    ):
        decoded += 1
        yield _shown(stored, dataset, index, wanted)
    if decoded < declared:
        raise InvalidError(f"This file is incomplete: it declares {declared} frames but holds {decoded}.")


def _shown(stored: NDArray[np.generic], dataset: Dataset, index: int, wanted: Wanted) -> Shown:
    photometric = dataset.PhotometricInterpretation
    if photometric in _GREY:
        return greys.shown(stored, dataset, index, wanted)
    if photometric == "PALETTE COLOR":
        return from_colours(palettes.colours(stored, dataset))
    spare = max(_whole(dataset, "BitsStored", 8) - 8, 0)
    return from_colours((stored.astype(np.uint32) >> spare).clip(0, 255).astype(np.float32))


def _whole(dataset: Dataset, keyword: str, absent: int | None = None) -> int:
    value = dataset.get(keyword)
    if value is None and absent is not None:
        return absent
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InvalidError(_CONTRADICTION) from None
