"""Is the register in order, and do the notebooks show what it promises? Everything here returns problems in words.

Pure functions over entries and notebooks (as read by ``json``), used by the tests and by the pages of the book.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cvnotes.ledger.compare import malformed
from cvnotes.ledger.register import VERDICTS, Entry

# Notebooks that an entry may be open for. A chapter that is split adds its new name here.
NOTEBOOKS = (
    *("notation", "data", "introduction", "why_convolution", "linear_classifiers", "losses", "gradients"),
    *("convolution", "convolution_layer", "filters", "convolution_variants", "receptive_field"),
    *("transposed_convolution", "convolution_cost", "pooling", "invariance", "backpropagation"),
    *("numpy_convnet", "learned_features", "preprocessing", "activations", "initialization", "optimization"),
    *("tuning", "memory", "dropout", "regularization", "augmentation", "normalization", "why_normalization"),
    *("normalization_variants", "transfer", "captioning", "layer_patterns", "small_filters", "architectures"),
    *("shortcuts", "densenet", "feature_reuse", "systems", "boxes", "localization", "average_precision"),
    *("selective_search", "rcnn", "fast_rcnn", "faster_rcnn", "yolo", "ssd", "detectors", "segmentation"),
    *("segmentation_strategies", "instances", "grabcut", "coins"),
    *("siamese", "matching", "tracking", "faces", "gans", "generators", "capsules", "capsnet"),
    *("visualization", "activation_maximization", "representations", "saliency", "class_activation_maps"),
    *("interpretability", "integrated_gradients", "baselines", "explanations", "hallucination", "style_transfer"),
    "scaling",
)
NOTES = "ABCDE"
SETTLING = ("expect", "cite", "editorial")
NEEDED = {
    "topics": ("name", "from", "runs"),
    "claims": ("from", "says", "truth", "verdict"),
    "gaps": ("gap", "kind", "from", "supply"),
}
_SIGNS = {sign for sign, _ in VERDICTS.values()}
_WORDS = {word: verdict for verdict, (_, word) in VERDICTS.items()}
CARD = re.compile(rf"(?m)^[{''.join(_SIGNS)}] ({'|'.join(sorted(_WORDS, key=len, reverse=True))})  ([a-z0-9-]+): ")


class Card(NamedTuple):
    """A settled claim as a notebook's stored text shows it."""

    claim: str
    verdict: str
    notebook: str
    cell: str


def text_of(cell: Mapping) -> str:
    """All plain text that a code cell's stored outputs show."""
    parts = []
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain") or ""
        parts.append(text if isinstance(text, str) else "".join(text))
    return "\n".join(parts)


def shown(notebooks: Mapping[str, Mapping]) -> dict[str, str]:
    """The text of every code cell that was run and shows something, by its address ``notebook#cell-id``."""
    return {
        f"{stem}#{cell.get('id')}": text_of(cell)
        for stem, notebook in notebooks.items()
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and cell.get("execution_count") and text_of(cell).strip()
    }


def cards(cells: Mapping[str, str]) -> Iterator[Card]:
    """Every card in the texts of `shown`."""
    for address, text in cells.items():
        for word, name in CARD.findall(text):
            yield Card(name, _WORDS[word], *address.split("#", 1))


def entry_problems(entry: Entry) -> Iterator[str]:
    """What is wrong with one entry by itself."""
    for field in NEEDED[entry.section]:
        if not entry.get(field):
            yield f"has no `{field}:`"
    sources = entry.get("from") or []
    if not isinstance(sources, list) or any(str(source)[:1] not in NOTES for source in sources):
        yield f"`from:` must be a list of notes, each starting with one of {', '.join(NOTES)}"
    if "open" in entry.fields and entry["open"] not in NOTEBOOKS:
        yield f"is open for {entry['open']!r}, which is no notebook of the book ({', '.join(NOTEBOOKS)})"
    yield from _claim_problems(entry) if entry.section == "claims" else _place_problems(entry)


def _place_problems(entry: Entry) -> Iterator[str]:
    closed = "where" in entry.fields
    if closed == ("open" in entry.fields):
        yield "is both open and placed" if closed else "is neither `open:` nor placed by `where:`"


def _claim_problems(entry: Entry) -> Iterator[str]:
    if entry.get("verdict") not in VERDICTS:
        yield f"verdict {entry.get('verdict')!r} is none of {', '.join(VERDICTS)}"
    ways = [way for way in SETTLING if way in entry.fields]
    if len(ways) > 1:
        yield f"is settled in more than one way: {', '.join(ways)}"
    if ways and "open" in entry.fields:
        yield f"is both open and settled by `{ways[0]}:`"
    if not ways and entry.state == "unclear":
        yield "is neither open nor settled"
    if ways and entry.get("verdict") == "opinion":
        yield "is an opinion, so there is nothing to settle"
    if "editorial" in entry.fields and entry.get("verdict") == "holds":
        yield "holds, so there is no slip of the pen to correct"
    if "expect" in entry.fields:
        yield from _expectation_problems(entry)


def _expectation_problems(entry: Entry) -> Iterator[str]:
    wrong = malformed(entry["expect"])
    if wrong:
        yield wrong
    for field in ("measures", "rival"):
        if not isinstance(entry.get(field), str):
            yield f"has no words for `{field}:`"
    if len(str(entry.get("truth")).split()) < 3:
        yield "`truth:` stands on the card and in the ledger by itself: write it as a statement"
    if not wrong and "true" in entry["expect"] and "rival_value" in entry.fields:
        yield "expects a truth value, so its rival must be computed in the call; drop `rival_value:`"


def name_problems(entries: Iterable[Entry], known: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Ids that are missing, unknown or in two files, against the known ids of each section."""
    found: dict[str, list[str]] = {section: [] for section in known}
    for entry in entries:
        found[entry.section].append(entry.id)
    for section, ids in known.items():
        present, wanted = found[section], set(ids)
        yield from (f"{section} {name}: is missing from the ledger" for name in sorted(wanted - set(present)))
        yield from (f"{section} {name}: is no id of the notes" for name in sorted(set(present) - wanted))
        yield from (f"{section} {name}: stands twice" for name in sorted({n for n in present if present.count(n) > 1}))


def proof_problems(entries: Iterable[Entry], cells: Mapping[str, str]) -> Iterator[str]:
    """Settled claims without exactly one card, cards that the register does not know, places that do not exist."""
    printed: dict[str, list[Card]] = {}
    for card in cards(cells):
        printed.setdefault(card.claim, []).append(card)
    for entry in entries:
        if "where" in entry.fields and entry["where"] not in cells:
            yield f"{entry.section} {entry.id}: {entry['where']} is no cell that ran and shows something"
        if entry.section == "claims":
            yield from (f"claims {entry.id}: {problem}" for problem in _card_problems(entry, printed.pop(entry.id, [])))
    for name, found in printed.items():
        yield f"claims {name}: {found[0].notebook}#{found[0].cell} shows a card of an unknown claim"


def _card_problems(entry: Entry, found: list[Card]) -> Iterator[str]:
    places = sorted({f"{card.notebook}#{card.cell}" for card in found})
    if entry.state != "measured":
        if found:
            yield f"{places[0]} shows a card, but the ledger says it is {entry.state}"
        return
    if not found:
        yield "no notebook shows its card"
    if len(found) > 1:
        yield f"its card is shown {len(found)} times: {', '.join(places)}"
    for card in found:
        if card.verdict != entry["verdict"]:
            yield f"{card.notebook}#{card.cell} says {card.verdict}, the ledger says {entry['verdict']}"


def source_problems(entries: Iterable[Entry], citable: set[str], opinions: set[str], keys: set[str]) -> Iterator[str]:
    """Claims settled by a word where a measurement is due, and citations without an entry in the bibliography."""
    for entry in entries:
        if entry.section != "claims":
            continue
        if "cite" in entry.fields and entry.id not in citable:
            yield f"claims {entry.id}: only a matter of history may be settled by `cite:`; measure it"
        if "cite" in entry.fields and entry["cite"] not in keys:
            yield f"claims {entry.id}: no entry {entry['cite']!r} in the bibliography"
        if entry.get("verdict") == "opinion" and entry.id not in opinions:
            yield f"claims {entry.id}: can be tested, so its verdict cannot be `opinion`"


def typed_problems(notebooks: Mapping[str, Mapping]) -> Iterator[str]:
    """Calls of `claim` and `claims` whose measurement is typed in, not computed: a constant proves nothing."""
    for stem, notebook in notebooks.items():
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
                for name in typed_measurements(source):
                    yield f"claims {name}: {stem}#{cell.get('id')} types its measurement in; compute it"


def typed_measurements(source: str) -> Iterator[str]:
    """The ids of claims that a cell settles with nothing but constants."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id == "claim" and len(node.args) > 1:
                measured = {node.args[0]: node.args[1]}
            elif node.func.id == "claims" and isinstance(node.args[0], ast.Dict):
                measured = dict(zip(node.args[0].keys, node.args[0].values, strict=True))
            else:
                continue
            yield from (ast.unparse(name) for name, value in measured.items() if name and _typed(value))


def _typed(value: ast.expr) -> bool:
    pair = isinstance(value, ast.Tuple) and len(value.elts) == 2
    measured = value.elts[0] if pair else value
    return not any(isinstance(node, (ast.Name, ast.Attribute, ast.Call)) for node in ast.walk(measured))
