"""From stored numbers to the rows of a table: the chapter dropout. An array runs over the seeds first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .dropout_conv import PLACES
from .dropout_trials import COUNTS, DAMAGE, LABELS, RATES, REMOVED, WIDTHS
from .evidence import Rows, Stored, signed, three, visible


def family_rows(found: Stored) -> Rows:
    """Sub-nets beside nets trained apart: how far they err together, accuracy of one and of the mean of ten."""
    rows = []
    for labels in LABELS:
        for key, name in (("subnets", "sub-nets"), ("apart", "trained apart")):
            numbers = (found[f"{labels}_{key}_{part}"] for part in ("together", "right", "mean_right"))
            rows.append([f"{name}, {labels} labels", *three(*numbers)])
        rows.append([f"scaled net, {labels} labels", "–", *three(found[f"{labels}_scaled_right"]), "–"])
    return rows


def rises(found: Stored, labels: str, rate: float) -> list[float]:
    """How far validation loss and error are above their lowest pass at the end, means over the seeds."""
    names = (f"{labels}_{rate}_{key}" for key in ("loss", "error"))
    return [float((found[f"{name}_last"] - found[f"{name}_lowest"]).mean()) for name in names]


def longer_rows(found: Stored) -> Rows:
    """For each net: the passes of its lowest loss and error (medians), the rise from there, the last error."""
    rows = []
    for labels in LABELS:
        for rate in RATES:
            best = [f"{np.median(found[f'{labels}_{rate}_{key}_pass']):.0f}" for key in ("loss", "error")]
            numbers = [*rises(found, labels, rate), found[f"{labels}_{rate}_error_last"]]
            rows.append([f"rate {rate:g}, {labels} labels", *best, *three(*numbers)])
    return rows


def redundancy_rows(found: Stored) -> Rows:
    """For each rate: accuracy with all units, with half and with a tenth of them; units alike, units awake."""
    rows = []
    for rate in RATES:
        at = (found[f"{rate}_right"][:, REMOVED.index(share)] for share in (0.0, 0.5, 0.9))
        rows.append([f"rate {rate:g}", *three(*at, found[f"{rate}_alike"], found[f"{rate}_active"])])
    return rows


def place_gain(found: Stored, place: str) -> np.ndarray:
    """Accuracy with dropout at a place less that without any, (seeds,)."""
    return found[f"{place}_test"] - found["nowhere_test"]


def place_rows(found: Stored) -> Rows:
    """For each place: accuracy, memory, gain, and the smallest gain that could be seen."""
    rows = []
    for place in PLACES:
        gain = place_gain(found, place)
        numbers = three(found[f"{place}_test"], found[f"{place}_repeats"])
        rows.append([place, *numbers, signed(gain), visible(gain) if place != "nowhere" else "–"])
    return rows


def width_gains(dense: Stored, conv: Stored, rate: float = 0.5) -> dict[str, dict[str, np.ndarray]]:
    """Gain in accuracy over no dropout, by number of digits and by kind of net, (seeds,) each."""
    found = {}
    for count in COUNTS:
        rows = {f"{n} units": dense[f"{count}_{n}_{rate}"] - dense[f"{count}_{n}_0.0"] for n in WIDTHS}
        found[f"{count} digits"] = rows | {"conv + BN": conv[f"{count}_{rate}"] - conv[f"{count}_0.0"]}
    return found


def width_rows(dense: Stored, conv: Stored) -> Rows:
    """For each net and number of digits: accuracy without dropout, gains by both rates, the smallest visible."""
    rows, (low, high) = [], (width_gains(dense, conv, rate) for rate in RATES[1:])
    for count in COUNTS:
        base = {f"{n} units": dense[f"{count}_{n}_0.0"] for n in WIDTHS} | {"conv + BN": conv[f"{count}_0.0"]}
        for kind, without in base.items():
            gains = low[f"{count} digits"][kind], high[f"{count} digits"][kind]
            rows.append([f"{kind}, {count} digits", *three(without), *map(signed, gains), visible(gains[1])])
    return rows


def doubt_rows(found: Mapping[str, np.ndarray]) -> Rows:
    """Spread of the answers by damage, and how well spread and one pass find damaged digits and wrong answers."""
    rows = [["clean", *three(found["clean_spread"]), "–", "–", "–"]]
    for name in (*DAMAGE, "errors"):
        many, once = found[f"{name}_found"], found[f"{name}_doubt"]
        spread = three(found[f"{name}_spread"]) if name in DAMAGE else ["–"]
        rows.append([name if name in DAMAGE else "wrong answers", *spread, *three(many, once), visible(many, once)])
    return rows
