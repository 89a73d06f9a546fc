"""Slices written as DICOM files, for tests that need real files of known content."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, RLELossless, generate_uid

STORAGE = {"MR": MRImageStorage, "CT": CTImageStorage}


def slice_dataset(
    pixels: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int16],
    *,
    patient: str = "patient-1",
    modality: str = "MR",
    window: tuple[float, float] | None = None,
    photometric: str = "MONOCHROME2",
    rescale: tuple[float, float] | None = None,
    instance: int = 1,
) -> Dataset:
    """An uncompressed, little-endian MR or CT slice: stored values `pixels` (H, W), 8 or 16 bits, all of them used.

    `window` is (centre, width) in modality units, `rescale` (slope, intercept); None leaves the attributes out, but a CT
    always has the rescale that its definition asks for. The UIDs are new at each call.
    """
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16, np.int16):
        raise ValueError("a slice is (H, W), uint8, uint16 or int16")
    bits = pixels.dtype.itemsize * 8
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = STORAGE[modality]
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientID, dataset.PatientName = patient, f"Test^{patient}"
    dataset.Modality, dataset.InstanceNumber = modality, instance
    dataset.PixelSpacing, dataset.SliceThickness = [1.0, 1.0], 1.0
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype == np.int16)
    if window:
        dataset.WindowCenter, dataset.WindowWidth = window
    if rescale or modality == "CT":
        dataset.RescaleSlope, dataset.RescaleIntercept = rescale or (1, 0)
    stored = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = stored + b"\0" * (len(stored) % 2)  # element values have an even length
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    return dataset


def write_slice(
    path: Path,
    pixels: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int16],
    *,
    patient: str = "patient-1",
    modality: str = "MR",
    window: tuple[float, float] | None = None,
    transfer_syntax: UID = ExplicitVRLittleEndian,
    photometric: str = "MONOCHROME2",
    rescale: tuple[float, float] | None = None,
    instance: int = 1,
) -> Path:
    """Write such a slice to `path` and return it.

    `transfer_syntax`: implicit or explicit little endian, deflated, RLE, JPEG-LS lossless or JPEG 2000 lossless; big
    endian is not written by pydicom from little-endian pixels, and is refused.
    """
    dataset = slice_dataset(
        pixels,
        patient=patient,
        modality=modality,
        window=window,
        photometric=photometric,
        rescale=rescale,
        instance=instance,
    )
    if transfer_syntax.is_compressed and not transfer_syntax.is_deflated:
        plugin = {"encoding_plugin": "pydicom"} if transfer_syntax == RLELossless else {}
        dataset.compress(transfer_syntax, generate_instance_uid=False, **plugin)
    else:
        if not transfer_syntax.is_little_endian:
            raise ValueError("big-endian slices are not written")
        dataset.file_meta.TransferSyntaxUID = transfer_syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
