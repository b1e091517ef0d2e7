"""The stored experiments of the chapter: maps of codes, what straight readers find, inversion, and a comparison."""

from __future__ import annotations

import numpy as np

from cvnotes import experiments
from cvnotes.introduction.features import linear_probe
from cvnotes.transfer import codes, tap
from cvnotes.visualization import subjects

from . import inversion, neighbours, protocol, readers

PERPLEXITIES = (2, 5, 15, 30, 60)
MAPPED = 360
LINE, WIDTHS = (0.0, 10.0, 60.0), (1.0, 1.0, 4.0)
READ, READ_TEST = 480, 240
DEPTHS = ("relu1", "relu2", "relu4", "relu6", "average")
INVERTED, RESTARTS = 3, 2
LEVELS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
EACH = 72
STORED = ("maps", "distances", "depth", "inverted", "compared")


def both(seed: int) -> dict:
    """The trained net of a seed and the same net with random weights."""
    return {"trained": subjects.subject("plain", seed), "untrained": subjects.untrained("plain", seed)}


@experiments.experiment(version=1, seeds=5)
def maps(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Lay last hidden codes of test scenes out by t-SNE: purity of ten neighbours in the code and on the map.

    `<net>_code`, `<net>_map` at perplexity 30; `pixels_map`, of pictures of 16 x 16; `pca_map`, the first two
    components of the trained code; `sweep`: purity at PERPLEXITIES; `kept`: share of neighbours that stay.
    `starts`: purity of two maps of one code from random starts; `repeated`: the share of neighbours that these have
    in common; `turned`: their Procrustes disparity.
    """
    from sklearn.decomposition import PCA

    scenes = subjects.test_views(MAPPED)
    y, found = subjects.answers(scenes), {}
    code = {name: codes(net, scenes.floats, "average") for name, net in both(seed).items()}
    pixels = scenes.floats.reshape(MAPPED, 16, 4, 16, 4, 3).mean((2, 4)).reshape(MAPPED, -1)
    for name, points in {**code, "pixels": pixels}.items():
        found[f"{name}_code"] = neighbours.purity(points, y)
    for name, points in (("untrained", code["untrained"]), ("pixels", pixels)):
        found[f"{name}_map"] = neighbours.purity(neighbours.tsne(points), y)
    found["pca_map"] = neighbours.purity(PCA(2).fit_transform(code["trained"]), y)
    sweep = [neighbours.tsne(code["trained"], perplexity) for perplexity in PERPLEXITIES]
    starts = [neighbours.tsne(code["trained"], seed=start) for start in range(2)]
    return found | {
        "trained_map": neighbours.purity(sweep[PERPLEXITIES.index(30)], y),
        "sweep": [neighbours.purity(places, y) for places in sweep],
        "kept": [neighbours.kept(code["trained"], places) for places in sweep],
        "starts": [neighbours.purity(places, y) for places in starts],
        "repeated": neighbours.kept(starts[0], starts[1]),
        "turned": neighbours.disparity(starts[0], starts[1]),
    }


@experiments.experiment(version=1, seeds=5)
def distances(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Lay out three groups whose gaps and widths are known: gaps of 10 and 50, widths of 1, 1 and 4 deviations.

    `gaps`: the second gap over the first, at PERPLEXITIES; `widths`: the third width over the first; `true_...`: in
    the data; `pca_...`: on the first two principal components.
    """
    from sklearn.decomposition import PCA

    points, group = neighbours.groups(neighbours.on_a_line(LINE), WIDTHS, 100, seed)
    places = [neighbours.tsne(points, perplexity) for perplexity in PERPLEXITIES]
    views = {"true": points, "pca": PCA(2).fit_transform(points)}
    found = {f"{name}_gaps": neighbours.gap_ratio(view, group) for name, view in views.items()}
    widths = {name: neighbours.width_of(view, group) for name, view in views.items()}
    found |= {f"{name}_widths": width[2] / width[0] for name, width in widths.items()}
    shown = [neighbours.width_of(place, group) for place in places]
    gaps = [neighbours.gap_ratio(place, group) for place in places]
    return found | {"gaps": gaps, "widths": [width[2] / width[0] for width in shown]}


@experiments.experiment(version=1, seeds=5)
def depth(seed: int, scale: str) -> dict[str, list[float]]:
    """Read class and picture from every layer by straight readers, in a trained and an untrained net.

    `<net>_class`: accuracy of a linear probe on channel means; `<net>_grid`: on means over 4 x 4 fields;
    `<net>_picture`: the share of the variance of pictures that a linear decoder misses. Over `readers.LAYERS`.
    """
    train, test = subjects.views(READ, 500 + seed), subjects.test_views(READ_TEST)
    y, truth = subjects.answers(train), subjects.answers(test)
    found: dict[str, list[float]] = {}
    for name, net in both(seed).items():
        for layer in readers.LAYERS:
            for cells, what in ((1, "class"), (4, "grid")):
                seen, new = (codes(net, scenes.floats, layer, cells=cells) for scenes in (train, test))
                found.setdefault(f"{name}_{what}", []).append(linear_probe((seen, y), (new, truth)))
            found.setdefault(f"{name}_picture", []).append(missed(net, layer, train.floats, test.floats))
    return found


def missed(net, layer: str, seen: np.ndarray, new: np.ndarray) -> float:
    """Fit a linear decoder to a layer's maps of some pictures: the share of the variance of others that it misses."""
    phi = tap(net, layer)
    shape = phi.output_shape[1:]
    matrix = readers.rebuilder(codes(net, seen, layer).reshape(-1, *shape), seen)
    return readers.error(new, readers.rebuilt(matrix, codes(net, new, layer).reshape(-1, *shape)))


@experiments.experiment(version=1, seeds=5)
def inverted(seed: int, scale: str) -> dict[str, list[float]]:
    """Invert codes of test scenes at DEPTHS in a trained and an untrained net, each from two starts.

    Over DEPTHS: `<net>_decibels` and `<net>_correlation` to the true picture; `<net>_mismatch`, what is left of the
    code's own error; `<net>_restarts`, the correlation of the pictures from two starts; `<net>_named`, the share that
    the net names as it names the true picture. `blocks`: correlation of pictures of 8 x 8 mean colours;
    `others`: correlation of a picture with the next one.
    """
    x = subjects.views(INVERTED, start=subjects.TEST + INVERTED * seed).floats
    found: dict[str, list[float]] = {}
    for name, net in both(seed).items():
        for layer in DEPTHS:
            for key, value in judged(net, layer, x, seed).items():
                found.setdefault(f"{name}_{key}", []).append(value)
    found["blocks"] = inversion.correlation(x, inversion.blocks(x, 8)).mean()
    return found | {"others": inversion.correlation(x, np.roll(x, 1, axis=0)).mean()}


def judged(net, layer: str, x: np.ndarray, seed: int) -> dict[str, float]:
    """Invert the codes of pictures at a layer from two starts, and say what came back; see `inverted`."""
    phi = tap(net, layer)
    target, many = phi(x), np.concatenate([x] * RESTARTS)
    back = inversion.invert(net, layer, np.concatenate([target] * RESTARTS), seed=seed)
    same = protocol.net_answers(net, back) == protocol.net_answers(net, many)
    return {
        "decibels": inversion.decibels(many, back).mean(),
        "correlation": inversion.correlation(many, back).mean(),
        "mismatch": np.mean(inversion.mismatch(phi(back), phi(many))),
        "restarts": inversion.correlation(back[: len(x)], back[len(x) :]).mean(),
        "named": same.mean(),
    }


@experiments.experiment(version=1, seeds=5)
def compared(seed: int, scale: str) -> dict[str, float | list[float]]:
    """Put a net of a seed and two simulated readers before the same pictures.

    `net`, `reader`: accuracy at LEVELS; `<pair>_same`, `_kappa`, `_errors`, `_chance`, `_mistakes`: see `protocol`,
    for the pairs `readers` (two simulated), `nets` (this net and the next seed's), `across` (net and reader).
    """
    scenes, levels = protocol.plan(EACH, LEVELS, seed=0)
    pictures, truth = protocol.shown(scenes, levels, seed=0), subjects.answers(scenes)
    nets = [subjects.subject("plain", one) for one in (seed, (seed + 1) % subjects.SEEDS)]
    one, two = (protocol.net_answers(net, pictures) for net in nets)
    first, second = (protocol.simulated(scenes, levels, 2 * seed + i) for i in (0, 1))
    pairs = {"readers": (first, second), "nets": (one, two), "across": (one, first)}
    found = {f"{name}_{key}": value for name, pair in pairs.items() for key, value in beside(*pair, truth).items()}
    alone = {"net": one, "reader": first}
    return found | {name: protocol.accuracy(named, truth, levels) for name, named in alone.items()}


def beside(one: np.ndarray, other: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """All comparisons of two rows of answers."""
    right = one == truth, other == truth
    tables = [protocol.mistakes(named, truth) for named in (one, other)]
    return {
        "same": protocol.agreement(one, other),
        "kappa": protocol.kappa(one, other),
        "errors": protocol.error_consistency(*right),
        "chance": protocol.by_chance(*right),
        "mistakes": protocol.alike_mistakes(*tables),
    }
