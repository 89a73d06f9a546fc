"""Grey frames of DICOM: stored values → modality units (HU for CT) → display values 0–255, black to white."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from app.errors import InvalidError
from app.imaging import facts, window
from app.imaging.shown import Shown
from app.imaging.window import Values, Wanted, Window


def shown(stored: NDArray[np.generic], dataset: Dataset, index: int, wanted: Wanted) -> Shown:
    """A MONOCHROME1 or MONOCHROME2 frame (H, W), frames from 0; raises InvalidError.

    Padding (PixelPaddingValue and its range) does not count among the percentiles and becomes black.
    """
    values = in_units(stored, facts.group(dataset, index, "PixelValueTransformationSequence") or dataset)
    if not np.isfinite(values).all():
        raise InvalidError("This image has pixels that are no finite numbers.")
    padding = _padding(stored, dataset)
    display, used, source = _display(values, padding, dataset, index, wanted)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        display = np.float32(255) - display
    if padding is not None:
        display[padding] = 0
    return Shown(display, used, source)


def in_units(stored: NDArray[np.generic], rules: Dataset) -> Values:
    """Stored values in modality units, by the modality table or by slope and intercept (PS3.3 C.11.1)."""
    if rules.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(stored, rules), np.float32)
    slope, intercept = _number(rules, "RescaleSlope", 1.0), _number(rules, "RescaleIntercept", 0.0)
    if slope is None or intercept is None or slope == 0 or max(abs(slope), abs(intercept)) > 1e30:
        raise InvalidError("The rescale slope or intercept of this file is not a usable number.")
    with np.errstate(over="ignore", invalid="ignore"):  # what is no finite number is refused by our caller
        values = stored.astype(np.float32)
        if (slope, intercept) != (1.0, 0.0):
            values = values * np.float32(slope) + np.float32(intercept)
        return values


def _display(
    values: Values, padding: NDArray[np.bool_] | None, dataset: Dataset, index: int, wanted: Wanted
) -> tuple[Values, Window | None, str]:
    if isinstance(wanted, Window):
        return window.linear(values, wanted), wanted, "given"
    rules = facts.group(dataset, index, "FrameVOILUTSequence") or dataset
    own = file_window(rules) if wanted is None else None
    if own and rules.get("VOILUTFunction") == "SIGMOID":
        return window.sigmoid(values, own), own, "file"
    if own:
        return window.linear(values, own), own, "file"
    if wanted is None and rules.get("VOILUTSequence"):
        return _by_table(values, rules), None, "file's table"
    inside = values if padding is None or padding.all() else values[~padding]
    used = window.by_percentiles(inside)
    return window.linear(values, used), used, "percentiles"


def file_window(rules: Dataset) -> Window | None:
    """The first window that a file gives, or None where it gives none that can be used.

    LINEAR_EXACT windows come back as the LINEAR window that shows the same: centre + ½, width + 1.
    """
    center, width = _number(rules, "WindowCenter"), _number(rules, "WindowWidth")
    if center is None or width is None:
        return None
    if rules.get("VOILUTFunction") == "LINEAR_EXACT":
        center, width = center + 0.5, width + 1 if width > 0 else 0
    try:
        return Window(center, width)
    except InvalidError:
        return None


def _by_table(values: Values, rules: Dataset) -> Values:
    """Through the file's first VOI table (PS3.3 C.11.2.1.1), its output range stretched to 0–255."""
    bits = int(rules.VOILUTSequence[0].LUTDescriptor[2])
    if not 8 <= bits <= 16:
        raise InvalidError("The display table of this file is not one that can be used.")
    most = np.iinfo(np.int32)
    whole = np.rint(values.astype(np.float64)).clip(most.min, most.max).astype(np.int32)
    looked_up = np.asarray(apply_voi(whole, rules), np.float32)
    stretched: Values = np.clip(looked_up * np.float32(255 / (2**bits - 1)), 0, 255)
    return stretched


def _padding(stored: NDArray[np.generic], dataset: Dataset) -> NDArray[np.bool_] | None:
    first = _number(dataset, "PixelPaddingValue")
    if first is None:
        return None
    last = _number(dataset, "PixelPaddingRangeLimit", first)
    low, high = sorted((first, first if last is None else last))
    mask: NDArray[np.bool_] = (stored >= low) & (stored <= high)  # type: ignore[operator]  # numbers, by their dtype
    return mask if mask.any() else None


def _number(rules: Dataset, keyword: str, absent: float | None = None) -> float | None:
    """An attribute's first value as a finite number; `absent` where it is missing, None where it is no such number."""
    value = rules.get(keyword)
    if value is None or value == "":
        return absent
    try:
        number = float(value if isinstance(value, str | int | float) else value[0])
    except (TypeError, ValueError, IndexError):
        return None
    return number if np.isfinite(number) else None
