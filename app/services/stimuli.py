"""How stored images become the bytes that readers see: one path for all items, at the freeze and whenever it is verified."""

from collections.abc import Iterator, Sequence

import numpy as np

from app.artifacts import Artifacts
from app.blinding import mends
from app.imaging import stimulus

MEND_SEED = 0


def derived(artifacts: Artifacts, digests: Sequence[str], mended: Sequence[str]) -> Iterator[bytes]:
    """The stimulus of each stored image, in order: decoded, mended together with all others, encoded.

    Without a mend one image is held at a time; a mend looks at all of them, because every arm must get the same.
    """
    images = (stimulus.decode(artifacts.get_content("images", digest, ".png")) for digest in digests)
    if not mended:
        yield from (stimulus.encode(pixels) for pixels in images)
        return
    together = np.stack(list(images))
    for name in mended:
        together = mends.apply(name, together, MEND_SEED)
    yield from (stimulus.encode(pixels) for pixels in together)
