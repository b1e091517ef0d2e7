"""Short films of scenes: objects that drift, turn and bounce off the frame, with every box of every frame known."""

from dataclasses import dataclass, fields, replace

import numpy as np

from cvnotes.checks import whole
from cvnotes.data import dice, layout, shapes
from cvnotes.data.options import share
from cvnotes.data.scenes import Scenes, default_options, painted

MOTION_WORDS = 4
MOTION = 3  # stream of the dice, after those of layout, classes and wording


@dataclass(frozen=True, repr=False, eq=False)
class Clips:
    """n films of f frames. Arrays that change in time are (n, f, ...), the rest (n, ...); fields as in ``Scenes``.

    ``clips.frame(t)`` is frame t of every film as Scenes; frame 0 is the scene of the same seed and options.
    """

    images: np.ndarray  #: uint8 (n, f, size, size, channels)
    instances: np.ndarray  #: uint8 (n, f, size, size); object j keeps its number j + 1 through the film
    centres: np.ndarray  #: float32 (n, f, K, 2)
    rotations: np.ndarray  #: float32 (n, f, K)
    boxes: np.ndarray  #: float32 (n, f, K, 4) around the visible pixels, zeros while an object is wholly hidden
    full_boxes: np.ndarray  #: float32 (n, f, K, 4)
    occlusion: np.ndarray  #: float32 (n, f, K)
    counts: np.ndarray  #: (n,)
    labels: np.ndarray  #: (n, K)
    velocities: np.ndarray  #: float32 (n, K, 2) pixels a frame at the start
    spins: np.ndarray  #: float32 (n, K) degrees a frame, clockwise
    frames: Scenes  #: all frames of all films in a row, n * f scenes

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, which: slice | np.ndarray) -> "Clips":
        if isinstance(which, int | np.integer):
            if not -len(self) <= which < len(self):
                raise IndexError(f"There are {len(self)} films. Received: index {which}")
            which = slice(which, which + 1 or None)
        rows = np.arange(len(self) * self.length).reshape(len(self), -1)[which].ravel()
        taken = {f.name: getattr(self, f.name)[which] for f in fields(self) if f.name != "frames"}
        return replace(self, **taken, frames=self.frames[rows])

    def __repr__(self) -> str:
        n, length, height, width, channels = self.images.shape
        return f"Clips: {n} of {length} frames, {height} x {width} x {channels}, seed {self.frames.seed}"

    @property
    def length(self) -> int:
        """Frames in each film."""
        return self.images.shape[1]

    def frame(self, t: int) -> Scenes:
        """Frame t of every film."""
        if not hasattr(t, "__index__") or not 0 <= t < self.length:
            raise IndexError(f"There are {self.length} frames. Received: frame {t!r}")
        return self.frames[t :: self.length]


def clips(
    n: int, seed: int = 0, frames: int = 16, size: int = 64, *, speed: float = 0.03, spin: float = 6.0, **options
) -> Clips:
    """Films of drifting, turning, bouncing shapes that pass in front of one another.

    Each object moves in a straight line and is reflected where its surrounding circle meets the frame:
    the centre at frame t is fold(c + t v), exact for every t. The ground stands still; the noise is new in each frame.

    Args:
        n, seed, size, and every option of ``scenes``. frames: in each film, 1 .. 512.
        speed: largest velocity along x and along y, as a share of the size a frame, 0 .. 0.25.
        spin: largest turn, in degrees a frame either way, 0 .. 90.

    Raises:
        ValueError: for an option out of its range, with what was received.
    """
    chosen = default_options(size, **options)
    n, seed, frames = whole("n", n, 0, 10**6), whole("seed", seed, 0, 2**63), whole("frames", frames, 1, 512)
    fastest = share("speed", speed, 0, 0.25) * size * layout.SUB // 1000
    first = layout.cast(seed, 0, n, chosen)
    velocity, turn = motion(seed, n, first.objects, fastest, share("spin", spin, 0, 90) * shapes.ANGLES // 360_000)
    film = moved(first, velocity, turn, frames, size)
    return cut_into_clips(painted(film, seed, chosen), n, frames, velocity, turn)


def motion(seed: int, n: int, objects: int, fastest: int, widest: int) -> tuple[np.ndarray, np.ndarray]:
    """Velocities (n, K, 2) in 1/16 pixel a frame and spins (n, K) in 1/1024 turn a frame."""
    die = dice.throw(seed, 0, n, dice.MAX_OBJECTS * MOTION_WORDS, MOTION).reshape(n, dice.MAX_OBJECTS, -1)[:, :objects]
    return dice.between(die[..., :2], -fastest, fastest), dice.between(die[..., 2], -widest, widest)


def fold(place: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Reflect places on a line into low .. high, as a ball between two walls: exact for whole numbers."""
    wide = np.maximum(high - low, 1)
    phase = (place - low) % (2 * wide)
    return low + np.minimum(phase, 2 * wide - phase)


def moved(first: layout.Cast, velocity: np.ndarray, turn: np.ndarray, frames: int, size: int) -> layout.Cast:
    """The cast of all frames of all films, film by film: only objects move, and the noise begins elsewhere."""
    n, k = velocity.shape[:2]
    film = first.take(np.repeat(np.arange(n), frames))
    t = np.tile(np.arange(frames), n)
    centre, angle, radius = film.centre.copy(), film.angle.copy(), film.radius[:, -k:, None]
    step, spin = np.repeat(velocity, frames, axis=0), np.repeat(turn, frames, axis=0)
    edge = np.minimum(radius + layout.SUB, centre[:, -k:])  # an object that the frame cuts already may stay so
    edge = np.minimum(edge, size * layout.SUB - centre[:, -k:])
    centre[:, -k:] = fold(centre[:, -k:] + t[:, None, None] * step, edge, size * layout.SUB - edge)
    angle[:, -k:] = (angle[:, -k:] + t[:, None] * spin) % shapes.ANGLES
    grain = (film.grain + t[:, None] * [97, 57]) % 256
    return replace(film, centre=centre, angle=angle, grain=grain)


def cut_into_clips(frames: Scenes, n: int, length: int, velocity: np.ndarray, turn: np.ndarray) -> Clips:
    """Give the frames their two axes: film and time."""
    in_time = ("images", "instances", "centres", "rotations", "boxes", "full_boxes", "occlusion")
    rows = {name: getattr(frames, name) for name in in_time}
    reshaped = {name: array.reshape(n, length, *array.shape[1:]) for name, array in rows.items()}
    there = frames.labels[::length] >= 0
    return Clips(
        **reshaped,
        counts=frames.counts[::length],
        labels=frames.labels[::length],
        velocities=(velocity * there[..., None] / layout.SUB).astype(np.float32),
        spins=(turn * there * (360 / shapes.ANGLES)).astype(np.float32),
        frames=frames,
    )
