"""Ask captum what its methods give on two small nets, and store its answers in attribution_captum.npz beside this file.

Run with a Python that has PyTorch and captum 0.8: ``python tests/oracles/attribution_captum.py``. The tests read the
stored weights, pictures and answers, and need neither. Everything is stored channels last, as Keras has it.
"""

import pathlib

import numpy as np
import torch
from captum import attr
from torch import nn

SIDE, CLASSES, COUNT, STEPS = 12, 4, 3, 8
RULES = {"gauss-legendre": "gausslegendre", "left": "riemann_left", "midpoint": "riemann_middle"}
RULES["trapezoid"] = "riemann_trapezoid"


def net(pool: bool) -> nn.Sequential:
    """Two convolutions and a global average; with a max pool between them, or a stride."""
    first = [nn.Conv2d(3, 6, 3, 1 if pool else 2, padding=0), nn.ReLU(), *([nn.MaxPool2d(2)] if pool else [])]
    second = [nn.Conv2d(6, 8, 3, padding=0), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*first, *second, nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, CLASSES)).double().eval()


def weights(twin: nn.Sequential) -> list[np.ndarray]:
    """Its weights, as Keras orders them."""
    found = []
    for part in twin:
        if hasattr(part, "weight"):
            kernel = part.weight.detach().numpy()
            found += [kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel.T, part.bias.detach().numpy()]
    return found


def back(found: torch.Tensor) -> np.ndarray:
    """An answer, channels last."""
    return found.detach().numpy().transpose(0, 2, 3, 1)


def answers(twin: nn.Sequential, pool: bool, x, base, noise, target) -> dict[str, np.ndarray]:
    """What captum says, by method."""
    last = [part for part in twin if isinstance(part, nn.ReLU)][1]
    found = {
        "gradient": attr.Saliency(twin).attribute(x, target, abs=False),
        "input_x_gradient": attr.InputXGradient(twin).attribute(x, target),
        "guided_backprop": attr.GuidedBackprop(twin).attribute(x, target),
        "deconvnet": attr.Deconvolution(twin).attribute(x, target),
        "grad_cam": attr.LayerGradCam(twin, last).attribute(x, target, relu_attributions=True),
        "grad_cam_signed": attr.LayerGradCam(twin, last).attribute(x, target),
        "smooth_grad": sum(attr.Saliency(twin).attribute(x + z, target, abs=False) for z in noise) / len(noise),
    }
    for name, (window, stride) in {"occlusion": (4, 2), "occlusion_apart": (3, 3)}.items():
        shapes = {"sliding_window_shapes": (3, window, window), "strides": (3, stride, stride)}
        found[name] = attr.Occlusion(twin).attribute(x, target=target, baselines=0.5, **shapes)[:, :1]
    slopes = attr.IntegratedGradients(twin)
    for rule, theirs in RULES.items():
        found[f"integrated_{rule}"] = slopes.attribute(x, base, target, n_steps=STEPS, method=theirs)
    if not pool:  # a max pool has more than one rule
        found["deeplift"] = attr.DeepLift(twin).attribute(x, base, target)
    return {name: back(one) for name, one in found.items()}


if __name__ == "__main__":
    torch.manual_seed(0)
    dice = np.random.default_rng(0)
    shape = (COUNT, 3, SIDE, SIDE)
    x, base = (torch.tensor(dice.random(shape)) for _ in range(2))
    noise = torch.tensor(dice.normal(0, 0.1, (4, *shape[1:])))
    target = torch.tensor([2, 0, 3])
    found = {"x": back(x), "base": back(base), "noise": back(noise), "target": target.numpy()}
    for name in ("pooled", "strided"):
        twin = net(name == "pooled")
        found |= {f"{name}_weight_{i}": weight for i, weight in enumerate(weights(twin))}
        said = answers(twin, name == "pooled", x, base, noise, target)
        found |= {f"{name}_{method}": answer for method, answer in said.items()}
    where = pathlib.Path(__file__).with_suffix(".npz")
    import captum

    single = {name: one.astype("float32") if one.dtype == "float64" else one for name, one in found.items()}
    np.savez_compressed(where, version=np.array(captum.__version__), **single)
    print(f"{len(single)} arrays by captum {captum.__version__}, {where.stat().st_size:,} bytes")
