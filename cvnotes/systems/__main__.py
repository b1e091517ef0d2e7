"""``python -m cvnotes.systems``: train the nets that the figures of the page show, and store their weights."""

from cvnotes.systems import phrases, trials
from cvnotes.transfer import keeping

if __name__ == "__main__":
    sketch = phrases.taught_sketch(0)
    nets = {"head": sketch.head, "voice": sketch.voice, "reader": trials.taught_reader("LSTM", 0)}
    nets |= {kind: trials.segmenter(kind, 0) for kind in ("strided", "dilated")}
    found = {name: net.get_weights() for name, net in nets.items()}
    keeping.save_weights("systems", found, "python -m cvnotes.systems")
