"""PALETTE COLOR images (PS3.3 C.7.9): stored indices → red, green, blue.

Plain tables are looked up here: pydicom reads those of big-endian files with their bytes swapped, and cuts indices off
at the depth of the table's entries. Segmented tables are left to it.
"""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from app.errors import InvalidError

_CHANNELS = ("Red", "Green", "Blue")
_UNUSABLE = "The colour palette of this image cannot be used."


def colours(stored: NDArray[np.generic], dataset: Dataset) -> NDArray[np.float32]:
    """Display values (H, W, 3), 0–255, of indices (H, W); indices beyond the table show its first or last colour."""
    descriptor = list(dataset.get("RedPaletteColorLookupTableDescriptor") or ())
    if len(descriptor) != 3 or descriptor[2] not in (8, 16):
        raise InvalidError(_UNUSABLE)
    entries, first, bits = int(descriptor[0]) or 2**16, int(descriptor[1]), int(descriptor[2])
    if "RedPaletteColorLookupTableData" not in dataset:
        return _segmented(stored, dataset, entries, bits)
    table = np.stack([_table(dataset, channel, entries, bits) for channel in _CHANNELS], axis=-1)
    found: NDArray[np.float32] = table[(stored.astype(np.int64) - first).clip(0, entries - 1)]
    return found


def _table(dataset: Dataset, channel: str, entries: int, bits: int) -> NDArray[np.float32]:
    """One channel's entries as display values; 8-bit entries may stand one or two to a word."""
    element = dataset[f"{channel}PaletteColorLookupTableData"]
    data = bytes(element.value)
    big = not dataset.original_encoding[1]
    if len(data) < entries:
        raise InvalidError(_UNUSABLE)
    if len(data) >= 2 * entries:
        values = np.frombuffer(data, ">u2" if big else "<u2", entries)
        return _scaled(values, 255 if bits == 8 else 65535)
    if big and element.VR == "OW":
        data = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()
    return _scaled(np.frombuffer(data, np.uint8, min(entries, len(data))), 255)


def _segmented(stored: NDArray[np.generic], dataset: Dataset, entries: int, bits: int) -> NDArray[np.float32]:
    if bits == 8 and entries > 256:
        raise InvalidError(_UNUSABLE)
    return _scaled(apply_color_lut(stored, dataset)[..., :3], 255 if bits == 8 else 65535)


def _scaled(values: NDArray[np.generic], most: int) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (values.astype(np.float32) * np.float32(255 / most)).clip(0, 255)
    return scaled
