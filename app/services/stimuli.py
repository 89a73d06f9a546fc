"""How stored images become the bytes that readers see: one path for all items, at the freeze and whenever it is verified."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.artifacts import Artifacts
from app.blinding import mends
from app.imaging import degraded, stimulus

MEND_SEED = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A stored image by its sha256, and the kind of item that it becomes: a catch item is degraded."""

    sha256: str
    kind: str


def derived(artifacts: Artifacts, sources: Sequence[Source], mended: Sequence[str]) -> Iterator[bytes]:
    """The stimulus of each stored image, in order: decoded, mended together with all others, encoded; catch items are degraded last.

    Without a mend one image is held at a time; a mend looks at all of them, because every arm must get the same. A repeat gets the
    bytes of the item that it repeats.
    """
    for source, pixels in zip(
        sources, _pixels(artifacts, [one.sha256 for one in sources], mended), strict=True
    ):
        yield stimulus.encode(degraded.degrade(pixels) if source.kind == "catch" else pixels)


def _pixels(
    artifacts: Artifacts, digests: Sequence[str], mended: Sequence[str]
) -> Iterator[NDArray[np.uint8]]:
    if not mended:
        yield from (_stored(artifacts, digest) for digest in digests)
        return
    once = list(dict.fromkeys(digests))
    together = np.stack([_stored(artifacts, digest) for digest in once])
    for name in mended:
        together = mends.apply(name, together, MEND_SEED)
    places = {digest: place for place, digest in enumerate(once)}
    yield from (together[places[digest]] for digest in digests)


def _stored(artifacts: Artifacts, digest: str) -> NDArray[np.uint8]:
    return stimulus.decode(artifacts.get_content("images", digest, ".png"))
