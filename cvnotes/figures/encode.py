"""From a figure to the bytes and the words that a page holds."""

from __future__ import annotations

import base64
import html
import io
import sys
import zlib

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from cvnotes import output
from cvnotes.figures.style import STYLE

DPI = 200  # two pixels of the file for one of the page
PAGE_DPI = 100
PHOTO = 0.3  # drawings compress to less than this share of their bytes, photographs do not
FINE, COARSE = 5, 17  # of 255 levels, divisors of them: black stays black, and white stays white
FEW = 1024  # colours of a picture with no shades but those along its edges, where no eye tells coarse levels from fine
OFTEN = 1000  # a colour of one pixel in a thousand is no shade of an edge


def show(fig: Figure, alt: str) -> None:
    """Display a figure with words for those who do not see it, and close it.

    Args:
        fig: any matplotlib figure.
        alt: what the picture shows, in a sentence or two; the same on every machine.

    Raises:
        ValueError: without words, or without a figure.
    """
    check_alt(alt)
    check_figure(fig)
    if output.mode() == "text":
        fig.draw_without_rendering()  # a figure that cannot be drawn must fail here too
        output.present(f"[figure] {alt}")
    else:
        picture = img(data_url(webp(fig)), alt, size(fig))
        stage = f'<div class="cv-figure__stage">{picture}</div>'
        output.present(f"[figure] {alt}", f'<figure class="cv-figure">{stage}</figure>')
    close(fig)


def check_alt(alt: object) -> str:
    """``alt`` itself; ValueError if it is no text, or blank."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"A figure needs words that say what it shows: alt='...'. Received: {alt!r}")
    return alt


def check_figure(fig: object) -> Figure:
    """``fig`` itself; ValueError if it is not a matplotlib figure."""
    if not isinstance(fig, Figure):
        raise ValueError(f"Expected a matplotlib Figure; does the function return one? Received: {type(fig).__name__}")
    return fig


def webp(fig: Figure, dpi: int = DPI) -> bytes:
    """The figure as WebP: lossless for drawings, lossy for what turns out to be a photograph."""
    pixels = _pixels(fig, dpi)
    sample = np.ascontiguousarray(pixels[::2, ::2])
    photograph = len(zlib.compress(sample, 1)) > PHOTO * sample.nbytes
    buffer = io.BytesIO()
    if photograph:
        Image.fromarray(pixels).save(buffer, "webp", quality=86, method=4)
    else:
        Image.fromarray(rounded(pixels)).save(buffer, "webp", lossless=True, quality=60, method=4)
    return buffer.getvalue()


def rounded(pixels: np.ndarray) -> np.ndarray:
    """A drawing (height, width, 3) of bytes with fewer colours, which weighs a third less.

    Every level goes to the nearest multiple of ``FINE``. Where only ``FEW`` colours are left, there are neither heat
    maps nor pictures, in which coarse levels would show as bands: shades of edges go to multiples of ``COARSE``.
    """
    fine = _to_multiples(pixels, FINE)
    colours = Image.fromarray(fine).getcolors(FEW)
    if colours is None:
        return fine
    flat = [colour for count, colour in colours if count * OFTEN >= fine.size / 3]
    kept = np.isin(_codes(fine), _codes(np.array(flat).reshape(-1, 3)))
    return np.where(kept[..., None], fine, _to_multiples(fine, COARSE))


def _to_multiples(pixels: np.ndarray, step: int) -> np.ndarray:
    levels = (np.arange(256) + step // 2) // step * step
    return levels.astype(np.uint8)[pixels]


def _codes(colours: np.ndarray) -> np.ndarray:
    """One number for each colour."""
    return colours @ np.array([1 << 16, 1 << 8, 1])


def _pixels(fig: Figure, dpi: int) -> np.ndarray:
    old = fig.dpi
    with mpl.rc_context(STYLE):
        fig.set_dpi(dpi)
        agg = FigureCanvasAgg(fig)
        agg.draw()
        pixels = np.asarray(agg.buffer_rgba())[..., :3].copy()
        fig.set_dpi(old)
    return pixels


def size(fig: Figure) -> tuple[int, int]:
    """Width and height of the figure on the page, in CSS pixels."""
    width, height = fig.get_size_inches() * PAGE_DPI
    return round(width), round(height)


def data_url(data: bytes) -> str:
    """WebP bytes as an address that carries them."""
    return "data:image/webp;base64," + base64.b64encode(data).decode()


def img(url: str, alt: str, pixels: tuple[int, int]) -> str:
    """An ``<img>`` with its words and its size on the page."""
    return f'<img src="{url}" alt="{html.escape(alt, quote=True)}" width="{pixels[0]}" height="{pixels[1]}">'


def close(fig: Figure) -> None:
    """Forget a figure, also one that pyplot keeps."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(fig)
