"""The blinding audit's figures: what tells real images from synthetic ones, as groups, never image by image."""

import re
from typing import Any

import numpy as np

from app.blinding.pictures import Picture
from app.report.figures.canvas import INK, ON_THE_PAGE, REAL, SYNTHETIC, drawing

_KINDS = (("real", REAL), ("synthetic", SYNTHETIC))


def draw(picture: Picture) -> str:
    """The SVG of a finding's picture as an image for a page, its ground and ink the page's in light and in dark."""
    svg = {"histogram": _histogram, "spectrum": _spectrum, "corner": _corner, "values": _values}[
        picture.kind
    ](picture)
    return re.sub(r"(<svg[^>]*>)", rf"\1{ON_THE_PAGE}", svg.replace(INK, "currentColor"), count=1)


def _histogram(picture: Picture) -> str:
    """Shares of pixels by grey level: gaps and combs show as teeth."""
    with drawing(2.9, 2) as (both, out):
        highest = max(*picture.real, *picture.synthetic)
        second = max(*picture.real[1:], *picture.synthetic[1:])  # black fills most of a slice
        for axes, (kind, colour) in zip(both, _KINDS, strict=True):
            shares = 100 * np.array(getattr(picture, kind))
            axes.stairs(shares, np.arange(len(shares) + 1) - 0.5, fill=True, color=colour)
            axes.set_ylim(0, 105 * (second if highest > 4 * second else highest))
            _named(axes, kind, "grey level", "% of pixels")
    return out.getvalue()


def _spectrum(picture: Picture) -> str:
    with drawing(3.0) as (axes, out):
        for kind, colour in _KINDS:
            axes.plot(
                picture.axis, getattr(picture, kind), color=colour, linewidth=1.8, label=f"{kind} images"
            )
        _named(axes, "", "cycles a pixel (0.5: the finest)", "mean log power")
        axes.legend(frameon=False)
    return out.getvalue()


def _corner(picture: Picture) -> str:
    """The mean corner of both kinds on one scale, by the square root, so that hardly black is told from black."""
    from matplotlib.colors import PowerNorm

    side = len(picture.axis)
    highest = max(*picture.real, *picture.synthetic, 1.0)
    with drawing(3.0, 2) as (both, out):
        for axes, (kind, colour) in zip(both, _KINDS, strict=True):
            shown = axes.imshow(
                np.array(getattr(picture, kind)).reshape(side, side),
                cmap="gray",
                norm=PowerNorm(0.5, 0, highest),
                interpolation="nearest",
            )
            axes.set_title(f"{kind} images", color=colour, fontsize=10)
            axes.set_xticks([0, side - 1], ["0", str(side - 1)])
            axes.set_yticks([0, side - 1], ["0", str(side - 1)])
        bar = axes.figure.colorbar(shown, ax=list(both), shrink=0.8, label="mean grey level")
        bar.outline.set_edgecolor(INK)
    return out.getvalue()


def _values(picture: Picture) -> str:
    """Each image's measure as a point in its group's row, spread a little so that equal ones can be counted."""
    with drawing(2.2) as (axes, out):
        for row, (kind, colour) in enumerate(_KINDS):
            values = np.array(getattr(picture, kind))
            axes.plot(
                values, row + _spread(values), "o", color=colour, markersize=4, alpha=0.6, markeredgewidth=0
            )
        axes.set_yticks([0, 1], ["real", "synthetic"])
        axes.set_ylim(1.6, -0.6)
        _named(axes, "", picture.label, "")
    return out.getvalue()


def _spread(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Offsets within ± 0.35, larger where many values are alike; the same values give the same offsets, whatever their order."""
    width = float(np.ptp(values)) / 60
    bins = np.floor(values / width).astype(np.int64) if width > 0 else np.zeros(len(values), np.int64)
    offsets = np.zeros(len(values))
    for one in np.unique(bins):
        inside = np.flatnonzero(bins == one)
        inside = inside[np.argsort(values[inside], kind="stable")]
        offsets[inside] = np.linspace(-0.35, 0.35, len(inside)) if len(inside) > 1 else 0
    return offsets


def _named(axes: Any, title: str, across: str, up: str) -> None:
    if title:
        axes.set_title(f"{title} images", fontsize=10)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
