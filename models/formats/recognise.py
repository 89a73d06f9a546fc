"""What kind of file is it? Known kinds that are not read are refused by their name."""

import mmap
from pathlib import Path

from models.errors import CheckpointRefused
from models.formats import legacy_blob
from models.formats.ada import read_ada
from models.formats.foreign import Foreign
from models.formats.safetensors import read_safetensors

MOST_BYTES = 2 * 2**30  # a generator, its twin and the discriminator at 1024 pixels take about 380 MB
_NOT_READ_YET = (
    "are not read yet; give a .pkl of stylegan2-ada-pytorch or stylegan3, or a .safetensors of ours."
)


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
            raise _archive(file.read(1 << 20))
        if head.startswith(legacy_blob.HEAD):
            raise CheckpointRefused(f"PyTorch files made by torch.save {_NOT_READ_YET}")
        if head[:1] == b"\x80":
            return read_ada(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        raise CheckpointRefused("This is a Keras (HDF5) file, no StyleGAN2 checkpoint.")
    raise CheckpointRefused("This file is no checkpoint: it is neither a pickle nor safetensors.")


def _archive(start: bytes) -> CheckpointRefused:
    """A zip: the names of its parameters, which stand at its start, tell whose it is."""
    if b"initial_block" in start or b"GAN." in start:
        return CheckpointRefused(
            "This looks like a lucidrains stylegan2-pytorch checkpoint, which is another network."
        )
    if b"g_ema" in start:
        return CheckpointRefused(f"Checkpoints of rosinality's stylegan2-pytorch {_NOT_READ_YET}")
    if b"data.pkl" in start:
        return CheckpointRefused(f"PyTorch files made by torch.save {_NOT_READ_YET}")
    return CheckpointRefused("This is a zip archive, no checkpoint; unpack it and give the .pkl inside.")
