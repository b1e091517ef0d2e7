"""``python -m cvnotes.interpretability cams``: train the nets of the figures, and store their weights.

Without a name all of them are made.
"""

import sys

from cvnotes.interpretability import cam_store

STORE = {"cams": cam_store.store}

if __name__ == "__main__":
    for name in sys.argv[1:] or STORE:
        STORE[name]()
