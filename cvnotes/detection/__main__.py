"""``python -m cvnotes.detection [rcnn] [fast_rcnn] [faster_rcnn]``: train the nets that figures show, and store them.

Without a name, the R-CNN alone.
"""

import sys

from cvnotes.detection import trials_fast, trials_faster, trials_rcnn
from cvnotes.transfer import keeping


def store_rcnn() -> None:
    """Train the stages of an R-CNN, and store their numbers."""
    chain = trials_rcnn.taught(0)[0]
    found = {"net": chain.net.get_weights(), "svms": [chain.svms], "regressors": [chain.regressors]}
    keeping.save_weights("detection", found, "python -m cvnotes.detection")


STORE = {"rcnn": store_rcnn, "fast_rcnn": trials_fast.store, "faster_rcnn": trials_faster.store}

if __name__ == "__main__":
    for name in sys.argv[1:] or ["rcnn"]:
        STORE[name]()
