"""``python -m cvnotes.instances``: train the pipeline and the mask branch that the figures show, and store them."""

from cvnotes.instances import stored

if __name__ == "__main__":
    stored.store()
