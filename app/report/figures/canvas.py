"""What all figures share: colours, axes, and SVG that is the same bytes each time."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

# Okabe and Ito's blue and vermilion: told apart with any colour vision, on white and on black. Whatever is about real
# images is blue in every figure, whatever is about synthetic ones vermilion. On a page's dark ground the blue is lighter.
REAL, SYNTHETIC = "#0072b2", "#d55e00"
# What is about neither alone is bluish green.
BOTH = "#009e73"
INK = "#2b3640"
LONGEST_LABEL = 24
_ON_WHITE = '<rect width="100%" height="100%" fill="#ffffff"/>'
ON_THE_PAGE = (
    "<style>svg { color: #15202b } @media (prefers-color-scheme: dark) {"
    " svg { color: #e6ebef; --figure-blue: #4aa8e0 } #ground { fill: #1a2127 } }</style>"
    '<rect id="ground" width="100%" height="100%" fill="#ffffff"/>'
)
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "blindread",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


_SIZE = re.compile(r'(height="[0-9.]+pt" viewBox="0 0 ([0-9.]+) ([0-9.]+)")')
_LINE = 16  # points
_NAMES = re.compile(r'(\bid="|url\(#|href="#|aria-labelledby="|aria-describedby=")')
Drawn = tuple[str, str]  # caption and SVG


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure without a ground: `name` is its file's, `caption` says what is shown, of how many, and by what method.

    The caption begins with a question: it is the drawing's title, the rest its description, for those who do not see it.
    """

    name: str
    caption: str
    svg: str

    @property
    def file(self) -> str:
        """The SVG as a file: on white, so that it can be read wherever it is put."""
        return self._told(_ON_WHITE)

    @property
    def image(self) -> str:
        """The SVG as an image that a page loads: ground and ink are those of the page, in light and in dark."""
        return _in_page_colours(self._told(ON_THE_PAGE))

    @property
    def inline(self) -> str:
        """The SVG as part of a page, in the page's ink; its names are its own among the page's."""
        own = self.name.removesuffix(".svg")
        svg = _NAMES.sub(rf"\1{own}-", self._told(""))
        return _in_page_colours(svg[svg.index("<svg") :])

    def _told(self, ground: str) -> str:
        title, _, rest = self.caption.partition("? ")
        start = self.svg.index(">", self.svg.index("<svg"))
        named = self.svg[:start].replace(
            "<svg", '<svg role="img" aria-labelledby="title" aria-describedby="description"'
        )
        told = f'<title id="title">{escape(title)}?</title><desc id="description">{escape(rest)}</desc>'
        return f"{named}>{told}{ground}{self.svg[start + 1 :]}"


def stamped(svg: str, stamp: str) -> str:
    """The drawing made higher by a line, on which the stamp stands."""
    found = _SIZE.search(svg)
    if not stamp or found is None:
        return svg
    width, high = float(found[2]), float(found[3])
    size = f'height="{high + _LINE:g}pt" viewBox="0 0 {width:g} {high + _LINE:g}"'
    place = f'x="{width - 6:g}" y="{high + _LINE - 5:g}" text-anchor="end"'
    font = f'font-family="sans-serif" font-size="10" font-weight="bold" fill="{SYNTHETIC}"'
    end = svg.rindex("</svg>")
    text = f"<text {place} {font}>{escape(stamp)}</text>\n"
    return f"{svg[: found.start(1)]}{size}{svg[found.end(1) : end]}{text}{svg[end:]}"


def _in_page_colours(svg: str) -> str:
    return svg.replace(INK, "currentColor").replace(REAL, f"var(--figure-blue, {REAL})")


@contextmanager
def drawing(height: float, columns: int = 1) -> Iterator[tuple[Any, io.StringIO]]:
    """Axes to draw on (an array of them where there are several columns), `height` inches high; the SVG is in the buffer after the block."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    out, svg = io.StringIO(), io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Text stays text: the viewer's font has the letters that ours lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        canvas = Canvas(figsize=(7.0, height), layout="constrained")
        yield canvas.subplots(1, columns), out
        canvas.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    out.write(re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg.getvalue()))


def short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def counted(n: int, word: str) -> str:
    """1 reader, 2 readers."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def legend(axes: Any, columns: int = 2) -> None:
    """The legend above the axes, where it covers nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, frameon=False)


def whiskers(
    axes: Any,
    there: Sequence[tuple[float, float, float, float]],
    color: str,
    marker: str,
    label: str | None = None,
    *,
    size: float = 5,
    width: float = 1.5,
) -> None:
    """Points with intervals along x: (value, low, high, place on y) each."""
    if there:
        value, low, high, place = zip(*there, strict=True)
        axes.hlines(place, low, high, color=color, linewidth=width)
        axes.plot(value, place, marker, color=color, markersize=size, label=label)


def absent(axes: Any, x: float, y: float, color: str) -> None:
    """Says n/a where there is no value to draw."""
    axes.text(x, y, "n/a", color=color, ha="center", va="center", fontsize=8.5)
