"""Families of detectors: when, with what idea, where its authors' code lies, and which page of the book builds it.

Chapter: detectors.
"""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """One family, or one step of a family."""

    name: str
    year: int
    idea: str
    looks: str  #: "windows", "regions" (proposals, judged one by one), "single shot", or "set" (a fixed set of answers)
    key: str  #: of its paper, in book/references.bib
    code: str = ""  #: owner and name of the authors' repository, where there is one
    page: str = ""  #: of this book that builds it


FAMILIES = (
    Family("Viola and Jones", 2001, "a cascade drops easy windows early", "windows", "viola2001rapid"),
    Family("DPM", 2010, "a template of parts, each free to move", "windows", "felzenszwalb2010object",
           "rbgirshick/voc-dpm"),
    Family("R-CNN", 2014, "a ConvNet looks at each proposal", "regions", "girshick2014rich",
           "rbgirshick/rcnn", "rcnn"),
    Family("OverFeat", 2014, "a ConvNet slides by being convolutional", "windows", "sermanet2014overfeat",
           "sermanet/OverFeat"),
    Family("SPP-net", 2014, "one map, pooled for each proposal", "regions", "he2014spatial",
           "ShaoqingRen/SPP_net", "fast_rcnn"),
    Family("Fast R-CNN", 2015, "one map, one loss, one training", "regions", "girshick2015fast",
           "rbgirshick/fast-rcnn", "fast_rcnn"),
    Family("Faster R-CNN", 2015, "the net proposes", "regions", "ren2015faster",
           "rbgirshick/py-faster-rcnn", "faster_rcnn"),
    Family("YOLO", 2016, "each cell of a grid says boxes", "single shot", "redmon2016you", "pjreddie/darknet", "yolo"),
    Family("SSD", 2016, "default boxes on several maps", "single shot", "liu2016ssd", "weiliu89/caffe", "ssd"),
    Family("R-FCN", 2016, "maps that know the part of a region", "regions", "dai2016rfcn", "daijifeng001/R-FCN"),
    Family("FPN", 2017, "coarse maps lend their sight to fine ones", "regions", "lin2017feature",
           "facebookresearch/Detectron"),
    Family("Mask R-CNN", 2017, "regions get a mask", "regions", "he2017mask",
           "facebookresearch/Detectron", "instances"),
    Family("RetinaNet", 2017, "a loss that forgets the easy", "single shot", "lin2017focal",
           "facebookresearch/Detectron"),
    Family("YOLO, versions 2 and 3", 2018, "anchors, several maps, cross-entropy", "single shot", "redmon2018yolov3",
           "pjreddie/darknet"),
    Family("CornerNet", 2018, "a box is two corners, no anchor", "single shot", "law2018cornernet",
           "princeton-vl/CornerNet"),
    Family("FCOS", 2019, "each place says four distances, no anchor", "single shot", "tian2019fcos",
           "tianzhi0549/FCOS"),
    Family("CenterNet", 2019, "a box is a peak, no suppression", "single shot", "zhou2019objects",
           "xingyizhou/CenterNet"),
    Family("DETR", 2020, "a transformer answers with a set", "set", "carion2020endtoend", "facebookresearch/detr"),
)  # fmt: skip


class Published(NamedTuple):
    """What a paper reports of a detector on VOC 2007, all with VGG-16 except YOLO (a net of its own)."""

    name: str
    hours: float | None  #: of training
    seconds: float  #: a picture, without selective search where there is any
    map: float  #: mAP at 0.5, in points
    lessons: str  #: what it was trained on
    key: str


#: Girshick (2015), table 4; Ren et al. (2015), tables 3 and 5; Liu et al. (2016), table 7, and section 1 for YOLO
PUBLISHED = (
    Published("R-CNN", 84, 47.0, 66.0, "VOC 2007", "girshick2015fast"),
    Published("SPP-net", 25, 2.3, 63.1, "VOC 2007", "girshick2015fast"),
    Published("Fast R-CNN", 9.5, 0.32, 66.9, "VOC 2007", "girshick2015fast"),
    Published("Faster R-CNN", None, 0.198, 69.9, "VOC 2007", "ren2015faster"),
    Published("Faster R-CNN", None, 1 / 7, 73.2, "VOC 2007 and 2012", "liu2016ssd"),
    Published("YOLO", None, 1 / 45, 63.4, "VOC 2007 and 2012", "liu2016ssd"),
    Published("SSD300", None, 1 / 46, 74.3, "VOC 2007 and 2012", "liu2016ssd"),
)
