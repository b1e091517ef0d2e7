"""``python -m cvnotes.coins``: train the nets that the page shows, and store their weights."""

from cvnotes.coins import trials

if __name__ == "__main__":
    trials.store()
