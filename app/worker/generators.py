"""The generator jobs: read a checkpoint once, in a child process; sample images from it."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app import clock
from app.checkpoint_files import import_in_child
from app.errors import InvalidError
from app.imaging import stimulus
from app.services import audit, checkpoints, imagesets, samples
from app.worker import drawing
from app.worker.warm import GENERATORS
from app.worker.work import Parts, Work
from models import sample
from models.network import Generator
from models.rendering import Rendering


def import_checkpoint(work: Work) -> None:
    """Read the staged file without running anything in it, keep it as safetensors, draw its pictures."""
    checkpoint_id = str(work.payload["checkpoint_id"])
    artifact = _import(work, work.staged(), checkpoint_id)
    if work.alive(1, 4):
        drawing.draw_missing(work, checkpoint_id, _load(work.parts, artifact)[0])


def _import(work: Work, staged: Path, checkpoint_id: str) -> str:
    with work.parts.database.read() as db:
        there = checkpoints.artifact_of(db, checkpoint_id)
    if there:
        return there
    sources = sorted(path for path in staged.iterdir() if path.is_file()) if staged.is_dir() else []
    if len(sources) != 1:
        raise InvalidError("The uploaded checkpoint is gone; upload it again.")
    target = staged / "read" / "imported.safetensors"  # beside the upload: after a kill, that is still alone
    target.parent.mkdir(exist_ok=True)
    facts = import_in_child(sources[0], target)
    digest = work.parts.artifacts.put_content("checkpoints", target.read_bytes(), ".safetensors")
    artifact = f"checkpoints/{digest[:2]}/{digest}.safetensors"
    with work.parts.database.write() as db:
        checkpoints.imported(db, checkpoint_id, artifact, facts)
        audit.record(
            db,
            work.parts.settings.secret_key,
            now=clock.now(),
            actor=f"user:{work.job.owner_id}",
            action="checkpoint imported",
            subject=f"checkpoint:{checkpoint_id}",
            sha256=str(facts["source_sha256"]),
        )
    return artifact


def sample_images(work: Work) -> None:
    """Render the set's seeds that are not stored yet, batch by batch; the next is computed while one is stored."""
    set_id, database = str(work.payload["image_set_id"]), work.parts.database
    with database.read() as db:
        plan = samples.sampling_of(db, set_id)
        stored = imagesets.seeds(db, set_id)
        artifact = checkpoints.artifact_of(db, plan.checkpoint_id)
    seeds = samples.parse_seeds(plan.seeds)
    done = len(stored)
    if artifact is None:
        raise InvalidError("This checkpoint has not been read; import it again.")
    if not work.alive(done, len(seeds)):
        return
    generators = _load(work.parts, artifact)
    settings = sample.Settings(psi=plan.psi, noise_mode=plan.noise_mode, class_index=plan.class_index)
    rendering = Rendering(
        checkpoint_sha256=Path(artifact).stem,
        seed=0,
        psi=plan.psi,
        class_index=plan.class_index,
        noise_mode=plan.noise_mode,
        dtype=str(generators[0].dtype).removeprefix("torch."),
        device=generators[0].mapping.w_avg.device.type,
        version=version("blindread"),
    )
    missing = [seed for seed in seeds if seed not in stored]
    for batch in sample.sample_ahead(generators, missing, settings):
        files = [(seed, pixels.shape, _stored(work.parts, pixels)) for seed, pixels in batch]
        with database.write() as db:
            for seed, shape, sha256 in files:
                samples.add_synthetic(
                    db,
                    set_id,
                    checkpoint_id=plan.checkpoint_id,
                    seed=seed,
                    shape=shape,
                    sha256=sha256,
                    facts=replace(rendering, seed=seed).to_json(),
                )
        done += len(batch)
        if not work.alive(done, len(seeds)):
            return


def _stored(parts: Parts, pixels: NDArray[np.uint8]) -> str:
    return parts.artifacts.put_content("images", stimulus.encode(pixels, compress=True), ".png")


def _load(parts: Parts, artifact: str) -> list[Generator]:
    return GENERATORS.load(parts.artifacts.local_path(artifact), parts.device)
