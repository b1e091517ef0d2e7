"""What halving does to the side of a picture."""

from __future__ import annotations

import keras

from cvnotes.checks import whole


def halvings(side: int) -> int:
    """Count how often a side of so many pixels can be halved without a remainder. Chapter: layer_patterns."""
    side = whole("side", side, 1)
    return (side & -side).bit_length() - 1


def shrink(side: int, times: int = 5, padding: str = "valid") -> list[int]:
    r"""Ask Keras for the sides of a map that is pooled by 2 x 2 several times, the first one included.

    Without padding each becomes $\lfloor n / 2 \rfloor$, with padding="same" $\lceil n / 2 \rceil$. Pixels.
    Raises ValueError for a side below 1, and where no pixel is left. Chapter: layer_patterns.
    """
    sides, pool = [whole("side", side, 1)], keras.layers.MaxPooling2D(2, padding=padding)
    for _ in range(whole("times", times, 0)):
        if sides[-1] == 1 and padding == "valid":
            raise ValueError(f"one pixel cannot be halved again: fewer times. Received: side={side}, times={times}")
        sides.append(pool.compute_output_shape((1, sides[-1], sides[-1], 1))[1])
    return sides
