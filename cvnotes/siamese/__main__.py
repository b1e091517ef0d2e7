"""``python -m cvnotes.siamese tracking``: train the nets that the figures show, and store their weights.

Without a name all of them are made.
"""

import sys

from cvnotes.siamese import trials_tracking

STORE = {"tracking": trials_tracking.store}

if __name__ == "__main__":
    for name in sys.argv[1:] or STORE:
        STORE[name]()
