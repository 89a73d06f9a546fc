"""What experiments draw: randomly chosen samples, a row each (the study's Figure 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.report.figures.canvas import INK, Drawn, counted, drawing, short

Pixels = NDArray[np.uint8]
_WIDTH = 7.0
_LABEL = 0.3  # inches
_GAP = 0.03  # of an image's side


@dataclass(frozen=True, slots=True)
class Row:
    """An experiment's samples (H, W) or (H, W, 3), none where `words` say why; `words` name the snapshot otherwise."""

    name: str
    words: str
    images: Sequence[Pixels]


def grid(rows: Sequence[Row], seed: int, seeds: Sequence[int], settings: str) -> Drawn:
    """A row of samples for each experiment, of the same seeds, each under its name."""
    columns = len(seeds)
    side = _WIDTH / columns
    height = sum(_LABEL + (side if row.images else 0) for row in rows)
    with drawing(height) as (axes, out):
        axes.set(xlim=(0, columns), ylim=(height / side, 0))
        axes.axis("off")
        y = 0.0
        for row in rows:
            y += _LABEL / side
            told = f"{short(row.name)}: {row.words}"
            axes.text(_GAP, y - 0.08 / side, told, color=INK, fontsize=9, va="bottom")
            for column, pixels in enumerate(row.images):
                box = (column + _GAP, column + 1 - _GAP, y + 1 - _GAP, y + _GAP)
                axes.imshow(
                    pixels, cmap="gray", vmin=0, vmax=255, extent=box, interpolation="none", aspect="auto"
                )
            y += 1 if row.images else 0
        axes.set(xlim=(0, columns), ylim=(height / side, 0))
    caption = (
        f"What do the experiments draw? {counted(columns, 'sample')} of each of {counted(len(rows), 'experiment')} at its reported snapshot, "
        f"chosen by chance and not by eye: seeds {', '.join(map(str, seeds))}, drawn from the seed {seed}; {settings}."
    )
    return caption, out.getvalue()
