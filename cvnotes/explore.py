"""One figure to play with: sliders that are live in JupyterLab and still move on the built page.

In a notebook each slider draws its figure when it is asked for. On the site every figure is drawn beforehand, and a
few lines of local JavaScript (the element ``cv-explore`` in the site's ``cvnotes.js``) step through them.
"""

from __future__ import annotations

import html
import inspect
import itertools
import json
import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from cvnotes import output
from cvnotes.figures import encode

BUDGET = 1_500_000  # characters of frames that one page may hold
FRAME_DPI = 150


class Plan(NamedTuple):
    """What ``explore`` was asked for, checked."""

    draw: Callable[..., Figure]
    alt: Callable[..., str]
    params: dict[str, list[Any]]
    start: dict[str, Any]
    labels: dict[str, str]

    @property
    def name(self) -> str:
        """What the figure is called in plain text: the name of the function that draws it."""
        return getattr(self.draw, "__name__", type(self.draw).__name__).strip("_")

    def grid(self) -> list[dict[str, Any]]:
        """Every setting, the last parameter changing fastest."""
        return [dict(zip(self.params, values, strict=True)) for values in itertools.product(*self.params.values())]

    def places(self) -> list[int]:
        """Where each slider starts."""
        return [values.index(self.start[name]) for name, values in self.params.items()]


def explore(
    draw: Callable[..., Figure],
    *,
    alt: Callable[..., str],
    start: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    **params: Sequence[Any],
) -> None:
    """Display a figure with a slider for each of its parameters.

    Args:
        draw: ``draw(**values)`` returns a matplotlib figure.
        alt: ``alt(**values)`` says what that figure shows; the same words on every machine.
        start: first values, by parameter; the first of each otherwise.
        labels: words for the sliders, by parameter.
        params: for each parameter of ``draw`` the values that it can take.

    Raises:
        ValueError: for a parameter without values or unknown to ``draw``, a start that is not among the values, missing
            words, something that is not a figure, or more frames than a page should hold.
        Exception: whatever ``draw`` raises, with the values named.
    """
    plan = _plan(draw, alt, start, labels, params)
    if output.mode() == "static":
        output.present(_text(plan), _page(plan))
    elif output.mode() == "text":
        encode.close(_figure(plan, plan.start))
        output.present(_text(plan))
    else:
        output.present(_text(plan), widget=_widget(plan))


# Checks -------------------------------------------------------------------------------------------------------------


def _plan(draw: Any, alt: Any, start: Any, labels: Any, params: Mapping[str, Any]) -> Plan:
    if not params:
        raise ValueError("explore needs at least one parameter with its values, such as stride=[1, 2, 3].")
    if not callable(alt):
        raise ValueError(f"alt must be a function of the same values that returns words. Received: {alt!r}")
    if not isinstance(start or {}, Mapping) or not isinstance(labels or {}, Mapping):
        raise ValueError(f"start and labels go by parameter, as {{'stride': 2}}. Received: {start!r} and {labels!r}")
    values = {name: _values(name, given) for name, given in params.items()}
    first = {name: given[0] for name, given in values.items()} | dict(start or {})
    for name, value in first.items():
        if name not in values or value not in values[name]:
            raise ValueError(f"start must choose among {values.get(name, list(values))}. Received: {name}={value!r}")
    for name in labels or {}:
        if name not in values:
            raise ValueError(f"labels must name parameters, of which there are {list(values)}. Received: {name!r}")
    for function in (draw, alt):
        _takes(function, first)
    return Plan(draw, alt, values, first, {name: (labels or {}).get(name, name.replace("_", " ")) for name in values})


def _values(name: str, given: Any) -> list[Any]:
    try:
        values = [
            value.item() if hasattr(value, "item") and not getattr(value, "ndim", 0) else value for value in given
        ]
    except TypeError:
        raise ValueError(f"{name} must be a sequence of values, such as [1, 2, 3]. Received: {given!r}") from None
    if isinstance(given, (set, frozenset)):  # its order differs from run to run
        raise ValueError(f"{name} must be in order: give a list. Received: {given!r}")
    if not values or isinstance(given, str):
        raise ValueError(f"{name} must offer at least one value. Received: {given!r}")
    return values


def _takes(function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    try:
        inspect.signature(function).bind(**values)
    except TypeError as error:
        name = getattr(function, "__name__", function)
        raise ValueError(f"{name} must accept the parameters {list(values)}: {error}") from None


# Frames -------------------------------------------------------------------------------------------------------------


def _figure(plan: Plan, values: Mapping[str, Any]) -> Figure:
    """Draw one frame; what goes wrong says at which values."""
    try:
        return encode.check_figure(plan.draw(**values))
    except Exception as error:
        error.add_note(f"while drawing {plan.name}({_said(values)})")
        if isinstance(error, ValueError) and "matplotlib Figure" in str(error):
            raise ValueError(f"{plan.name}({_said(values)}): {error}") from None
        raise


def _alt(plan: Plan, values: Mapping[str, Any]) -> str:
    try:
        return encode.check_alt(plan.alt(**values))
    except ValueError as error:
        raise ValueError(f"alt({_said(values)}): {error}") from error


def _said(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def words(value: Any) -> str:
    """A slider's value as it is read."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−")
    return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _text(plan: Plan) -> str:
    offers = "; ".join(f"{plan.labels[name]} {', '.join(map(words, values))}" for name, values in plan.params.items())
    return f"[explore] {plan.name}: {offers} - {_alt(plan, plan.start)}"


# The built page -----------------------------------------------------------------------------------------------------


def _page(plan: Plan) -> str:
    """Sliders, the first frame, and all others as data for the page's script."""
    grid = plan.grid()
    alts = [_alt(plan, values) for values in grid]
    frames, order, sizes = _frames(plan, grid)
    first = 0
    for place, values in zip(plan.places(), plan.params.values(), strict=True):
        first = first * len(values) + place
    data = {"values": [[words(v) for v in values] for values in plan.params.values()], "order": order, "alts": alts}
    data |= {"frames": frames, "sizes": sizes}
    number = order[first]
    wide, tall = (max(side) for side in zip(*sizes, strict=True))
    stage = f"--cv-wide:{wide};--cv-tall:{tall};--cv-frame:{sizes[number][0]}"
    script = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return (
        '<cv-explore class="cv-explore"><div class="cv-explore__controls" hidden>'
        f'<div class="cv-explore__rows">{_sliders(plan)}</div>'
        '<button type="button" class="cv-explore__play">Play</button></div>'
        f'<figure class="cv-figure"><div class="cv-figure__stage" style="{stage}">'
        f"{encode.img(frames[number], alts[first], sizes[number])}</div>"
        f'<figcaption aria-live="polite">{html.escape(alts[first])}</figcaption></figure>'
        f'<script type="application/json">{script}</script></cv-explore>'
    )


def _frames(plan: Plan, grid: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[int], list[tuple[int, int]]]:
    """The distinct frames, which of them each setting shows, and their sizes on the page."""
    known: dict[bytes, int] = {}
    order, sizes, weight = [], [], 0
    for values in grid:
        fig = _figure(plan, values)
        data = encode.webp(fig, FRAME_DPI)
        if data not in known:
            known[data] = len(known)
            sizes.append(encode.size(fig))
            weight += math.ceil(len(data) / 3) * 4
        order.append(known[data])
        encode.close(fig)
    if weight > BUDGET:
        raise ValueError(
            f"A page holds at most {BUDGET / 1e6:.1f} MB of frames; offer fewer values or smaller figures. "
            f"Received: {weight / 1e6:.2f} MB in {len(known)} frames of {plan.name}"
        )
    return [encode.data_url(data) for data in known], order, sizes


def _sliders(plan: Plan) -> str:
    rows = ""
    for place, (name, values) in zip(plan.places(), plan.params.items(), strict=True):
        text = html.escape(words(values[place]), quote=True)
        rows += (
            f'<label class="cv-explore__row"><span>{html.escape(plan.labels[name])}</span>'
            f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{place}" aria-valuetext="{text}">'
            f'<output aria-hidden="true">{text}</output></label>'
        )
    return rows


# JupyterLab ---------------------------------------------------------------------------------------------------------


def _widget(plan: Plan) -> Any:
    """Sliders over an HTML view that is drawn when its values are chosen; an error is shown in its place."""
    import ipywidgets as widgets

    view = widgets.HTML()
    sliders = {
        name: widgets.SelectionSlider(
            options=[(words(value), i) for i, value in enumerate(values)],
            value=values.index(plan.start[name]),
            description=plan.labels[name],
            style={"description_width": "initial"},
        )
        for name, values in plan.params.items()
    }

    def chosen() -> dict[str, Any]:
        return {name: plan.params[name][slider.value] for name, slider in sliders.items()}

    def update(_change: Any = None) -> None:
        try:
            view.value = _view(plan, chosen())
        except Exception:
            view.value = f'<pre role="alert">{html.escape(traceback.format_exc(limit=-1))}</pre>'

    for slider in sliders.values():
        slider.observe(update, "value")
    view.value = _view(plan, plan.start)  # the first frame fails the cell if it cannot be drawn
    return widgets.VBox([*sliders.values(), view])


def _view(plan: Plan, values: Mapping[str, Any]) -> str:
    fig = _figure(plan, values)
    picture = encode.img(encode.data_url(encode.webp(fig)), _alt(plan, values), encode.size(fig))
    encode.close(fig)
    return picture
