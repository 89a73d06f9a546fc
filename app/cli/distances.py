"""The `distance` command: a real set against a synthetic one, or against a generator, by one network's features."""

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from app.cli.weight_files import imported_folder, in_a_sentence, ours
from app.errors import InvalidError
from app.imaging import sources
from app.imaging.importer import Decoded, ImportSettings, Refused, decode_all
from app.services.samples import parse_seeds
from models import checkpoint, feature_files
from models import sample as sampling
from models.distances import Distances, measure
from models.feature_files import Source
from models.features import LITE, Extractor, Image, open_extractor
from models.kernel_distance import LEVEL

_GENERATORS = {".pkl", ".pt", ".pth", ".safetensors"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of the network and of what a generator draws."""

    extractor: str | None
    weights: Path | None
    pinned: str | None
    seeds: str
    psi: float
    noise_mode: str
    class_index: int | None
    seed: int


def compare(environ: Mapping[str, str], real: Path, synthetic: Path, asked: Asked, *, as_json: bool) -> None:
    """Print the distances; features stay in the data folder, where there is one, and are not computed again."""
    with in_a_sentence(), tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        name = asked.extractor or (asked.weights.name if asked.weights else LITE)
        extractor = open_extractor(name, asked.weights, asked.pinned)
        data_dir = environ.get("BLINDREAD_DATA_DIR")
        kept = Path(data_dir) / "features" if data_dir else work / "features"
        if synthetic.suffix in _GENERATORS:
            drawn = _generator(ours(synthetic, imported_folder(environ, work)), asked)
        else:
            drawn = _folder(synthetic, work / "synthetic")
        shown = _folder(real, work / "real")
        rows = [
            _computed(each, extractor, kept, title) for each, title in ((shown, "Real"), (drawn, "Synthetic"))
        ]
        found = measure(rows[0], rows[1], asked.seed)
    if as_json:
        print(json.dumps(_data(found, extractor), indent=2, ensure_ascii=False, allow_nan=False))
        return
    for line in _lines(found, extractor):
        print(line)


def _computed(source: Source, extractor: Extractor, kept: Path, title: str) -> feature_files.Rows:
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=None)
        return feature_files.of(source, extractor, kept, lambda done: progress.update(task, completed=done))


def _folder(path: Path, staging: Path) -> Source:
    """A folder's images as an import would keep them, decoded by a child with limits; what is refused is told on stderr."""
    if not path.exists():
        raise InvalidError(f"There is no file or folder {path}.")
    found = sources.collect([path], staging / "unpacked")
    digest = hashlib.sha256()
    for source in found:
        digest.update((checkpoint.sha256(source.path) if source.path else "absent").encode())

    def images(start: int) -> Iterator[Image]:
        kept = 0
        for outcome in decode_all(found, ImportSettings(), staging / "decoding"):
            if isinstance(outcome, Refused):
                print(f"File {outcome.place}: {outcome.reason}", file=sys.stderr)
            elif isinstance(outcome, Decoded):
                kept += 1
                if kept > start:
                    yield outcome.pixels

    return Source(f"images {digest.hexdigest()}", images)


def _generator(weights: Path, asked: Asked) -> Source:
    """A generator's images of these seeds."""
    seeds = parse_seeds(asked.seeds)
    settings = sampling.Settings(asked.psi, asked.noise_mode, asked.class_index)
    generator = checkpoint.load(weights)
    settings.fit(generator.config)

    def images(start: int) -> Iterator[Image]:
        for _, pixels in sampling.sample(generator, seeds[start:], settings):
            yield pixels

    return Source(f"generator {checkpoint.sha256(weights)} {settings} {seeds}", images)


def _data(found: Distances, extractor: Extractor) -> dict[str, object]:
    told = {
        "extractor": extractor.name,
        "weights_sha256": extractor.weights,
        "preprocessing": extractor.preprocessing,
    }
    return {"distance": extractor.title, **told, **asdict(found)}


def _lines(found: Distances, extractor: Extractor) -> Iterator[str]:
    yield f"{extractor.title}: {found.frechet:.4g} ({found.n_real} real and {found.n_synthetic} synthetic images, {found.dimensions} dimensions)"
    if found.relative is not None:
        yield f"Relative to two halves of the real set ({found.halves:.4g}, {found.n_real // 2} images each): {found.relative:.3g}"
    kernel = found.kernel
    if kernel.low is None or kernel.high is None:
        yield f"Kernel distance (KID form): {kernel.estimate:.3g}; too few images for an interval"
    else:
        yield (
            f"Kernel distance (KID form): {kernel.estimate:.3g} ({LEVEL:.0%} CI {kernel.low:.3g} to {kernel.high:.3g}, "
            f"{kernel.blocks} blocks of {kernel.size})"
        )
    if found.shares:
        yield f"Precision {found.shares.precision:.1%}, recall {found.shares.recall:.1%} (third nearest neighbours)"
    yield f"Network {extractor.name}, weights {extractor.weights[:12]}…; {extractor.preprocessing}; halves and blocks by seed {found.seed}"
    if found.few:
        yield "Caution: there are no more images than dimensions, so the Fréchet distance says as much of their number as of the model; compare at equal numbers only."
