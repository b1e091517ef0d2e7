"""``python -m cvnotes.transfer``: train the five source nets of the page and store their weights."""

from cvnotes.transfer import keeping, nets

if __name__ == "__main__":
    found = {f"source{seed}": nets.trained_source(seed).get_weights() for seed in range(5)}
    keeping.save_weights("transfer", found, "python -m cvnotes.transfer")
