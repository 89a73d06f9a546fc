"""Import jobs: what is kept, what is refused, and that nothing of an upload is left."""

import io
import signal
import zipfile

import pytest

from app import clock, worker
from app.services import imports
from tests.worker.conftest import set_view, stage, start_worker, wait_until, write_png


def start_import(parts, user, staged, size="", window=("", "")):
    with parts.database.write() as db:
        return imports.start_import(
            db,
            user,
            name="real images",
            window_center=window[0],
            window_width=window[1],
            size=size,
            staged=staged,
            now=clock.now(),
        )


def test_good_files_are_kept_and_others_refused_by_their_place(parts, researcher, tmp_path):
    (tmp_path / "secret name.png").write_text("this is text")
    files = [write_png(tmp_path / "a.png", 1), tmp_path / "secret name.png", write_png(tmp_path / "b.png", 2)]
    staged = stage(parts, files)
    set_id = start_import(parts, researcher, staged)
    worker.run_until_idle(parts)
    view = set_view(parts, researcher, set_id)
    assert view.job.status == "done"
    assert view.count == 2
    assert [(refusal.place, refusal.frame) for refusal in view.refusals] == [(2, 0)]
    assert view.refusals[0].reason.endswith(".")
    assert not (parts.settings.staging_dir / staged).exists()


def test_a_zip_is_taken_apart_and_resized(parts, researcher, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for seed in range(3):
            archive.write(write_png(tmp_path / f"{seed}.png", seed, size=40), f"patient/{seed}.png")
    (tmp_path / "upload.zip").write_bytes(packed.getvalue())
    set_id = start_import(parts, researcher, stage(parts, [tmp_path / "upload.zip"]), size="32")
    worker.run_until_idle(parts)
    view = set_view(parts, researcher, set_id)
    assert (view.count, view.width, view.height) == (3, 32, 32)


@pytest.mark.timeout(300)
def test_an_import_whose_worker_is_killed_begins_anew_and_doubles_nothing(parts, researcher, tmp_path):
    files = [write_png(tmp_path / f"{seed}.png", seed) for seed in range(300)]
    set_id = start_import(parts, researcher, stage(parts, files))
    first = start_worker(parts)
    wait_until(lambda: set_view(parts, researcher, set_id).count > 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert set_view(parts, researcher, set_id).count < 300
    second = start_worker(parts)
    wait_until(lambda: set_view(parts, researcher, set_id).job.status == "done")
    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    assert set_view(parts, researcher, set_id).count == 300


def test_uploads_that_nobody_waits_for_are_swept(parts, researcher, tmp_path):
    waiting = stage(parts, [write_png(tmp_path / "a.png", 1)])
    start_import(parts, researcher, waiting)
    orphan = stage(parts, [write_png(tmp_path / "b.png", 2)])
    worker.sweep_staging(parts)
    assert (parts.settings.staging_dir / orphan).exists()  # it may still be coming
    worker.sweep_staging(parts, older_than=-1)
    assert (parts.settings.staging_dir / waiting).exists()
    assert not (parts.settings.staging_dir / orphan).exists()
