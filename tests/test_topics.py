"""What the notes name and what they leave out: each is open for a chapter, or shown by a cell that ran."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

from cvnotes import ledger
from cvnotes.ledger import audit, register
from tests.notes_lists import known_ids, notebooks

ROOT = Path(__file__).resolve().parents[1]


def load_importer():
    """The import script as a module: it lives with the book's tools, not in the package."""
    spec = importlib.util.spec_from_file_location("import_notes", ROOT / "book" / "_tools" / "import_notes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


importer = load_importer()


def test_every_place_is_a_cell_that_ran_and_shows_something():
    places = [found for found in ledger.entries() if found.section != "claims"]
    problems = [p for p in audit.proof_problems(places, audit.shown(notebooks())) if "unknown claim" not in p]
    assert problems == []


def test_an_open_entry_of_a_finished_notebook_is_a_debt():
    """A notebook that exists owes all that is open for it; what is owed is listed, so that no chapter forgets it."""
    done = set(notebooks())
    owed = [f"{e.section} {e.id}" for e in ledger.entries() if e.get("open") in done]
    assert owed == []


def test_the_routes_name_every_gap_once_and_no_strangers():
    routes = importer.read(importer.ROUTES)
    gaps = [gap for ids in routes["gaps"].values() for gap in ids]
    assert sorted(gaps) == sorted(known_ids()["gaps"])
    moved = [name for ids in routes["notebooks"].values() for name in ids]
    known = {name for ids in known_ids().values() for name in ids}
    assert len(moved) == len(set(moved))
    assert set(moved) <= known
    assert {*routes["chapters"].values(), *routes["notebooks"]} <= set(audit.NOTEBOOKS)


# The import ---------------------------------------------------------------------------------------------------------

TOPICS = {
    "topics": [
        {"id": "max-pooling", "chapter": "pooling", "name": "Max pooling", "from": ["A: One"], "runs": "It runs."},
        {"id": "stride", "chapter": "convolution", "name": "Stride", "from": ["A: One"], "runs": "It runs."},
    ]
}
CLAIMS = {
    "claims": [
        {
            "id": "pool-size",
            "chapter": "pooling",
            "from": ["A: One"],
            "notes_say": "halves",
            "value": "qualitative",
            "truth": "halves",
            "verdict": "untestable-opinion",
            "check": "count",
            "evidence": "opinion",
        },
        {
            "id": "conv-flops",
            "chapter": "convolution",
            "from": ["D: Two"],
            "notes_say": "a product",
            "value": "3",
            "truth": "a product",
            "verdict": "holds",
            "check": "count",
            "evidence": "derived",
            "why": "units",
        },
    ],
    "gaps": [{"id": "pool-backward", "kind": "missing", "from": ["A: One"], "gap": "no pass", "supply": "a pass"}],
}


@pytest.fixture
def notes(tmp_path):
    """A folder with two small lists."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "topics.yml").write_text(yaml.safe_dump(TOPICS), encoding="utf-8")
    (folder / "claims.yml").write_text(yaml.safe_dump(CLAIMS), encoding="utf-8")
    return folder


def test_the_import_makes_a_register_that_is_in_order(notes, tmp_path, capsys):
    importer.main([str(notes), "--ledger", str(tmp_path / "ledger")])
    found = {(e.section, e.id): e for e in register.entries(tmp_path / "ledger")}
    assert len(found) == 5
    assert [p for e in found.values() for p in audit.entry_problems(e)] == []
    assert found["claims", "conv-flops"]["open"] == "convolution_variants"
    assert found["claims", "pool-size"].state == "opinion"
    assert "value" not in found["claims", "pool-size"].fields
    assert found["gaps", "pool-backward"].chapter == "pooling"
    assert found["topics", "stride"]["id"] == "stride"
    assert "pooling            added    3   left as they are    0" in capsys.readouterr().out


def test_importing_again_changes_nothing(notes, tmp_path):
    importer.main([str(notes), "--ledger", str(tmp_path / "ledger")])
    before = {path: path.read_bytes() for path in (tmp_path / "ledger").iterdir()}
    importer.main([str(notes), "--ledger", str(tmp_path / "ledger")])
    assert {path: path.read_bytes() for path in (tmp_path / "ledger").iterdir()} == before


def test_the_import_keeps_what_people_wrote(notes, tmp_path):
    ledger_folder = tmp_path / "ledger"
    importer.main([str(notes), "--ledger", str(ledger_folder)])
    file = ledger_folder / "pooling.yml"
    settled = file.read_text(encoding="utf-8").replace("open: pooling", "where: pooling#max  # by hand", 1)
    file.write_text(settled, encoding="utf-8")
    late = {**TOPICS["topics"][0], "id": "min-pooling", "name": "Min pooling"}
    changed = {"topics": [{**TOPICS["topics"][0], "name": "Other words"}, late, TOPICS["topics"][1]]}
    (notes / "topics.yml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    importer.main([str(notes), "--ledger", str(ledger_folder)])
    after = file.read_text(encoding="utf-8")
    assert "where: pooling#max  # by hand" in after
    assert "Other words" not in after
    assert after.index("  min-pooling:") < after.index("\nclaims:")
    assert [e.id for e in register.parse(after, "pooling")] == [
        "max-pooling",
        "min-pooling",
        "pool-size",
        "pool-backward",
    ]


def test_a_gap_without_a_chapter_is_refused(notes, tmp_path):
    stranger = {**CLAIMS, "gaps": [{**CLAIMS["gaps"][0], "id": "nobody-knows"}]}
    (notes / "claims.yml").write_text(yaml.safe_dump(stranger), encoding="utf-8")
    with pytest.raises(ValueError, match=r"nobody-knows: no chapter"):
        importer.main([str(notes), "--ledger", str(tmp_path / "ledger")])
