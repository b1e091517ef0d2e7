"""``python -m cvnotes.detectors``: teach the nets of the drawings that no other page stores, and store their weights.

They are an SPP-net, a Fast R-CNN and a Faster R-CNN, each taught as its page does within a minute.
"""

from cvnotes.detectors import stored

if __name__ == "__main__":
    stored.store()
