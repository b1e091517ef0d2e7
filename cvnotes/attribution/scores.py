"""Scores for explanations: of a map against what is known of the picture, and against the net that it speaks of.

Every score is a plain function of arrays, one number a picture, and none looks at how a map was made::

    from cvnotes.attribution import scores

    maps = attribution.heat(attribution.gradient(net, images, classes))
    scores.pointing(maps, masks, tolerance=2)
    scores.area(scores.deletion(net, images, maps, classes))
    scores.likeness(maps, attribution.heat(attribution.gradient(scores.shuffled(net), images, classes)))

Where the object is: ``pointing``, ``energy``, ``iou``. What the net needs: ``deletion``, ``insertion``. Whether a map
speaks of this net and this class: ``likeness``, ``structure`` with ``shuffled``. How fine it is: ``fineness``.
What must lose: ``edges``, ``centre``, ``noise``, ``forgery``. Chapter: explanations.
"""

from .scores_order import area, cells, deletion, insertion, order, relative_area
from .scores_place import energy, iou, pointing, reach
from .scores_rivals import centre, edges, forgery, noise
from .scores_sanity import fineness, from_top, likeness, shuffled, structure

__all__ = [
    "area",
    "cells",
    "centre",
    "deletion",
    "edges",
    "energy",
    "fineness",
    "forgery",
    "from_top",
    "insertion",
    "iou",
    "likeness",
    "noise",
    "order",
    "pointing",
    "reach",
    "relative_area",
    "shuffled",
    "structure",
]
