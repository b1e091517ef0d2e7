"""``python -m cvnotes.single_shot ssd yolo``: train the detectors that the figures show, and store their weights.

Without a name all of them are made.
"""

import sys

from cvnotes.single_shot import trials_ssd, trials_yolo

STORE = {"ssd": trials_ssd.store, "yolo": trials_yolo.store}

if __name__ == "__main__":
    for name in sys.argv[1:] or STORE:
        STORE[name]()
