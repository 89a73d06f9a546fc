"""Studies with chosen pixels: sets are filled through the services, everything after goes its usual way."""

import numpy as np

from app import clock
from app.imaging import stimulus
from app.imaging.importer import Decoded
from app.protocol import scale, wording
from app.services import imagesets, imports, samples, sessions
from app.services.sessions import NewSession
from app.tables.checkpoints import Checkpoint


def draft(parts, user, images, synthetic):
    """A draft session of these images (N, H, W), of which `synthetic` (N,) says the truth; returns its id."""
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
            n_real=str(len(images) - n_synthetic),
            synthetic_set_id=other,
            n_synthetic=str(n_synthetic),
            instructions=wording.INSTRUCTIONS,
            likert_labels=scale.LABELS,
            disclose_ratio=False,
            show_progress=True,
            allow_undo=False,
        )
        return sessions.create(db, user, asked, key, now)


def _fresh(letter, number):
    return (letter + f"{number:x}").ljust(32, "0")
