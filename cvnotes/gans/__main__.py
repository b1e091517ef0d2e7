"""``python -m cvnotes.gans judges generators``: train nets that the pages show or ask, and store their weights.

Without a name all of them are made. The judges come first, since they judge the others.
"""

import sys

from cvnotes.gans import judges, trials_generators

STORE = {"judges": judges.store, "generators": trials_generators.store}

if __name__ == "__main__":
    for name in sys.argv[1:] or STORE:
        STORE[name]()
