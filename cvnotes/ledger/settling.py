"""Settling claims of the notes: `claim` for one, `claims` for a row of small ones."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cvnotes.ledger import cards
from cvnotes.ledger.compare import disagreement, kind, leaves, malformed, plain
from cvnotes.ledger.register import FOLDER, Entry, RegisterError, find_claim

MISSING = object()
PAIR_HINT = " (A tuple of two was read as (measured, rival): write a measured pair as a list.)"


class ClaimError(AssertionError):
    """A measurement disagrees with the ledger, or does not tell the claim from its rival."""


def claim(name: str, measured: Any, rival: Any = MISSING) -> None:
    """Settle one claim of the notes: compare a measurement with the ledger and show the card.

    name: the claim's id. measured: number, truth value, words, or array of them, taken from a library, a model or data.
    rival: the value that must be rejected (the notes' value, chance, the naive rule); the ledger's `rival_value`
    stands in when none is given.
    Raises ClaimError when the measurement disagrees or when the rival would pass too, RegisterError when the id is
    unknown or its entry is not ready.
    """
    _show([settle(name, measured, rival)])


def claims(measurements: Mapping[str, Any]) -> None:
    """Settle several claims in one compact card: ``claims({"some-id": 3, "other-id": (measured, rival)})``.

    A tuple of two is always (measured, rival). So a measured pair, such as a shape, goes in as
    ``((4, 4), rival)``, or as a list where the ledger has the rival: ``[4, 4]``.
    Every claim is compared before any card is shown. Raises what `claim` raises, all disagreements at once.
    """
    if not isinstance(measurements, Mapping):
        raise RegisterError(f"claims({{id: measured, ...}}) takes a dictionary. Received: {measurements!r:.80}")
    settled, failures = [], []
    for name, value in measurements.items():
        pair = isinstance(value, tuple) and len(value) == 2
        measured, rival = value if pair else (value, MISSING)
        try:
            settled.append(settle(name, measured, rival))
        except ClaimError as error:
            failures.append(f"{error}{PAIR_HINT if pair else ''}")
    if failures:
        raise ClaimError("\n".join(failures))
    if not settled:
        raise RegisterError("claims({...}) needs at least one claim. Received none.")
    _show(settled)


def settle(name: str, measured: Any, rival: Any = MISSING, folder: Path = FOLDER) -> cards.Settled:
    """The comparison behind `claim`, without the card: the claim with both values in plain form. Raises as `claim`."""
    entry = find_claim(name, folder)
    _ready(entry)
    value, other = plain(measured), _rival(entry, rival)
    reason = disagreement(entry["expect"], value)
    if reason:
        raise ClaimError(f"{name} ({entry.get('measures', 'the measurement')}): {reason}.")
    _reject(entry, value, other)
    return cards.Settled(entry, value, other)


def _ready(entry: Entry) -> None:
    reasons = {
        "open": f"is open (for the chapter {entry.get('open')!r}).\n{_how_to(entry)}",
        "cited": f"is settled by a source, {entry.get('cite')!r}: cite it in the text instead of measuring it.",
        "corrected": "is a slip of the pen, settled by `editorial:` in the ledger: no measurement is needed.",
        "opinion": "is an opinion (verdict: opinion): there is nothing to measure.",
        "unclear": f"has no expectation.\n{_how_to(entry)}",
    }
    if entry.state in reasons:
        raise RegisterError(f"The claim {entry.id!r} {reasons[entry.state]}")
    wrong = malformed(entry["expect"])
    if wrong:
        raise RegisterError(f"The claim {entry.id!r} in {entry.chapter}.yml: {wrong}.")


def _how_to(entry: Entry) -> str:
    example = f"""\
        To settle it, replace `open:` in cvnotes/ledger/{entry.chapter}.yml by, for example:
          {entry.id}:
            ...
            expect: {{close: 0.5, atol: 0.01}}   # or equals, at_least, at_most, between: [a, b], true: words
            measures: what the measured number is, in words
            rival: who is rejected, in words (the notes' value, chance, an untrained net)
        and call claim({entry.id!r}, measured, rival=the_rivals_value)."""
    return textwrap.dedent(example)


def _rival(entry: Entry, rival: Any) -> Any:
    if rival is not MISSING and rival is not None:
        return plain(rival)
    if entry.get("rival_value") is None:
        raise RegisterError(
            f"The claim {entry.id!r} has no rival to reject. Pass rival=... in the call (preferred: computed), "
            f"or write `rival_value:` in cvnotes/ledger/{entry.chapter}.yml."
        )
    if "true" in entry["expect"]:
        raise RegisterError(
            f"The claim {entry.id!r} expects a truth value, so a rival written in the ledger would prove nothing. "
            "Pass rival=... in the call: the same comparison, made with the rival."
        )
    return plain(entry["rival_value"])


def _reject(entry: Entry, measured: Any, rival: Any) -> None:
    if kind(rival) != kind(measured) or any(leaf != leaf for leaf in leaves(rival)):
        raise ClaimError(
            f"{entry.id}: the rival ({entry.get('rival', 'unnamed')}) must be comparable with the measurement: "
            f"a {kind(measured)} was measured, the rival is {rival!r:.80}. Anything rejects what it cannot compare."
        )
    if disagreement(entry["expect"], rival) is None:
        raise ClaimError(
            f"{entry.id}: the rival ({entry.get('rival', 'unnamed')}) passes too, with {rival!r:.80}. "
            "The expectation does not tell them apart: narrow it, or choose a better rival."
        )


def _show(settled: Sequence[cards.Settled]) -> None:
    from cvnotes.output import present  # here, so that the ledger can be read without a notebook

    metadata = {"claims": [cards.record(one) for one in settled]}
    present(cards.texts(settled), cards.htmls(settled), metadata=metadata)
