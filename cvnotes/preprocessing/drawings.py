"""The pictures of the chapter preprocessing. Plain functions: numbers in, a figure out."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from cvnotes import data, figures

from . import patches
from .pixels import ADAM_RATES, RANGES, SGD_RATES
from .whitening import Basis, eigenbasis, restore, rotate, whiten, zca

CORRELATIONS, CLOUD_EPS = (0.0, 0.6, 0.9, 0.99), (0.0, 0.1, 1.0)
PANELS = ("raw", "centred", "rotated", "whitened", "÷ eigenvalue", "ZCA")
QUADRANTS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE)
PHOTO_EPS, PHOTO_NOISE = (1e-6, 1e-3, 1e-2, 1e-1), (0.0, 0.02)


# The cloud ------------------------------------------------------------------------------------------------------------


@functools.cache
def cloud(correlation: float, count: int = 140) -> np.ndarray:
    """Draw points from a Gaussian with deviations 1.5 and 1.2 about (2.5, 1.5), its sample covariance made exact."""
    rng = np.random.default_rng(3)
    plain = rng.normal(size=(count, 2))
    basis = eigenbasis(plain)
    exact = whiten(basis, plain, 0.0)
    covariance = np.array([[2.25, 1.8 * correlation], [1.8 * correlation, 1.44]])
    return exact @ np.linalg.cholesky(covariance).T + [2.5, 1.5]


def geometry(x: np.ndarray, eps: float = 0.0) -> dict[str, np.ndarray]:
    """Take a cloud (N, 2) through all steps, the wrong one too: one cloud for each of `PANELS`."""
    basis = eigenbasis(x)
    turned = rotate(basis, x)
    steps = (x, x - basis.mean, turned, whiten(basis, x, eps), turned / (basis.variances + eps), zca(basis, x, eps))
    return dict(zip(PANELS, steps, strict=True))


def covariance(x: np.ndarray) -> np.ndarray:
    """Covariance of rows, divided by their number as everywhere in this chapter."""
    return np.cov(x.T, bias=True)


def draw_geometry(correlation: float, eps: float) -> Figure:
    """Draw a cloud raw, centred, rotated, whitened, divided by the eigenvalue, and ZCA-whitened.

    The colour of a point is the quadrant of the raw cloud that it came from; the ellipse is two deviations wide.
    Chapter: preprocessing.
    """
    x = cloud(correlation)
    side = (x - x.mean(0) > 0) @ [1, 2]
    fig, axes = figures.canvas(5.6, 5.1, rows=2, columns=3)
    fig.get_layout_engine().set(hspace=0.08)
    for ax, (name, points) in zip(axes.flat, geometry(x, eps).items(), strict=True):
        ax.scatter(*points.T, s=6, c=[QUADRANTS[q] for q in side], linewidths=0)
        _axes_and_ellipse(ax, points)
        ax.set_title(name, fontsize=12, color=figures.ORANGE if name.startswith("÷") else figures.INK)
    return fig


def _axes_and_ellipse(ax: Axes, points: np.ndarray) -> None:
    basis = eigenbasis(points)
    angle = np.degrees(np.arctan2(*basis.axes[::-1, 0]))
    wide, tall = 4 * np.sqrt(np.maximum(basis.variances, 0))
    ax.add_patch(Ellipse(basis.mean, wide, tall, angle=angle, fill=False, edgecolor=figures.INK, linewidth=1.4))
    ax.axhline(0, color=figures.GREY, linewidth=0.6, zorder=0)
    ax.axvline(0, color=figures.GREY, linewidth=0.6, zorder=0)
    reach = 6.2 if basis.mean.any() and np.abs(basis.mean).max() > 1 else 4.6
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    (a, b), (_, d) = covariance(points)
    ax.set_xlabel(f"{_short(a)}  {_short(b)}\n{_short(b)}  {_short(d)}", fontsize=10.5, family="DejaVu Sans Mono")


def _short(value: float) -> str:
    shown = f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
    return shown.replace("-0.00", "0.00").replace("-", "−").rjust(5)


def say_geometry(correlation: float, eps: float) -> str:
    """Put `draw_geometry` into words."""
    variances = {name: np.diag(covariance(points)) for name, points in geometry(cloud(correlation), eps).items()}
    a, b = variances["whitened"]
    c, d = variances["÷ eigenvalue"]
    return (
        f"Correlation {correlation:g}, eps {eps:g}. Variances along the two axes: whitened {a:.2f} and {b:.2f}; "
        f"divided by the eigenvalue {c:.2f} and {d:.2f}. Rotating takes the colours round with the cloud; ZCA leaves "
        "each colour on its side."
    )


# Photographs and faces ------------------------------------------------------------------------------------------------


@functools.cache
def patch_basis() -> Basis:
    """The axes of 6,000 patches of photographs."""
    return eigenbasis(patches.photo_patches())


def contrast(picture: np.ndarray) -> np.ndarray:
    """Stretch a picture to [0, 1], its brightest and darkest hundredth cut off."""
    low, high = np.percentile(picture, [1, 99])
    return np.clip((picture - low) / (high - low), 0, 1)


@functools.cache
def noisy_tiles(noise: float, photo: str = "coins") -> np.ndarray:
    """Cut a photograph into 100 patches, with Gaussian noise of this deviation on every pixel."""
    rows = patches.tiles(photo, 10)
    return rows + np.random.default_rng(0).normal(0, 1, rows.shape) * noise


def draw_zca(noise: float, eps: float) -> Figure:
    """Draw a photograph in 100 patches: as it is, whitened along its axes, ZCA-whitened. Chapter: preprocessing."""
    rows, basis = noisy_tiles(noise), patch_basis()
    pictures = [rows, whiten(basis, rows, eps), zca(basis, rows, eps)]
    shown = [contrast(patches.joined(each)) for each in pictures]
    return figures.image_grid(shown, ["photograph", "PCA-whitened", "ZCA"], columns=3, scale=1.75)


def say_zca(noise: float, eps: float) -> str:
    """Put `draw_zca` into words."""
    rows, clean, basis = noisy_tiles(noise), noisy_tiles(0.0), patch_basis()
    alike = [patches.similarity(clean, way(basis, rows, eps)) for way in (whiten, zca)]
    told = "coins drowned in speckle" if alike[1] < 0.45 else "coins as outlines, without shading"
    told = "coins with their shading" if alike[1] > 0.93 else told
    return (
        f"Noise of {noise:g}, eps {eps:g}. The PCA-whitened patches look like noise in any case (similarity to the "
        f"clean photograph {abs(alike[0]):.1f}). After ZCA one sees {told} (similarity {alike[1]:.1f})."
    )


def draw_reconstructions(basis: Basis, faces: np.ndarray, kept: tuple[int, ...] = (5, 20, 100)) -> Figure:
    """Draw faces (n, 625), and each rebuilt from its first few components. Chapter: preprocessing."""
    rows = {"625 pixels": faces} | {f"from {k}": restore(basis, rotate(basis, faces, k)) for k in kept}
    pictures = [np.clip(face.reshape(25, 25), 0, 1) for each in rows.values() for face in each]
    titles = [name if i == 0 else "" for name in rows for i in range(len(faces))]
    return figures.image_grid(pictures, titles, columns=len(faces), scale=1.0)


# Measurements ---------------------------------------------------------------------------------------------------------


def draw_ranges(found: Mapping[str, np.ndarray]) -> Figure:
    """Draw accuracy against learning rate, for three pixel ranges and two optimizers: mean and all seeds."""
    fig, axes = figures.canvas(6.0, 3.4, columns=2, sharey=True)
    for ax, kind, rates, title in (
        (axes[0], "sgd", SGD_RATES, "SGD, momentum 0.9"),
        (axes[1], "adam", ADAM_RATES, "Adam"),
    ):
        for name, colour, marker in zip(RANGES, figures.CYCLE, "os^", strict=False):
            runs = found[f"{kind} {name}"]
            ax.plot(rates, runs.mean(0), color=colour, marker=marker, label=name)
            ax.fill_between(rates, runs.min(0), runs.max(0), color=colour, alpha=0.16, linewidth=0)
        ax.set(xscale="log", xlabel="learning rate", title=title, ylim=(0, 1.02))
        ax.set_xticks(rates[::2] if len(rates) > 4 else rates)
        ax.minorticks_off()
        ax.grid(axis="y")
    axes[0].set_ylabel("accuracy on test digits")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig


def draw_gains(basis: Basis, measured: Mapping[float, float]) -> Figure:
    """Draw how much whitening amplifies noise against eps: the formula as a line, measurements as dots."""
    eps = np.geomspace(min(measured), max(measured), 60)
    fig, ax = figures.canvas(5.4, 3.0)
    ax.plot(eps, [np.sqrt(np.mean(1 / (basis.variances + e))) for e in eps], color=figures.BLUE, label="formula")
    ax.plot(list(measured), list(measured.values()), "o", color=figures.ORANGE, label="measured")
    ax.set(xscale="log", yscale="log", xlabel="eps", ylabel="noise, times")
    ax.legend()
    return fig


def wines() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Wines: 178 rows of 13 measurements in their own units, their cultivar, the names of the measurements."""
    from sklearn.datasets import load_wine

    found = load_wine()
    return found.data, found.target, list(found.feature_names)


def digit_rows() -> tuple[np.ndarray, np.ndarray]:
    """All digits in rows of 64 pixels, training digits first, and their labels."""
    d = data.digits()
    images = np.concatenate([d.train_images, d.test_images])
    return images.reshape(len(images), -1).astype(float), np.concatenate([d.train_labels, d.test_labels])
