"""Does a measured value meet an expectation? Short, pure and strict.

A truth value is never a number, NaN meets nothing, and arrays are compared with their shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

Plain = Any  # bool, int, float, str, or nested lists of them


def plain(value: Any) -> Plain:
    """A measured value as plain Python: numbers, truth values, words, or nested lists of them.

    Takes NumPy scalars and arrays, tensors of any backend, tuples and lists. Raises ValueError for anything else.
    """
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item()  # first, as NumPy's float64 and str_ are also Python's float and str
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    array = _as_array(value)
    if array is not None and array.dtype.kind in "biufU":
        return array.tolist()
    raise ValueError(
        f"A measurement is a number, a truth value, words, or an array of them. Received: {type(value).__name__} "
        f"{value!r:.80}. Pass the number itself, for example len(...), float(...) or an array's values."
    )


def _as_array(value: Any) -> np.ndarray | None:
    """A NumPy array or a tensor of any backend as an array; None for what cannot be one."""
    if hasattr(value, "detach"):  # a tensor that carries a gradient does not turn into an array otherwise
        value = value.detach().cpu()
    if not hasattr(value, "__array__"):
        return None
    try:
        array = value.__array__()  # not np.asarray: it asks for a copy in a way that some tensors warn of
    except TypeError:  # a number type that NumPy lacks
        return None
    return array.astype("float64") if array.dtype.kind == "V" else array  # bfloat16 and its kin


def leaves(value: Plain) -> Iterator[bool | int | float | str]:
    """The single values in nested lists, in order."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def kind(value: Plain) -> str:
    """What a value is made of: "number", "truth value", "words", "nothing" (an empty list), or a mixture by name."""
    names = {bool: "truth value", int: "number", float: "number", str: "words"}
    return " and ".join(sorted({names[type(leaf)] for leaf in leaves(value)})) or "nothing"


def shape(value: Plain) -> tuple[int, ...]:
    """Lengths of nested lists; () for a single value. A ragged list counts by its first items."""
    return (len(value), *shape(value[0])) if isinstance(value, list) and value else (0,) if value == [] else ()


def _same(one: Plain, other: Plain) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return not isinstance(one, list) and not isinstance(other, list) and kind(one) == kind(other) and one == other


def _differs(measured: Plain, wanted: Plain) -> str | None:
    if _same(measured, wanted):
        return None
    if kind(measured) != kind(wanted):
        return f"a {kind(wanted)} was expected, a {kind(measured)} was measured"
    if shape(measured) != shape(wanted):
        return f"shape {shape(wanted)} was expected, shape {shape(measured)} was measured"
    return f"expected {brief(wanted)}, measured {brief(measured)}"


def _not_numbers(value: Plain) -> str | None:
    if kind(value) != "number":
        return f"numbers were expected, {kind(value)} measured"
    return "NaN was measured" if any(math.isnan(leaf) for leaf in leaves(value)) else None


def _far(measured: Plain, expect: Mapping) -> str | None:
    wanted = expect["close"]
    if shape(wanted) not in ((), shape(measured)):
        return f"shape {shape(wanted)} was expected, shape {shape(measured)} was measured"
    atol, rtol = expect.get("atol", 0), expect.get("rtol", 0)
    targets = leaves(wanted) if isinstance(wanted, list) else [wanted] * sum(1 for _ in leaves(measured))
    distance, allowed = max(
        ((abs(m - w), atol + rtol * abs(w)) for m, w in zip(leaves(measured), targets, strict=True)),
        key=lambda pair: pair[0] - pair[1],
    )
    if distance <= allowed:
        return None
    return f"expected {brief(wanted)} within {brief(allowed)}, measured {brief(measured)} (off by {brief(distance)})"


def _below(measured: Plain, bound: float) -> str | None:
    least = min(leaves(measured))
    return None if least >= bound else f"expected at least {brief(bound)}, measured {brief(least)}"


def _above(measured: Plain, bound: float) -> str | None:
    most = max(leaves(measured))
    return None if most <= bound else f"expected at most {brief(bound)}, measured {brief(most)}"


def _outside(measured: Plain, interval: list[float]) -> str | None:
    low, high = interval
    return _below(measured, low) or _above(measured, high)


def _untrue(measured: Plain, words: str) -> str | None:
    if kind(measured) != "truth value":
        return f"a truth value was expected ({words}), {kind(measured)} measured; write the comparison in the call"
    return None if all(leaves(measured)) else f"this should be true, and is not: {words}"


NUMERIC: dict[str, Callable[[Plain, Mapping], str | None]] = {
    "close": _far,
    "at_least": lambda measured, expect: _below(measured, expect["at_least"]),
    "at_most": lambda measured, expect: _above(measured, expect["at_most"]),
    "between": lambda measured, expect: _outside(measured, expect["between"]),
}
EXPECTATIONS = ("equals", *NUMERIC, "true")


def disagreement(expect: Mapping[str, Any], measured: Plain) -> str | None:
    """Why a plain value does not meet the expectation, in words; None when it does.

    expect: {equals: v}, {close: v, atol: a and/or rtol: r}, {at_least: v}, {at_most: v}, {between: [a, b]}
    or {true: words}. `close` with one number, and the bounds, are asked of each element of an array.
    """
    if "equals" in expect:
        return _differs(measured, plain(expect["equals"]))
    if "true" in expect:
        return _untrue(measured, expect["true"])
    check = next(check for name, check in NUMERIC.items() if name in expect)
    return _not_numbers(measured) or check(measured, expect)


def malformed(expect: Any) -> str | None:
    """What is wrong with an expectation as written; None when it is well formed."""
    if not isinstance(expect, Mapping):
        return f"expect must be a mapping such as {{equals: 3}}. Received: {expect!r}"
    named = [name for name in EXPECTATIONS if name in expect]
    if len(named) != 1:
        received = ", ".join(map(str, expect)) or "nothing"
        return f"expect needs exactly one of {', '.join(EXPECTATIONS)}. Received: {received}"
    extra = set(expect) - {named[0], *(("atol", "rtol") if named[0] == "close" else ())}
    if extra:
        return f"{named[0]} does not take {', '.join(sorted(map(str, extra)))}"
    return _malformed_value(named[0], expect)


def _malformed_value(name: str, expect: Mapping) -> str | None:
    value = expect[name]
    if name == "true":
        return None if isinstance(value, str) else "true: takes words that say what is true"
    if name == "equals":
        return None
    wrong = _not_numbers(plain(value))
    if wrong or (name in ("at_least", "at_most") and isinstance(value, list)):
        return f"{name}: needs a number. Received: {value!r}"
    if name == "between" and (not isinstance(value, list) or len(value) != 2 or value[0] >= value[1]):
        return f"between: needs [low, high] with low < high. Received: {value!r}"
    tolerances = [expect[key] for key in ("atol", "rtol") if key in expect]
    if name == "close" and not (tolerances and all(_not_numbers(plain(t)) is None and t > 0 for t in tolerances)):
        return "close: needs a positive atol: or rtol:, written 1.0e-6 (1e-6 without the point is text to YAML)"
    return None


def brief(value: Plain) -> str:
    """A value for people: numbers with four significant digits, long arrays by shape and range."""
    if isinstance(value, list):
        flat = list(leaves(value))
        if len(flat) <= 12:
            return "(" + ", ".join(brief(item) for item in value) + ")"
        span = f", {brief(min(flat))} to {brief(max(flat))}" if kind(value) == "number" else ""
        return f"array of shape {' × '.join(map(str, shape(value)))}{span}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
