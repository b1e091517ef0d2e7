"""One neuron with its loss, stepped forwards and backwards: what each step finds out, in numbers and in words."""

from __future__ import annotations

from typing import NamedTuple

from cvnotes.checks import whole

from .graph import Node, backward, maximum

GIVEN = {"x": 2.0, "b": -1.0, "0": 0.0, "y": 1.0}  # what the neuron sees, its bias, the kink of the ReLU, the target
WEIGHTS = (-1.0, 0.5, 1.0, 1.5)
ORDER = ("p", "z", "a", "e", "L")  # product, sum, activation, error, loss
STEPS = range(2 * len(ORDER) + 2)  # nothing yet, five forward, the seed, five backward


class Step(NamedTuple):
    """What is known after a step: which nodes have a value, which have sent their gradient back, who is at work."""

    forward: bool
    active: str | None
    valued: frozenset[str]
    sent: frozenset[str]
    seeded: bool


def neuron(w: float) -> dict[str, Node]:
    r"""Build $L = e \cdot e$ with $e = \max(wx + b, 0) - y$, every node by its name, gradients filled in.

    Chapter: backpropagation.
    """
    nodes = {"w": Node(w)} | {name: Node(value) for name, value in GIVEN.items()}
    nodes["p"] = nodes["w"] * nodes["x"]
    nodes["z"] = nodes["p"] + nodes["b"]
    nodes["a"] = maximum(nodes["z"], nodes["0"])
    nodes["e"] = nodes["a"] - nodes["y"]
    nodes["L"] = nodes["e"] * nodes["e"]
    backward(nodes["L"])
    return nodes


def at(step: int) -> Step:
    """What is known after so many steps. Raises ValueError for a step that there is not."""
    step, count = whole("step", step, 0, STEPS[-1]), len(ORDER)
    done = ORDER[: min(step, count)]
    back = ORDER[::-1][: max(step - count - 1, 0)]
    active = None if step == 0 else done[-1] if step <= count else back[-1] if back else "L"
    leaves = {"w", *GIVEN}
    return Step(step <= count, active, frozenset(leaves | set(done)), frozenset(back), step > count)


def said(number: float) -> str:
    """A number as it is read, with a real minus sign and no minus zero."""
    return f"{number + 0.0:g}".replace("-", "−")


def rule(name: str, nodes: dict[str, Node]) -> str:
    """What a node does on the way back, in words with its numbers."""
    node, g = nodes[name], said(nodes[name].gradient)
    first, second = (said(node.gradient * slope) for slope in node.slopes)
    return {
        "p": f"Multiply swaps: w gets {g} times x, {first}; x gets {g} times w, {second}.",
        "z": f"Add distributes: p and b get {g} each.",
        "a": f"Max routes: the winner gets {g}, the other 0. Here z gets {first}, the constant {second}.",
        "e": f"Two uses add up: {said(node.gradient / 2)} and {said(node.gradient / 2)} make {g}. "
        f"Minus: a gets {first}, y gets {second}.",
        "L": f"L is e times e: each use of e gets 1 times the other, {first}.",
    }[name]


def say(w: float, step: int) -> str:
    """Say what `drawings.draw_neuron` shows at this step."""
    nodes, now = neuron(w), at(step)
    head = f"w is {said(w)}, x is {said(GIVEN['x'])}, b is {said(GIVEN['b'])}, the target y is {said(GIVEN['y'])}."
    if now.active is None:
        return f"Inputs only. {head}"
    if now.forward:
        formula = {"p": "w times x", "z": "p plus b", "a": "the larger of z and 0", "e": "a minus y", "L": "e times e"}
        return f"Forward, step {step} of {len(ORDER)}: {now.active} is {formula[now.active]}, " + (
            f"{said(nodes[now.active].value)}. {head}"
        )
    if not now.sent:
        return f"The way back starts at the loss, {said(nodes['L'].value)}: it grows one to one with itself. {head}"
    return f"Backward, step {len(now.sent)} of {len(ORDER)}. {rule(now.active, nodes)}"
