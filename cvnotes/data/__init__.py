"""What the book looks at: real digits and photographs, scenes in which everything is known, and the named data sets.

Nothing is downloaded unless a named data set is asked for (``load``), and never when CVNOTES_OFFLINE is set.
"""

from cvnotes.data.clips import Clips, clips
from cvnotes.data.datasets import DATASETS, DatasetUnavailable, load, pretrained, stand_in
from cvnotes.data.digits import Digits, digits
from cvnotes.data.photos import PHOTOS, faces, photo, photo_names
from cvnotes.data.portraits import Portraits, portraits
from cvnotes.data.scenes import Scene, Scenes, scenes
from cvnotes.data.shapes import CLASSES, PARTS, SYMMETRY
from cvnotes.data.textures import BACKGROUNDS, COLOURS, TEXTURES

__all__ = [
    "BACKGROUNDS",
    "CLASSES",
    "COLOURS",
    "DATASETS",
    "PARTS",
    "PHOTOS",
    "SYMMETRY",
    "TEXTURES",
    "Clips",
    "DatasetUnavailable",
    "Digits",
    "Portraits",
    "Scene",
    "Scenes",
    "clips",
    "digits",
    "faces",
    "load",
    "photo",
    "photo_names",
    "portraits",
    "pretrained",
    "scenes",
    "stand_in",
]
