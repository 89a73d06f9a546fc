"""Studies with chosen pixels: sets are filled through the services, everything after goes its usual way."""

import threading

import numpy as np

from app import clock, worker
from app.imaging import stimulus
from app.imaging.importer import Decoded
from app.protocol.design import Protocol
from app.services import designs, imagesets, imports, people, samples, sessions
from app.services.feasible import NewSession
from app.tables.checkpoints import Checkpoint
from tests.blinding import material

EACH = 20
OWNER = "owner@example.org"
PLAIN = Protocol()


def heads(seed=1, each=EACH, plant=None):
    """Images and truths of a session, all of one source, where asked with a cue in the synthetic ones."""
    rng = np.random.default_rng(seed)
    synthetic = material.half(rng, 2 * each)
    images = material.heads(rng, 2 * each)
    return (material.planted(images, synthetic, plant, rng) if plant else images), synthetic


def frozen(site, images, synthetic):
    """A frozen session of the site's owner whose audit is asked for, not made; returns its address."""
    with site.parts.database.read() as db:
        user = people.by_email(db, OWNER)
    session_id = draft(site.parts, user, images, synthetic)
    with site.parts.database.write() as db:
        sessions.start_freeze(db, user, session_id, site.settings.secret_key, clock.now())
    worker.run_one(site.parts, "test:1:1", threading.Event())
    return f"/sessions/{session_id}"


def draft(parts, user, images, synthetic, protocol=PLAIN, n=None):
    """A draft session of these images (N, H, W), of which `synthetic` (N,) says the truth, or of `n` of each; returns its id."""
    key, now = parts.settings.secret_key, clock.now()
    with parts.database.write() as db:
        made = Checkpoint(id=_fresh("c", len(images)), owner_id=user.id, name="g", facts={}, created_at=now)
        db.merge(made)
        db.flush()
        real = imagesets.create(db, user.id, "Real", "real", {"size": None}, now)
        pipeline = {"checkpoint_id": made.id, "seeds": "0-99", "psi": 1.0}
        other = imagesets.create(db, user.id, "Samples", "synthetic", pipeline, now)
        for place, (pixels, false) in enumerate(zip(images, synthetic, strict=True)):
            sha256 = parts.artifacts.put_content("images", stimulus.encode(pixels, compress=True), ".png")
            if false:
                samples.add_synthetic(
                    db,
                    other,
                    checkpoint_id=made.id,
                    seed=place,
                    shape=pixels.shape,
                    sha256=sha256,
                    facts={},
                )
            else:
                imports.add_real(db, real, Decoded(place + 1, 1, pixels, {}, None, None, "as stored"), sha256)
        n_synthetic = int(np.sum(synthetic))
        asked = NewSession(
            title="Planted",
            public_title="Images",
            real_set_id=real,
            n_real=str(n or len(images) - n_synthetic),
            synthetic=((other, str(n or n_synthetic)),),
            protocol=protocol,
        )
        return designs.create(db, user, asked, key, now)


def _fresh(letter, number):
    return (letter + f"{number:x}").ljust(32, "0")
