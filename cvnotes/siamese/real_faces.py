"""Real people, for readers who have a network: the Olivetti faces through scikit-learn. Chapter: faces."""

from __future__ import annotations

import numpy as np

from cvnotes import data
from cvnotes.data.datasets import offline


def olivetti(fetch: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Give 400 grey pictures of 40 people, uint8 (400, 64, 64, 1), and the number of the person on each, (400,).

    fetch: whether scikit-learn may download them (4 MB) where they are not on this machine; never with CVNOTES_OFFLINE.
    Raises ``DatasetUnavailable`` where they cannot be had. Source: Samaria and Harter (1994). Chapter: faces.
    """
    from sklearn.datasets import fetch_olivetti_faces

    try:
        found = fetch_olivetti_faces(download_if_missing=fetch and not offline())
    except (OSError, ValueError) as error:
        raise data.DatasetUnavailable(
            "The Olivetti faces are not on this machine. With a network: olivetti(fetch=True). "
            "Without one, the drawn people of this page stand in for them."
        ) from error
    return np.round(255 * found.images[..., None]).astype("uint8"), np.asarray(found.target)
