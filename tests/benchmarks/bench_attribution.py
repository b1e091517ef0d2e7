"""Race the book's explanations against their peers: integrated gradients, Grad-CAM, occlusion.

- captum 0.8.0, on a PyTorch copy of the net with the same weights;
- xplique 2.0.2 and tf-keras-vis 0.8.7 (Grad-CAM alone), on the very net.

The net is the plain one of the part "Looking inside" (six convolutions, three max pools, a global average), the
pictures are 16 scenes of 64 x 64; ours runs on TensorFlow, in the scope `compiled`, as the peers keep what they have
compiled in an object. Each is called as its manual shows, with its own batches; captum's integrated gradients and
occlusion also with batches of 32, which are kinder to it than its defaults (all points at once; one window at a time).
All get the same pictures and the same number of threads, and take turns; what is printed is the median over rounds of
the ratio within a round, and how alike the answers are: the least correlation of all pictures. The exit status is 1
when ours needs more than `TARGET` of a peer's time.

The peers need packages that the book does without: they may lie in a folder of their own ::

    pip install --no-deps --target peers captum==0.8.0 xplique==2.0.2 tf-keras-vis==0.8.7 deprecated einops \\
        decorator opencv-python-headless tensorflow-probability tf-keras dm-tree cloudpickle

Run: python tests/benchmarks/bench_attribution.py [--peers peers] [--threads 1] [--rounds 9]
A peer that is not there is named and left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable

PICTURES, STEPS, WINDOW, STRIDE, BATCH = 16, 50, 8, 4, 32
TARGET = 0.8
Calls = dict[str, Callable[[], "np.ndarray"]]  # noqa: F821


def subject():
    """The plain net with random weights, biases too, and no batch normalization; pictures (16, 64, 64, 3); classes."""
    import keras
    import numpy as np

    from cvnotes.visualization import subjects

    keras.utils.set_random_seed(0)
    net = subjects.plain(normalized=False, biases=True)
    dice = np.random.default_rng(0)
    net.set_weights([dice.normal(0, (2 / max(w[..., 0].size, 1)) ** 0.5, w.shape) for w in net.get_weights()])
    x = subjects.test_views(PICTURES).floats
    return net, x, np.asarray(net(x)).argmax(-1)


def copied(net):
    """The same net in PyTorch, with the same weights; and its last ReLU."""
    import torch
    from torch import nn

    parts: list = []
    for layer in net.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":
            kernel, bias = (torch.tensor(w) for w in layer.get_weights())
            parts.append(nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding="same"))
            parts[-1].weight.data, parts[-1].bias.data = kernel.permute(3, 2, 0, 1).contiguous(), bias
        elif kind == "Dense":
            parts += [nn.Flatten(), nn.Linear(*layer.kernel.shape)]
            kernel, bias = (torch.tensor(w) for w in layer.get_weights())
            parts[-1].weight.data, parts[-1].bias.data = kernel.T.contiguous(), bias
        else:
            made = {"ReLU": nn.ReLU, "MaxPooling2D": lambda: nn.MaxPool2d(2)}
            parts += {"GlobalAveragePooling2D": [nn.AdaptiveAvgPool2d(1)]}.get(kind, [])
            parts += [made[kind]()] if kind in made else []
    twin = nn.Sequential(*parts).eval()
    return twin, [part for part in twin if isinstance(part, nn.ReLU)][-1]


def ours(net, x, classes) -> Calls:
    """The book's three."""
    from cvnotes import attribution

    return {
        "integrated gradients": lambda: attribution.integrated_gradients(net, x, classes, steps=STEPS),
        "Grad-CAM": lambda: attribution.grad_cam(net, x, classes, layer="relu6"),
        "occlusion": lambda: attribution.occlusion(net, x, classes, window=WINDOW, stride=STRIDE),
    }


def captum(net, x, classes) -> dict[str, Calls]:
    """captum's, with its defaults, and in batches."""
    import torch
    from captum import attr

    twin, last = copied(net)
    given, target = torch.tensor(x.transpose(0, 3, 1, 2).copy()), torch.tensor(classes)
    slopes, cover, cam = attr.IntegratedGradients(twin), attr.Occlusion(twin), attr.LayerGradCam(twin, last)
    window = {"sliding_window_shapes": (3, WINDOW, WINDOW), "strides": (3, STRIDE, STRIDE)}

    def back(found):
        return found.detach().numpy().transpose(0, 2, 3, 1)

    def grad_cam():
        small = cam.attribute(given, target, relu_attributions=True)
        return back(attr.LayerAttribution.interpolate(small, x.shape[1:3], "bilinear"))

    def integrated(**options):
        return back(slopes.attribute(given, target=target, n_steps=STEPS, **options))

    def occlusion(**options):
        return back(cover.attribute(given, target=target, **window, **options))[..., :1]

    plain = {"integrated gradients": integrated, "Grad-CAM": grad_cam, "occlusion": occlusion}
    batched = {
        "integrated gradients": lambda: integrated(internal_batch_size=BATCH),
        "occlusion": lambda: occlusion(perturbations_per_eval=BATCH // PICTURES),
    }
    return {"captum": plain, "captum, batches of 32": batched}


def xplique(net, x, classes) -> dict[str, Calls]:
    """xplique's: integrated gradients by the trapezoid; occlusion with its own mean."""
    import numpy as np
    from xplique import attributions as attr

    hot = np.eye(net.output_shape[-1], dtype="float32")[classes]
    slopes = attr.IntegratedGradients(net, steps=STEPS, batch_size=BATCH, reducer=None)
    cam = attr.GradCAM(net, conv_layer="relu6", batch_size=BATCH)
    cover = attr.Occlusion(net, patch_size=WINDOW, patch_stride=STRIDE, occlusion_value=0.0, batch_size=BATCH)
    calls = {"integrated gradients": slopes, "Grad-CAM": cam, "occlusion": cover}
    return {"xplique": {name: lambda one=one: np.asarray(one(x, hot)) for name, one in calls.items()}}


def tf_keras_vis(net, x, classes) -> dict[str, Calls]:
    """tf-keras-vis's Grad-CAM."""
    import numpy as np
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    cam, score = Gradcam(net, clone=True), CategoricalScore([int(one) for one in classes])
    call = lambda: np.asarray(cam(score, x, penultimate_layer="relu6", normalize_cam=False))[..., None]  # noqa: E731
    return {"tf-keras-vis": {"Grad-CAM": call}}


PEERS = {"captum": captum, "xplique": xplique, "tf_keras_vis": tf_keras_vis}


def compared(mine, theirs) -> str:
    """How alike two answers are: their correlation, picture by picture, the least of all."""
    import numpy as np

    flat = [answer.reshape(len(answer), -1) for answer in (mine, theirs)]
    pairs = zip(*flat, strict=True)
    return f"{min(np.corrcoef(a, b)[0, 1] for a, b in pairs):.4f}"


def main() -> int:
    """Print the races as a table; the exit status says whether the target holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="a folder that holds the peers")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(options.threads)  # before NumPy and TensorFlow are loaded
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.path.extend([options.peers] if options.peers else [])
    import numpy as np
    import tensorflow  # noqa: F401  (tf-keras-vis finds it so)

    from cvnotes import attribution, experiments

    given = subject()
    rivals: dict[str, Calls] = {}
    for peer, make in PEERS.items():
        if importlib.util.find_spec(peer):
            rivals |= make(*given)
        else:
            print(f"{peer} is not installed: left out")
    rows, passed = [], True
    for task, mine in ours(*given).items():
        calls = {"ours": mine} | {peer: made[task] for peer, made in rivals.items() if task in made}
        with attribution.compiled():
            answers = {who: call() for who, call in calls.items()}
            took = experiments.race(calls, options.rounds)
        for peer in list(calls)[1:]:
            ratio = float(np.median(took["ours"] / took[peer]))
            passed &= ratio <= TARGET
            alike = compared(answers["ours"], answers[peer])
            seconds = [f"{1e3 * np.median(took[who]):,.0f}" for who in ("ours", peer)]
            rows.append(f"| {task} | {peer} | {' | '.join(seconds)} | {ratio:.2f} | {alike} |")
            print(rows[-1], flush=True)
    print(f"\nfloat32, threads: {options.threads}, load {os.getloadavg()[0]:.1f}\n")
    print("| task | peer | ours, ms | peer, ms | ratio | alike |\n|---|---|---|---|---|---|", *rows, sep="\n")
    print(f"\ntarget (at most {TARGET} of each): {'held' if passed else 'MISSED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
