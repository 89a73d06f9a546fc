"""What kind of file is it? Known kinds that are not read are refused by their name."""

import mmap
from pathlib import Path

from models.errors import CheckpointRefused
from models.formats import ada, legacy_blob, tensorflow, tensorflow_objects
from models.formats.foreign import Foreign
from models.formats.restricted import read
from models.formats.rosinality import read_rosinality
from models.formats.safetensors import read_safetensors
from models.formats.torch_file import read_legacy, read_zip

MOST_BYTES = 2 * 2**30  # a generator, its twin and the discriminator at 1024 pixels take about 380 MB


def read_foreign(path: Path) -> Foreign:
    """Read a checkpoint of any kind we know; raises CheckpointRefused, with the kind's name where it is another."""
    size = path.stat().st_size
    if size == 0:
        raise CheckpointRefused("This file is empty.")
    if size > MOST_BYTES:
        raise CheckpointRefused(
            f"This file has {size / 2**30:.1f} GiB; no StyleGAN2 checkpoint is that large."
        )
    with path.open("rb") as file:
        head = file.read(16)
        if head[8:9] == b"{":
            return read_safetensors(path)
        if head[:4] == b"PK\x03\x04":
            return read_rosinality(read_zip(path))
        if head[:1] == b"\x80":
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            legacy = head.startswith(legacy_blob.HEAD)
            return read_rosinality(read_legacy(data)) if legacy else _pickle(data)
        file.seek(-1, 2)
        last = file.read(1)
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        raise CheckpointRefused("This is a Keras (HDF5) file, no StyleGAN2 checkpoint.")
    if head[:1] in (b"(", b"c", b"d", b"]", b"}") and last == b".":
        raise CheckpointRefused("This is a pickle of an old protocol, which no StyleGAN2 checkpoint has.")
    raise CheckpointRefused(
        "This file is no checkpoint: it is neither a pickle nor safetensors nor torch.save's."
    )


def _pickle(data: memoryview) -> Foreign:
    top, _ = read(data, {**ada.NAMES, **tensorflow_objects.NAMES})
    averaged = tensorflow.averaged(top)
    return tensorflow.read_tensorflow(averaged) if averaged else ada.read_ada(top)
