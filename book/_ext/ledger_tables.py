"""The tables of the ledger's pages as HTML. Pure functions: entries and a `Site` in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from cvnotes.ledger import VERDICTS, Entry
from cvnotes.ledger.cards import notes_of, tidy

Group = tuple[str, list[Entry]]


def page_name(stem: str) -> str:
    """A notebook's or chapter's name for people: ``convolution_variants`` is "Convolution variants"."""
    special = {"gans": "GANs", "densenet": "DenseNet", "other": "Elsewhere in the notes"}
    return special.get(stem, stem.replace("_", " ").capitalize())


@dataclass(frozen=True)
class Site:
    """The book seen from one page: each notebook's address, what the notebooks measured, the names of sources."""

    pages: Mapping[str, str]
    measured: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def settled(self, entry: Entry) -> bool | None:
        """Whether an entry is closed, and the book shows it; None for an opinion, which has nothing to close."""
        if entry.state == "opinion":
            return None
        if entry.state == "measured":
            return entry.id in self.measured
        if entry.state == "placed":
            return entry["where"].partition("#")[0] in self.pages
        return entry.state in ("cited", "corrected")

    def cell(self, address: str, anchor: str | None = None) -> str:
        """A link to ``notebook#cell-id``; its words alone where the notebook has no page (yet)."""
        stem, _, cell = address.partition("#")
        words = f"{escape(page_name(stem))}, <code>{escape(cell)}</code>"
        if stem not in self.pages:
            return words
        return f'<a href="{escape(self.pages[stem])}#{escape(anchor or f"cell-{cell}")}">{words}</a>'

    def place(self, entry: Entry) -> str:
        """Where an entry is closed, as a link, or the chapter that it waits for."""
        if entry.state == "open":
            return f'<span class="cv-state cv-state--open">open: {escape(page_name(entry["open"]))}</span>'
        record = self.measured.get(entry.id) if entry.section == "claims" else None
        if record:
            return self.cell(f"{record['doc'].rpartition('/')[2]}#{record['cell']}", f"claim-{entry.id}")
        if "where" in entry.fields:
            return self.cell(entry["where"])
        words = {"cited": "a source", "corrected": "a correction", "opinion": "opinion", "measured": "not shown yet"}
        return f'<span class="cv-state cv-state--{entry.state}">{words.get(entry.state, entry.state)}</span>'


def cells(row: Sequence[str], heads: Sequence[str]) -> str:
    """One row's cells: the first names the row; each carries its column's head for narrow screens."""
    first, *rest = row
    return f'<th scope="row">{first}</th>' + "".join(
        f'<td data-label="{escape(head)}">{cell}</td>' for head, cell in zip(heads[1:], rest, strict=True)
    )


def table(classes: str, caption: str, heads: Sequence[str], bodies: str) -> str:
    """A table that scrolls in its own box, with a caption and column heads."""
    head = "".join(f'<th scope="col">{escape(word)}</th>' for word in heads)
    return (
        f'<div class="cv-scroll"><table class="cv-table {classes}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>{bodies}</table></div>"
    )


# --- the ledger -----------------------------------------------------------------------------------------------------

CLAIM_HEADS = ("The notes say", "What is true", "Verdict", "Proof")


def sortable_table(name: str, caption: str, rows: str) -> str:
    """The claims of one chapter."""
    return table("cv-ledger sortable", f"{name}: {caption}.", CLAIM_HEADS, f"<tbody>{rows}</tbody>")


def claim_rows(claims: Iterable[Entry], site: Site) -> str:
    """One row for each claim, with the claim's id as its anchor."""
    return "\n".join(
        f'<tr id="{entry.id}" data-verdict="{entry["verdict"]}" data-state="{entry.state}">'
        f"{cells(claim_cells(entry, site), CLAIM_HEADS)}</tr>"
        for entry in claims
    )


def claim_cells(entry: Entry, site: Site) -> list[str]:
    """What the notes say, what is true, verdict, and the proof: measured value and place."""
    says = f"{escape(tidy(entry['says']))}. <small>Notes {notes_of(entry)}. <code>{entry.id}</code></small>"
    truth = f"{escape(tidy(entry['truth']))}."
    if entry.get("why"):
        truth += f" <small>{escape(tidy(entry['why']))}.</small>"
    return [says, truth, verdict(entry), f"{measured(entry, site)}{site.place(entry)}"]


def verdict(entry: Entry) -> str:
    """The verdict as a badge; of an open claim it is what the book expects to find."""
    sign, word = VERDICTS[entry["verdict"]]
    expected = "expected: " if entry.state == "open" else ""
    return (
        f'<span class="cv-verdict cv-verdict--{entry["verdict"]}">'
        f'<span aria-hidden="true">{sign}</span> {expected}{word}</span>'
    )


def measured(entry: Entry, site: Site) -> str:
    """The measured value and what its rival gave; for a cited or corrected claim its source or correction."""
    record = site.measured.get(entry.id)
    if record:
        value = f"<strong>{escape(record['measured_text'])}</strong> <small>{escape(tidy(entry.get('measures', '')))}"
        rival = f"{escape(record['rival_text'])} ({escape(tidy(entry.get('rival', '')))})"
        return f"{value}. Rejected: {rival}.</small> "
    if entry.get("cite"):
        return f"{escape(site.sources.get(entry['cite'], entry['cite']))}: "
    return f"{escape(tidy(entry['editorial']))}: " if entry.get("editorial") else ""


def counts_table(groups: Sequence[Group], site: Site) -> str:
    """How many topics, claims and gaps are closed, chapter by chapter."""
    heads = ("Chapter of the notes", "Topics run", "Claims settled", "Gaps supplied")
    rows = [_counts_row(page_name(chapter), mine, site) for chapter, mine in groups]
    rows.append(_counts_row("All", [entry for _, mine in groups for entry in mine], site))
    caption = "Closed and all, by chapter of the notes. Opinions are not counted."
    body = "".join(f"<tr>{cells(row, heads)}</tr>" for row in rows)
    return table("cv-counts", caption, heads, f"<tbody>{body}</tbody>")


def _counts_row(name: str, mine: Sequence[Entry], site: Site) -> list[str]:
    row = [escape(name)]
    for section in ("topics", "claims", "gaps"):
        states = [site.settled(e) for e in mine if e.section == section and site.settled(e) is not None]
        row.append(f"{sum(states)} of {len(states)}")
    return row


# --- where the notes went -------------------------------------------------------------------------------------------


def grouped_table(caption: str, heads: Sequence[str], groups: str) -> str:
    """A table whose rows stand in groups, one a chapter."""
    return table("cv-map", f"{caption}.", heads, groups)


def _group(chapter: str, rows: Iterable[Sequence[str]], heads: Sequence[str]) -> str:
    body = "".join(f"<tr>{cells(row, heads)}</tr>" for row in rows)
    name = f'<tr><th scope="rowgroup" colspan="{len(heads)}">{escape(page_name(chapter))}</th></tr>'
    return f'<tbody class="cv-map__group">{name}{body}</tbody>'


def topic_groups(groups: Iterable[Group], letter: str, site: Site) -> str:
    """Topics of one note: name, sections of that note, where it runs."""
    heads = ("Topic", "In the note", "Runs in")
    return "\n".join(
        _group(
            chapter,
            ([escape(tidy(e["name"])), escape(sections(e, letter)), site.place(e)] for e in topics),
            heads,
        )
        for chapter, topics in groups
    )


def sections(entry: Entry, letter: str) -> str:
    """The sections of one note that an entry comes from."""
    own = [str(source).partition(":")[2].strip() for source in entry["from"] if str(source).startswith(letter)]
    return "; ".join(name for name in own if name) or "throughout"


def gap_groups(groups: Iterable[Group], site: Site) -> str:
    """Gaps of one note: what is missing, what the book supplies, where."""
    heads = ("What is missing", "Supplied", "In")
    return "\n".join(
        _group(chapter, ([escape(tidy(e["gap"])), escape(tidy(e["supply"])), site.place(e)] for e in gaps), heads)
        for chapter, gaps in groups
    )
