"""NIfTI files of known content, for tests that need real volumes."""

import nibabel
import numpy as np

RAS = np.diag([2.0, 3.0, 4.0, 1.0])
"""Voxels of 2 × 3 × 4 mm, whose indices grow to the patient's right, front and head."""
LETTERS = {"L": (0, -1), "R": (0, 1), "P": (1, -1), "A": (1, 1), "I": (2, -1), "S": (2, 1)}


def stored(volume, towards, affine=RAS):
    """A volume (x, y, z) of RAS, and its affine, as stored with axes that grow `towards` these letters, such as “PSR”."""
    axes = [LETTERS[letter][0] for letter in towards]
    turned, changed = np.transpose(volume, axes), affine[:, [*axes, 3]].copy()
    for index, letter in enumerate(towards):
        if LETTERS[letter][1] < 0:
            turned = np.flip(turned, index)
            changed[:, 3] += changed[:, index] * (turned.shape[index] - 1)
            changed[:, index] *= -1
    return np.ascontiguousarray(turned), changed


def write_volume(path, volume, affine=RAS, *, kind=nibabel.Nifti1Image, slope=None, inter=0.0, change=None):
    """Write voxels as they are; `change` may set fields of the header, such as {"descrip": …}."""
    image = kind(volume, affine, dtype=volume.dtype)
    for field, value in (change or {}).items():
        image.header[field] = value
    if slope is not None:
        image.header.set_slope_inter(slope, inter)
    nibabel.save(image, path)
    return path
