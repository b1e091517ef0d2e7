"""A small automatic differentiation: numbers that remember what they were made of."""

from __future__ import annotations

import math


class Node:
    """A number, the numbers it was made of, and how fast it changes with each of them.

    value: what the forward pass found. parents: the nodes it was computed from. slopes: the derivative of this value
    with respect to each parent, worked out at once, while the values are at hand. op: the sign that a picture shows.
    gradient: filled in by `backward`, the derivative of the loss with respect to this value.
    Source: Griewank and Walther (2008), chapter 3. Chapter: backpropagation.
    """

    def __init__(self, value: float, parents=(), slopes=(), op: str = ""):
        self.value, self.op = float(value), op
        self.parents, self.slopes = parents, slopes
        self.gradient = 0.0

    def __add__(self, other: Node) -> Node:
        """The sum: each term counts one to one."""
        return Node(self.value + other.value, (self, other), (1.0, 1.0), "+")

    def __sub__(self, other: Node) -> Node:
        """The difference: the second term counts against."""
        return Node(self.value - other.value, (self, other), (1.0, -1.0), "−")

    def __mul__(self, other: Node) -> Node:
        """The product: the slope for one factor is the other factor."""
        return Node(self.value * other.value, (self, other), (other.value, self.value), "×")

    def __repr__(self) -> str:
        """Value and gradient, as in ``Node(2, gradient 0.5)``."""
        return f"Node({self.value:g}, gradient {self.gradient:g})"


def maximum(a: Node, b: Node) -> Node:
    """The larger of two: slope 1 for it, 0 for the other; in a tie the second wins."""
    first = float(a.value > b.value)
    return Node(max(a.value, b.value), (a, b), (first, 1 - first), "max")


def exp(a: Node) -> Node:
    """The exponential, its own slope."""
    return Node(math.exp(a.value), (a,), (math.exp(a.value),), "exp")


def log(a: Node) -> Node:
    """The natural logarithm, with slope 1/a. Raises ValueError for a number that is not above zero."""
    if a.value <= 0:
        raise ValueError(f"log needs a number above zero. Received: {a.value:g}")
    return Node(math.log(a.value), (a,), (1 / a.value,), "log")


def in_order(loss: Node) -> list[Node]:
    """All nodes that the loss depends on, each after its parents. Chapter: backpropagation."""
    seen: dict[int, Node] = {}  # Python keeps the order in which keys came
    waiting = [(loss, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            seen[id(node)] = node
        elif id(node) not in seen:
            waiting.append((node, True))
            waiting.extend((parent, False) for parent in reversed(node.parents))
    return list(seen.values())


def backward(loss: Node) -> None:
    """Give every node its gradient, the last node first.

    A node that was used twice is reached twice, and adds up what it gets.
    Source: Rumelhart, Hinton and Williams (1986). Chapter: backpropagation.
    """
    nodes = in_order(loss)
    for node in nodes:
        node.gradient = 0.0
    loss.gradient = 1.0
    for node in reversed(nodes):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.gradient += node.gradient * slope
