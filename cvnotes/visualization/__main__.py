"""``python -m cvnotes.visualization``: train the nets that this part looks into, and store their weights."""

from cvnotes.visualization import subjects

if __name__ == "__main__":
    subjects.store()
