"""Pictures of a checkpoint: a grid of seeds, truncations, ways between seeds; and its images' nearest real neighbours."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from app import clock
from app.errors import InvalidError
from app.imaging import neighbours, stimulus
from app.imaging.resize import to_square
from app.services import checkpoints, imagesets, pictures
from app.worker.warm import GENERATORS
from app.worker.work import Work
from models import sample, walk
from models.network import Generator

Pixels = NDArray[np.uint8]
Made = tuple[bytes, dict[str, object]]


def draw_missing(work: Work, checkpoint_id: str, generator: Generator) -> None:
    """Make the pictures of every checkpoint that are not there yet; each is kept as soon as it is made."""
    with work.parts.database.read() as db:
        there = pictures.kinds(db, checkpoint_id)
    for done, (kind, draw) in enumerate(_KINDS.items(), 1):
        if kind not in there:
            _keep(work, checkpoint_id, kind, draw(generator))
        if not work.alive(1 + done, 1 + len(_KINDS)):
            return


def look_for_neighbours(work: Work) -> None:
    """Find the real images that are nearest to sampled ones, and show the closest pairs first."""
    checkpoint_id, set_id = (str(work.payload[name]) for name in ("checkpoint_id", "image_set_id"))
    with work.parts.database.read() as db:
        artifact = checkpoints.artifact_of(db, checkpoint_id)
        digests = imagesets.digests(db, set_id)
        patients = np.array(imagesets.patients(db, set_id))
    if artifact is None or not digests:
        raise InvalidError("There is nothing to compare: the checkpoint or the set is empty.")
    generator = GENERATORS.load(work.parts.artifacts.local_path(artifact), work.parts.device)[0]
    seeds = list(pictures.NEIGHBOUR_SEEDS)
    drawn = _sampled(generator, seeds)
    real = []
    for done, digest in enumerate(digests, 1):
        real.append(neighbours.thumbnail(_stored(work, digest)))
        if not work.alive(done, len(digests) + 1):
            return
    among = np.stack(real)
    found = neighbours.nearest(
        np.stack([neighbours.thumbnail(pixels) for pixels in drawn]), among, pictures.NEIGHBOURS
    )
    closest = np.argsort(found.distances[:, 0], kind="stable")[: pictures.NEIGHBOURS_SHOWN]
    rows = [
        [
            drawn[i],
            *(
                _fitted(_stored(work, digests[place]), drawn[i], mirrored=bool(mirrored))
                for place, mirrored in zip(found.places[i], found.mirrored[i], strict=True)
            ),
        ]
        for i in closest
    ]
    facts: dict[str, object] = {
        "seeds": [seeds[i] for i in closest],
        "distances": [[round(float(d), 4) for d in found.distances[i]] for i in closest],
        "mirrored": [[bool(m) for m in found.mirrored[i]] for i in closest],
        "sampled": len(seeds),
        "real": len(digests),
        "synthetic_to_real": round(float(np.median(found.distances[:, 0])), 4),
        "patients": len(np.unique(patients[patients >= 0])),
        "real_to_real": _number(neighbours.typical_gap(among, patients)),
    }
    _keep(work, checkpoint_id, "neighbours", (stimulus.encode(_sheet(rows), compress=True), facts), set_id)
    work.alive(len(digests) + 1, len(digests) + 1)


def _keep(work: Work, checkpoint_id: str, kind: str, made: Made, subject: str = "") -> None:
    data, facts = made
    digest = work.parts.artifacts.put_content("pictures", data, ".png")
    with work.parts.database.write() as db:
        pictures.keep(
            db,
            checkpoint_id,
            kind,
            f"pictures/{digest[:2]}/{digest}.png",
            subject=subject,
            facts=facts,
            now=clock.now(),
        )


def _grid(generator: Generator) -> Made:
    images = _sampled(generator, list(pictures.GRID_SEEDS))
    rows = [images[i : i + 4] for i in range(0, len(images), 4)]
    return stimulus.encode(_sheet(rows), compress=True), {"seeds": list(pictures.GRID_SEEDS)}


def _truncation(generator: Generator) -> Made:
    rows = walk.sweep(generator, pictures.SWEEP_SEEDS, pictures.SWEEP_PSIS, _first_class(generator))
    facts: dict[str, object] = {"seeds": list(pictures.SWEEP_SEEDS), "psis": list(pictures.SWEEP_PSIS)}
    return stimulus.encode(_sheet(rows), compress=True), facts


def _interpolation(generator: Generator) -> Made:
    row = walk.strip(generator, pictures.STRIP_SEEDS, pictures.STRIP_STEPS, _first_class(generator))
    return stimulus.encode(_sheet([row]), compress=True), {"seeds": list(pictures.STRIP_SEEDS)}


_KINDS: dict[str, Callable[[Generator], Made]] = {
    "grid": _grid,
    "truncation": _truncation,
    "interpolation": _interpolation,
}


def _sampled(generator: Generator, seeds: Sequence[int]) -> list[Pixels]:
    settings = sample.Settings(class_index=_first_class(generator))
    return [pixels for _, pixels in sample.sample(generator, seeds, settings)]


def _first_class(generator: Generator) -> int | None:
    return 0 if generator.config.c_dim else None


def _sheet(rows: Sequence[Sequence[Pixels]]) -> Pixels:
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)


def _stored(work: Work, digest: str) -> Pixels:
    return stimulus.decode(work.parts.artifacts.get_content("images", digest, ".png"))


def _fitted(pixels: Pixels, like: Pixels, *, mirrored: bool) -> Pixels:
    """A real image at the size and in the mode of a sampled one, mirrored where that is how it was compared."""
    if mirrored:
        pixels = pixels[:, ::-1]
    square = to_square(pixels.astype(np.float32), like.shape[0])
    if square.ndim == 3 and like.ndim == 2:
        square = square.mean(axis=2)
    if square.ndim == 2 and like.ndim == 3:
        square = np.repeat(square[..., None], 3, axis=2)
    return square.round().astype(np.uint8)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
