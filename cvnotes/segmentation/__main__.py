"""``python -m cvnotes.segmentation segmentation strategies``: train the nets of the figures, and store their weights.

Without a name all of them are made.
"""

import sys

from cvnotes.segmentation import trials, trials_strategies

STORE = {"segmentation": trials.store, "strategies": trials_strategies.store}

if __name__ == "__main__":
    for name in sys.argv[1:] or STORE:
        STORE[name]()
