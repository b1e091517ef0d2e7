"""``python -m cvnotes.hallucination``: train the net that dreams and paints, and store its weights."""

from cvnotes.hallucination import nets

if __name__ == "__main__":
    nets.store()
