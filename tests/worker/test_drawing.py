"""The search for real neighbours of sampled images."""

import numpy as np
import pytest
from PIL import Image

from app import clock, worker
from app.errors import ConflictError, NotFoundError
from app.imaging import stimulus
from app.services import pictures
from models import checkpoint, sample
from tests.worker.conftest import stage, write_png
from tests.worker.test_importing import start_import


@pytest.fixture
def with_a_copy(parts, researcher, generator_file, tmp_path):
    """A set of noise, and among it the mirrored image of seed 5."""
    pixels = dict(sample.sample(checkpoint.load(generator_file, "cpu"), [5], sample.Settings()))[5]
    files = [write_png(tmp_path / f"{n}.png", n) for n in range(6)]
    copy = tmp_path / "copy.png"
    Image.fromarray(pixels[:, ::-1].copy()).save(copy)
    set_id = start_import(parts, researcher, stage(parts, [*files[:4], copy, *files[4:]]))
    worker.run_until_idle(parts)
    return set_id


def look(parts, user, checkpoint_id, set_id):
    with parts.database.write() as db:
        return pictures.look_for_neighbours(db, user, checkpoint_id, set_id, clock.now())


def test_a_copy_of_a_real_image_comes_first(parts, researcher, registered, with_a_copy):
    look(parts, researcher, registered, with_a_copy)
    worker.run_until_idle(parts)
    with parts.database.read() as db:
        assert pictures.neighbours_job(db, registered, clock.now()).status == "done"
        (found,) = [view for view in pictures.listing(db, registered) if view.kind == "neighbours"]
        sheet = stimulus.decode(
            pictures.png(db, parts.artifacts, researcher, registered, "neighbours", with_a_copy)
        )
    facts = found.facts
    assert found.subject_name == "real images"
    assert (facts["sampled"], facts["real"], len(facts["seeds"])) == (64, 7, 8)
    assert facts["seeds"][0] == 5
    assert facts["distances"][0][0] == pytest.approx(0, abs=0.001)
    assert facts["mirrored"][0][0] is True
    assert facts["distances"][1][0] > 0.01
    assert (facts["patients"], facts["real_to_real"]) == (0, None)
    assert sheet.shape == (8 * 16, 5 * 16)
    assert np.array_equal(sheet[:16, :16], sheet[:16, 16:32])


def test_looking_again_replaces_the_picture_and_runs_once(parts, researcher, registered, with_a_copy):
    first = look(parts, researcher, registered, with_a_copy)
    assert look(parts, researcher, registered, with_a_copy) == first
    worker.run_until_idle(parts)
    assert look(parts, researcher, registered, with_a_copy) != first
    worker.run_until_idle(parts)
    with parts.database.read() as db:
        assert [view.kind for view in pictures.listing(db, registered)].count("neighbours") == 1


def test_a_set_that_is_not_there_or_not_ready_gets_a_sentence(parts, researcher, registered, tmp_path):
    with pytest.raises(NotFoundError):
        look(parts, researcher, registered, "nothing")
    set_id = start_import(parts, researcher, stage(parts, [write_png(tmp_path / "a.png", 1)]))
    with pytest.raises(ConflictError, match="still being imported"):
        look(parts, researcher, registered, set_id)
