"""``python -m cvnotes.detection``: train the R-CNN that the figures of its page show, and store its numbers."""

from cvnotes.detection import trials_rcnn
from cvnotes.transfer import keeping

if __name__ == "__main__":
    chain = trials_rcnn.taught(0)[0]
    found = {"net": chain.net.get_weights(), "svms": [chain.svms], "regressors": [chain.regressors]}
    keeping.save_weights("detection", found, "python -m cvnotes.detection")
