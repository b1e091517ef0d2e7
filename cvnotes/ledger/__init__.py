"""The ledger of the notes: what they name, assert and leave out, and how the book settles it.

``claim(id, measured)`` in a notebook looks the claim up, compares, and shows a card; it raises when they disagree.
Taught in the page "How to read and run"; listed whole on the page "The ledger".
"""

from cvnotes.ledger.register import FOLDER, SECTIONS, VERDICTS, Entry, RegisterError, entries, find_claim
from cvnotes.ledger.settling import ClaimError, claim, claims, settle

__all__ = [
    "FOLDER",
    "SECTIONS",
    "VERDICTS",
    "ClaimError",
    "Entry",
    "RegisterError",
    "claim",
    "claims",
    "entries",
    "find_claim",
    "settle",
]
