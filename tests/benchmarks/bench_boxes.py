"""Race the book's plain NumPy for boxes against its peers: suppression, overlaps, mean average precision.

- 2,000 boxes, suppressed at 0.5: `boxes.nms` against `tf.image.non_max_suppression`, in a wide and in a dense picture;
- overlaps of 2,000 x 2,000 boxes: `boxes.iou` against `keras.utils.bounding_boxes.compute_iou`, called as it is, and
  compiled into a graph (about even, by turns a little quicker and a little slower);
- mAP at COCO's ten overlaps of 500 scenes: `boxes.mean_average_precision` against pycocotools, and against
  faster-coco-eval where it is installed (it is C++; a word is printed where it is not).

All get the same float32 boxes and the same number of threads, and take turns. The peers run in a form that is kind
to them: tensors that are already there, and for mAP their tables already loaded, one range of areas; ours reads its
arrays within the time. Printed are medians and ratios; the exit status is 1 when ours needs more than
`TARGETS` of a peer's time.

Run: python tests/benchmarks/bench_boxes.py [--threads 1] [--rounds 15]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import os
import sys
from collections.abc import Callable

COUNT, SCENES, IOU = 2000, 500, 0.5
TARGETS = {"tf.image": 1.0, "Keras": 1.0, "Keras, compiled": 1.0, "pycocotools": 1.0}
Race = tuple[str, str, Callable[[], "np.ndarray"], Callable[[], "np.ndarray"]]  # noqa: F821


def drawn(side: float):
    """Boxes (n, 4) of 4 to 40 pixels in a picture of this side, and scores (n,): float32."""
    import numpy as np

    dice = np.random.default_rng(0)
    middle, half = dice.uniform(0, side, (COUNT, 2)), dice.uniform(2, 20, (COUNT, 2))
    return np.concatenate([middle - half, middle + half], 1).astype("float32"), dice.random(COUNT).astype("float32")


def suppression(side: float) -> Race:
    """Ours and TensorFlow's suppression of boxes in a picture of this side."""
    import tensorflow as tf

    from cvnotes import boxes

    corners, scores = drawn(side)
    given, marks = tf.constant(corners[:, [1, 0, 3, 2]]), tf.constant(scores)
    theirs = tf.function(lambda: tf.image.non_max_suppression(given, marks, COUNT, IOU))
    name = f"NMS, {COUNT:,} boxes in {side:.0f} x {side:.0f} pixels"
    return name, "tf.image", lambda: boxes.nms(corners, scores, IOU), lambda: theirs().numpy()


def overlaps(peer: str) -> Race:
    """Ours and Keras's table of overlaps; "Keras" is called as it is, any other peer as a compiled graph."""
    import tensorflow as tf
    from keras.utils import bounding_boxes

    from cvnotes import boxes

    corners, _ = drawn(512)
    others = corners[::-1].copy()
    one, other = tf.constant(corners), tf.constant(others)

    def plain():
        return bounding_boxes.compute_iou(one, other, bounding_box_format="xyxy")

    theirs = plain if peer == "Keras" else tf.function(plain)
    return f"IoU, {COUNT:,} x {COUNT:,}", peer, lambda: boxes.iou(corners, others), lambda: theirs().numpy()


def tables(found, truths):
    """What COCO's tools read: pictures and true boxes, and the list of detections."""
    from cvnotes import boxes

    def placed(i, corners, label):
        return {"image_id": i, "category_id": int(label), "bbox": [float(n) for n in corners]}

    truth, said = [], []
    for i, (one, known) in enumerate(zip(found, truths, strict=True), 1):
        for corners, label in zip(boxes.convert(known.boxes, "xyxy", "xywh"), known.labels, strict=True):
            extra = {"id": len(truth) + 1, "area": 1.0, "iscrowd": 0}
            truth.append({**placed(i, corners, label), **extra})
        rows = zip(boxes.convert(one.boxes, "xyxy", "xywh"), one.labels, one.scores, strict=True)
        said += [{**placed(i, corners, label), "score": float(score)} for corners, label, score in rows]
    pictures, kinds = [{"id": i + 1} for i in range(len(found))], [{"id": i, "name": str(i)} for i in range(10)]
    return {"images": pictures, "annotations": truth, "categories": kinds}, said


def judge(peer: str, truth, said) -> Callable[[], float]:
    """One of COCO's two tools, loaded, as a function that gives its mAP."""
    import copy

    import numpy as np

    if peer == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval as Judge
    else:
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as Judge
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = copy.deepcopy(truth)
        known.createIndex()
        answers = known.loadRes(copy.deepcopy(said))

    def mark():
        with contextlib.redirect_stdout(io.StringIO()):
            asked = Judge(known, answers, "bbox")
            asked.params.areaRng, asked.params.areaRngLbl, asked.params.maxDets = [[0, 1e10]], ["all"], [100]
            asked.evaluate()
            asked.accumulate()
        return np.mean(asked.eval["precision"])

    return mark


def precision(peer: str) -> Race:
    """Ours and a peer's mean average precision of an imagined detector, before suppression."""
    from cvnotes import boxes

    truths = boxes.truths(boxes.held_out(SCENES))
    found = boxes.imagine(truths)
    count = sum(len(one.scores) for one in found)

    def mine():
        return boxes.mean_average_precision(found, truths, boxes.COCO_IOUS)

    return f"mAP, {SCENES} scenes, {count:,} boxes", peer, mine, judge(peer, *tables(found, truths))


def races() -> list[Race]:
    """All that can be raced here; what cannot is named."""
    peers = ["pycocotools"]
    if importlib.util.find_spec("faster_coco_eval"):
        peers.append("faster-coco-eval")
    else:
        print("faster-coco-eval is not installed: left out")
    return [suppression(1024), suppression(256), *map(overlaps, ("Keras", "Keras, compiled")), *map(precision, peers)]


def held(peer: str, ratio: float) -> bool:
    """Whether ours takes no more than its target of a peer's time; a peer without a target is only shown."""
    return ratio <= TARGETS.get(peer, float("inf"))


def main() -> int:
    """Print the races as a table; the exit status says whether the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(options.threads)  # before NumPy and TensorFlow are loaded
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import numpy as np

    from cvnotes import experiments

    passed, rows = True, []
    for name, peer, mine, theirs in races():
        if not np.allclose(mine(), theirs(), atol=1e-5):
            raise SystemExit(f"the two disagree about {name}: nothing to race")
        took = experiments.race({"mine": mine, "theirs": theirs}, options.rounds)
        ours, other = (float(np.median(took[who])) for who in ("mine", "theirs"))
        passed &= held(peer, ours / other)
        rows.append(f"| {name} | {peer} | {1e3 * ours:.1f} | {1e3 * other:.1f} | {ours / other:.2f} |")
    print(f"\nfloat32, threads: {options.threads}, load {os.getloadavg()[0]:.1f}\n")
    print("| task | peer | NumPy, ms | peer, ms | ratio |\n|---|---|---|---|---|", *rows, sep="\n")
    wanted = ", ".join(f"{peer} {ratio}" for peer, ratio in TARGETS.items())
    print(f"\ntargets (at most {wanted}): {'held' if passed else 'MISSED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
