"""``python -m cvnotes.captioning``: train the encoders and the captioner of the page and store their weights."""

from cvnotes.captioning import encoder, trials
from cvnotes.transfer import keeping

if __name__ == "__main__":
    eyes = [encoder.trained_encoder(seed) for seed in range(5)]
    found = {f"encoder{seed}": eye.get_weights() for seed, eye in enumerate(eyes)}
    found["captioner"] = trials.trained_captioner(eyes[0], 0).get_weights()
    keeping.save_weights("captioning", found, "python -m cvnotes.captioning")
