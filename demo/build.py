"""Make the demonstration's images, and its generator, again from their public source.

`slices --training DIR` fetches Debian's package mricron-data (or takes `--volumes FOLDER` with its two templates), writes
the held-out slices to demo/slices and the others, for training, to DIR. `train --training DIR --outdir RUN` trains on them
(hours on two cores; stop it and start it again at will). `take --outdir RUN` copies the run's newest generator to
demo/generator.safetensors.

Both volumes are of one head, so whole blocks of it are held out, by height in mm, with a margin on each side.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image

DEMO = Path(__file__).parent
VOLUMES = {"ch2": "full head, 1 mm", "ch2better": "brain only, 0.5 mm"}
SIZE = 64  # pixels
WINDOW = (0.0, 150.0)  # the volumes' own units: white matter is about 115 in both
BRAIN_CM2 = 40.0  # a slice with less brain than this shows too little
HELD_OUT_MM = ((-29.0, -23.0), (0.0, 6.0), (27.0, 33.0), (54.0, 60.0))  # heights in MNI space
MARGIN_MM = 2.0  # on each side of a held-out block, used for nothing


def fetch(folder: Path) -> Path:
    """Unpack Debian's package under `folder`; gives the templates' folder."""
    subprocess.run(["apt-get", "download", "mricron-data"], cwd=folder, check=True)
    package = next(folder.glob("mricron-data_*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, folder / "unpacked"], check=True)
    return folder / "unpacked/usr/share/mricron/templates"


def use(z: float) -> str:
    """What a slice at height z (mm) is for: held-out, training or nothing."""
    if any(low <= z < high for low, high in HELD_OUT_MM):
        return "held-out"
    near = any(low - MARGIN_MM <= z < high + MARGIN_MM for low, high in HELD_OUT_MM)
    return "nothing" if near else "training"


def picture(plane: NDArray[np.float32]) -> Image.Image:
    """An axial plane (x to the right, y to the front) as 8-bit grey: nose up, the patient's right on the left."""
    turned = plane.T[::-1, :]  # the volumes' x runs from left to right of the head
    turned = turned[:, ::-1]
    height, width = turned.shape
    side = max(height, width)
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = turned
    low, high = WINDOW
    grey = ((square - low) / (high - low)).clip(0, 1) * 255
    small = np.asarray(Image.fromarray(grey).resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    return Image.fromarray(np.rint(small.clip(0, 255)).astype(np.uint8))


def make_slices(volumes: Path, training: Path, held_out: Path) -> None:
    """Write the slices for training to one folder and those held out to another; PNG files there before are removed."""
    targets = {"held-out": held_out, "training": training}
    for folder in targets.values():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.png"):
            old.unlink()
    brain = brain_area(volumes / "ch2better.nii.gz")
    for name in VOLUMES:
        volume = nibabel.Nifti1Image.from_filename(volumes / f"{name}.nii.gz")
        voxels = np.asarray(volume.dataobj, np.float32)
        step, start = volume.affine[2, 2], volume.affine[2, 3]
        for k in range(voxels.shape[2]):
            z = start + k * step
            target = targets.get(use(z))
            if target is not None and np.interp(z, *brain, left=0, right=0) >= BRAIN_CM2:
                picture(voxels[:, :, k]).save(target / f"{name}_z{z:+06.1f}.png", optimize=True)
    for purpose, folder in targets.items():
        print(f"{purpose}: {len(list(folder.glob('*.png')))} slices in {folder}")


def brain_area(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heights (mm) and the brain's area (cm²) there, from the volume without skull."""
    volume = nibabel.Nifti1Image.from_filename(path)
    voxels = np.asarray(volume.dataobj)
    across, along, step = (abs(volume.affine[i, i]) for i in range(3))
    heights = volume.affine[2, 3] + step * np.arange(voxels.shape[2])
    return heights, (voxels > 0).sum(axis=(0, 1)) * across * along / 100


def train_generator(training: Path, outdir: Path, kimg: float) -> None:
    """Train, or go on training, until `kimg` thousand images have been shown."""
    from models.data import read_folder
    from models.train import TrainConfig, TrainProgress, train

    def tell(tick: TrainProgress) -> None:
        print(
            f"{tick.kimg:.0f} of {tick.total_kimg:.0f} kimg, {tick.images_per_second:.0f} images/s",
            flush=True,
        )

    print(train(TrainConfig(kimg=kimg), read_folder(training), outdir, tell))


def take(outdir: Path, target: Path) -> None:
    """Make a run's newest snapshot the demonstration's generator."""
    newest = max(outdir.glob("network-snapshot-*.safetensors"))
    shutil.copyfile(newest, target)
    print(f"{newest} is now {target}")


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="command")
    for command in ("slices", "train", "take"):
        own = commands.add_parser(command)
        if command == "slices":
            own.add_argument("--volumes", type=Path, help="a folder with ch2.nii.gz and ch2better.nii.gz")
            own.add_argument("--held-out", type=Path, default=DEMO / "slices", help="where the others go")
        if command != "take":
            own.add_argument("--training", type=Path, required=True, help="the slices for training")
        if command != "slices":
            own.add_argument("--outdir", type=Path, required=True, help="the training run's folder")
        if command == "take":
            own.add_argument(
                "--target", type=Path, default=DEMO / "generator.safetensors", help="where it goes"
            )
        if command == "train":
            own.add_argument("--kimg", type=float, default=400, help="thousands of images to show")
    arguments = parser.parse_args(argv)
    if arguments.command == "train":
        train_generator(arguments.training, arguments.outdir, arguments.kimg)
    elif arguments.command == "take":
        take(arguments.outdir, arguments.target)
    elif arguments.volumes:
        make_slices(arguments.volumes, arguments.training, arguments.held_out)
    else:
        with tempfile.TemporaryDirectory() as folder:
            make_slices(fetch(Path(folder)), arguments.training, arguments.held_out)


if __name__ == "__main__":
    main(sys.argv[1:])
