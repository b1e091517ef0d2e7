"""Why this move: a small game, a policy that imitates its exact solver, and the map of an action.

A bar at the bottom has to catch the green block that falls, and should not care for the red one. Each step both fall by
two rows and the bar moves by two columns at most.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from cvnotes import attribution, experiments
from cvnotes.checks import whole

from . import cam_scores, cam_store

Array = np.ndarray
SIDE, REACH, BLOCK, STEP = 24, 3, 2, 2  # pixels: the world, half a bar, half a block, a move
GREEN, RED, WHITE = (0.2, 0.8, 0.3), (0.9, 0.25, 0.2), (0.9, 0.9, 0.9)
ACTIONS = ("left", "stay", "right")
COUNT, EPOCHS, RATE = 2000, 10, 3e-3


class State(NamedTuple):
    """Where things are, whole pixels, (n,) each: the bar's column, then column and row of both blocks."""

    bar: Array
    green: Array
    green_row: Array
    red: Array
    red_row: Array


def states(count: int, seed: int) -> State:
    """Draw states: blocks that do not cover one another, anywhere above the bar. Chapter: class_activation_maps."""
    dice, many = np.random.default_rng([5, seed]), 3 * whole("count", count, 1)
    columns = dice.integers(REACH, SIDE - REACH, (3, many))
    rows = dice.integers(BLOCK, SIDE - 6, (2, many))
    free = np.maximum(np.abs(columns[1] - columns[2]), np.abs(rows[0] - rows[1])) > 2 * BLOCK
    return State(*(values[free][:count] for values in (columns[0], columns[1], rows[0], columns[2], rows[1])))


def solved(state: State) -> Array:
    """The exact answer: towards the green block's column, or stay within a pixel of it: 0 left, 1 stay, 2 right.

    The bar reaches every column in time or not at all, so no other move catches more. Chapter: class_activation_maps.
    """
    return 1 + np.sign((state.green - state.bar) * (np.abs(state.green - state.bar) > 1)).astype(int)


def box(row: Array, column: Array, tall: int, wide: int) -> Array:
    """Mark boxes about places, (n, SIDE, SIDE) of booleans; `tall`, `wide`: pixels to either side."""
    line = np.arange(SIDE)
    down, across = (np.abs(line - np.asarray(at)[:, None]) for at in (row, column))
    return (down <= tall)[:, :, None] & (across <= wide)[:, None]


def marked(state: State) -> dict[str, Array]:
    """Where the bar, the green and the red block are, masks (n, SIDE, SIDE)."""
    bottom = np.full_like(state.bar, SIDE - 2)
    return {
        "bar": box(bottom, state.bar, 1, REACH),
        "green": box(state.green_row, state.green, BLOCK, BLOCK),
        "red": box(state.red_row, state.red, BLOCK, BLOCK),
    }


def painted(state: State, seed: int = 0) -> Array:
    """Draw states: (n, 24, 24, 3), on dark ground with noise. Chapter: class_activation_maps."""
    picture = np.random.default_rng([6, seed]).normal(0.1, 0.05, (len(state.bar), SIDE, SIDE, 3))
    for (_, mask), colour in zip(marked(state).items(), (WHITE, GREEN, RED), strict=True):
        picture[mask] = colour
    return picture.clip(0, 1).astype("float32")


def policy() -> keras.Model:
    """Build the net: three 3x3 convolutions to 6 x 6 x 32 maps (layer ``maps``), a hidden layer, three logits."""
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="edges"),
            layers.Conv2D(32, 3, 2, padding="same", activation="relu", name="parts"),
            layers.Conv2D(32, 3, 2, padding="same", activation="relu", name="maps"),
            layers.Flatten(),
            layers.Dense(64, "relu", name="hidden"),
            layers.Dense(len(ACTIONS), name="logits"),
        ],
        name="policy",
    )


def taught(seed: int, count: int = COUNT) -> keras.Model:
    """Train a policy to do as the exact solver does in states of a seed (imitation)."""
    keras.utils.set_random_seed(seed)
    net, seen = policy(), states(count, seed)
    experiments.fit(net, painted(seen, seed), solved(seen), epochs=EPOCHS, batch=50, rate=RATE, seed=seed)
    return net


def stored() -> keras.Model:
    """Give the stored policy; made by ``python -m cvnotes.interpretability cams``. Chapter: class_activation_maps."""
    net = policy()
    net.set_weights(cam_store.weights("policy"))
    return net


def chosen(net: keras.Model, state: State, seed: int = 0) -> Array:
    """What a policy does, (n,)."""
    return ops.convert_to_numpy(net(painted(state, seed), training=False)).argmax(-1)


def caught(act, games: int, seed: int) -> float:
    """Play games to their end: the share in which the green block lands on the bar.

    act: from a State to actions (n,), such as `solved`. Both blocks start at the top, eight columns apart.
    """
    dice = np.random.default_rng([8, seed])
    bar, green = dice.integers(REACH, SIDE - REACH, (2, whole("games", games, 1)))
    red = green + np.where(green < SIDE // 2, 8, -8)
    row = np.full(games, BLOCK)
    while row[0] < SIDE - 4:
        state = State(bar, green, row, red, np.maximum(row - 2, BLOCK))
        bar = np.clip(bar + STEP * (act(state) - 1), REACH, SIDE - REACH - 1)
        row = row + STEP
    return float(np.mean(np.abs(bar - green) <= REACH))


def action_maps(net: keras.Model, state: State, seed: int = 0) -> Array:
    """Grad-CAM (n, 24, 24, 1) of the action that a policy takes, at its last maps."""
    return attribution.grad_cam(net, painted(state, seed), layer="maps", batch_size=len(state.bar))


def policy_scores(net: keras.Model, seed: int, count: int) -> dict[str, float]:
    """Score a policy: agreement with the solver, games won, and where the maps of its moves lie.

    `green`: of the strength per pixel on the two blocks, the share on the green one; `bar`: on the bar, against the red
    block; both over states in which it moves. `random`: games won by chance moves; `solver`: by the solver.
    """
    state = states(count, 9000 + seed)
    dice = np.random.default_rng(seed)
    moves = np.flatnonzero(chosen(net, state) != 1)
    moving = State(*(values[moves] for values in state))
    maps, where = action_maps(net, moving), marked(moving)
    found = {name: np.nanmean(cam_scores.own_share(maps, where[name], where["red"])) for name in ("green", "bar")}
    return found | {
        "right": np.mean(chosen(net, state) == solved(state)),
        "caught": caught(lambda state: chosen(net, state), 200, seed),
        "solver": caught(solved, 200, seed),
        "random": caught(lambda state: dice.integers(3, size=len(state.bar)), 200, seed),
    }
