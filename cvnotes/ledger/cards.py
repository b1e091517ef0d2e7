"""How a settled claim looks: one line of plain text, one small card of HTML.

The plain text holds no measured digits, so that it is the same on every machine and nbval can compare it.
The look is `_static/cvnotes.css`, classes `cv-claim...`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cvnotes.ledger.compare import Plain, brief, leaves
from cvnotes.ledger.register import VERDICTS, Entry

LEDGER_PAGE = "../book/ledger.html"


@dataclass(frozen=True)
class Settled:
    """A claim with what was measured and what its rival gave, both as plain values."""

    entry: Entry
    measured: Plain
    rival: Plain


def tidy(words: Any) -> str:
    """One line, no full stop at its end."""
    return " ".join(str(words).split()).rstrip(".")


def notes_of(entry: Entry) -> str:
    """The letters of the notes that an entry comes from: "A, E"."""
    return ", ".join(sorted({str(source)[0] for source in entry.get("from", ())}))


def text(settled: Settled) -> str:
    """`✓ holds  some-id: the truth`; for an imprecise or wrong claim what the notes say stands first."""
    entry = settled.entry
    sign, word = VERDICTS[entry["verdict"]]
    truth = tidy(entry["truth"])
    if entry["verdict"] in ("imprecise", "wrong"):
        truth = f"the notes: {tidy(entry['says'])}; measured: {truth}"
    return f"{sign} {word}  {entry.id}: {truth}"


def html(settled: Settled) -> str:
    """The card of one claim: verdict, what the notes say, what is true, the two numbers, and the way to the ledger."""
    entry = settled.entry
    sign, word = VERDICTS[entry["verdict"]]
    return (
        f'<div class="cv-claim cv-claim--{entry["verdict"]}" id="claim-{entry.id}">'
        f'<p class="cv-claim__head"><strong class="cv-claim__verdict"><span aria-hidden="true">{sign}</span> {word}'
        f'</strong> <span class="cv-claim__truth">{escape(tidy(entry["truth"]))}.</span></p>'
        f'<p class="cv-claim__says">Notes {notes_of(entry)}: {escape(tidy(entry["says"]))}.</p>'
        f'<dl class="cv-claim__values">{_value("Measured", settled.measured, entry.get("measures"))}'
        f"{_value('Rejected', settled.rival, entry.get('rival'))}</dl>"
        f'<p class="cv-claim__link">In the ledger: <a href="{LEDGER_PAGE}#{entry.id}"><code>{entry.id}</code></a></p>'
        "</div>"
    )


def _value(term: str, value: Plain, words: str | None) -> str:
    note = f' <span class="cv-claim__words">{escape(tidy(words))}</span>' if words else ""
    return f'<div><dt>{term}</dt><dd><span class="cv-claim__value">{escape(brief(value))}</span>{note}</dd></div>'


def texts(row: Sequence[Settled]) -> str:
    """Plain text of several claims, one line each."""
    return "\n".join(map(text, row))


def htmls(row: Sequence[Settled]) -> str:
    """One card, or several in one compact frame."""
    cards = "".join(map(html, row))
    return cards if len(row) == 1 else f'<div class="cv-claims">{cards}</div>'


def record(settled: Settled) -> dict[str, Any]:
    """What the output's metadata keeps for the ledger page: id, verdict, measured, rival, and both in words."""
    return {
        "id": settled.entry.id,
        "verdict": settled.entry["verdict"],
        "measured": _storable(settled.measured),
        "rival": _storable(settled.rival),
        "measured_text": brief(settled.measured),
        "rival_text": brief(settled.rival),
    }


def _storable(value: Plain) -> Plain:
    """JSON knows neither infinity nor NaN, and a page needs no array of thousands: those are kept in words."""
    flat = list(leaves(value))
    finite = all(isinstance(leaf, str) or math.isfinite(leaf) for leaf in flat)
    return value if finite and len(flat) <= 32 else brief(value)
