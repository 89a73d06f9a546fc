"""The distance of a synthetic set from a real one: features of both, batch by batch, then everything that is said of them."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict

from app import clock
from app.errors import InvalidError
from app.imaging import stimulus
from app.services import distances, imagesets, reports
from app.settings import OWN_EXTRACTOR
from app.worker.work import Work
from models import feature_files
from models.distances import measure
from models.errors import Refusal
from models.feature_files import Rows, Source
from models.features import Extractor, Image, open_extractor


class _Stopped(Exception):  # noqa: N818 - nothing has failed
    """The job is to stop; its features so far are kept."""


def measure_distance(work: Work) -> None:
    """Compare the two sets by one network and keep what was found; a stopped job goes on where it was."""
    set_id, real_set_id = (str(work.payload[name]) for name in ("image_set_id", "real_set_id"))
    with work.parts.database.read() as db:
        digests = [imagesets.digests(db, each) for each in (real_set_id, set_id)]
    total = sum(map(len, digests)) + 1
    try:
        extractor = _extractor(work)
        real = _features(work, digests[0], extractor, 0, total)
        synthetic = _features(work, digests[1], extractor, len(digests[0]), total)
        with work.beating():
            found = measure(real, synthetic, distances.SEED)
    except _Stopped:
        return
    except Refusal as refusal:
        raise InvalidError(str(refusal)) from refusal
    told = {
        "distance": extractor.title,
        "weights_sha256": extractor.weights,
        "preprocessing": extractor.preprocessing,
        **asdict(found),
    }
    with work.parts.database.write() as db:
        now = clock.now()
        distances.keep(db, set_id, real_set_id, extractor.name, told, now)
        reports.renew(db, set_id, real_set_id, now)
    work.alive(total, total)


def _extractor(work: Work) -> Extractor:
    """The network that comes with the worker, or one that the settings name with the SHA-256 of its file: no user's file gets here."""
    name = str(work.payload.get("extractor", OWN_EXTRACTOR))
    if name == OWN_EXTRACTOR:
        return open_extractor(name)
    there = next((each for each in work.parts.settings.extractors if each.name == name), None)
    if there is None:
        raise InvalidError(f"The settings name no extractor {name} any more.")
    return open_extractor(name, there.file, there.sha256)


def _features(work: Work, digests: list[str], extractor: Extractor, before: int, total: int) -> Rows:
    def images(start: int) -> Iterator[Image]:
        for digest in digests[start:]:
            yield stimulus.decode(work.parts.artifacts.get_content("images", digest, ".png"))

    def told(done: int) -> None:
        if not work.alive(before + done, total):
            raise _Stopped

    source = Source(f"images {hashlib.sha256(' '.join(digests).encode()).hexdigest()}", images)
    return feature_files.of(source, extractor, work.parts.settings.data_dir / "features", told)
