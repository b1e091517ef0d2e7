"""The lazy register: a name stands for ``"module:function"`` and is imported when it is asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

import keras

from cvnotes import backend

_TARGETS: dict[str, tuple[str, dict[str, Any]]] = {}


def register(name: str, target: str, **fixed: Any) -> None:
    """Let ``name`` stand for the builder ``target = "package.module:function"``, imported when first built.

    fixed: arguments of the builder that belong to the name, as the depth does to ``"resnet-50"``.
    Raises ``ValueError`` for a malformed target and for a name that already stands for another one.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"A model is called by words. Received: {name!r}.")
    module, colon, function = target.partition(":") if isinstance(target, str) else ("", "", "")
    if not (module and colon and function):
        raise ValueError(f"A target reads 'package.module:function'. Received: {target!r} for {name!r}.")
    known, _ = _TARGETS.get(name, (target, fixed))
    if _TARGETS.get(name, (target, fixed)) != (target, fixed):
        raise ValueError(f"{name!r} already stands for {known!r}: choose another name. Received: {target!r}.")
    _TARGETS[name] = (target, fixed)


def names(pattern: str | None = None) -> list[str]:
    """All names in alphabetical order, or those that match a glob pattern such as ``"resnet-*"``."""
    return sorted(name for name in _TARGETS if pattern is None or fnmatchcase(name, pattern))


def build(
    name: str, input_shape: tuple[int, ...] | None = None, classes: int | None = None, **variant: Any
) -> keras.Model:
    """The model called ``name``, with the builder's own defaults for whatever is not given.

    input_shape: height, width, channels of one picture; classes: width of the last layer; variant: see ``options``.
    Raises ``ValueError`` for an unknown name (with the nearest ones) or variant (with the accepted ones).
    """
    given = {"input_shape": input_shape, "classes": classes}
    variant |= {key: value for key, value in given.items() if value is not None}
    _check_variant(name, variant)
    return builder(name)(**variant)


def sketch(name: str, input_shape: tuple[int, ...] | None = None, classes: int | None = None, **variant: Any):
    """``build`` without memory for the weights: made for ``profile``, and for nothing that computes."""
    with backend.unallocated():
        return build(name, input_shape, classes, **variant)


def options(name: str) -> dict[str, Any]:
    """What ``build(name, ...)`` accepts, with the defaults; what belongs to the name is not among it."""
    parameters = inspect.signature(builder(name)).parameters.values()
    fixed = _TARGETS[name][1]
    return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in fixed}


def resolve(target: str) -> Callable[..., Any]:
    """Import what ``"package.module:name"`` names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def builder(name: str) -> Callable[..., keras.Model]:
    """The function that builds the model called ``name``. Raises ``ValueError`` with the nearest names."""
    if not isinstance(name, str) or name not in _TARGETS:
        raise ValueError(f"There is no model {name!r}.{_nearest(str(name), _TARGETS)} All names: {', '.join(names())}.")
    target, fixed = _TARGETS[name]
    fn = resolve(target)
    return functools.update_wrapper(functools.partial(fn, **fixed), fn) if fixed else fn


def _check_variant(name: str, variant: dict[str, Any]) -> None:
    if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(builder(name)).parameters.values()):
        return
    parameters, fixed = options(name), _TARGETS[name][1]
    for key in variant:
        if key in fixed:
            raise ValueError(f"{name!r} stands for {key}={fixed[key]!r}. Received: {key}={variant[key]!r}.")
        if key not in parameters:
            raise ValueError(f"{name!r} has no {key!r}.{_nearest(key, parameters)} It accepts {', '.join(parameters)}.")


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
