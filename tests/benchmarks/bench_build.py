"""Race the book's way of building against plain jupyter-book, on notebooks made for the purpose: ``make bench``.

Eight notebooks are written: each loads Keras, draws, and trains a small net for a few seconds, as a chapter does.
They are built cold by plain jupyter-book, which runs one after the other (``execute_notebooks: force``), and cold by
the book's extension; then a sentence is changed and the second is built again. All in one go, on one machine.
The two take turns, so that a busy machine is unkind to both. Printed is a table, and whether the targets hold:
a cold build in at most 0.6 of the plain time, a rebuild after an edit of prose in under 10 s.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[2]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
TARGET_RATIO, TARGET_PROSE = 0.6, 10.0

LOAD = "import keras\nimport numpy as np\n\nkeras.utils.set_random_seed({seed})"
DATA = """from sklearn.datasets import load_digits

digits = load_digits()
x, y = digits.images[..., None] / 16, digits.target"""
TRAIN = """net = keras.Sequential([
    keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10)])
net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
net.fit(x, y, epochs={epochs}, verbose=0)
print(net.evaluate(x, y, verbose=0)[1] > 0.9)"""
DRAW = """from matplotlib.figure import Figure

figure = Figure()
figure.subplots().imshow(x[{seed}, ..., 0])
print(figure)"""


def notebook(seed: int, epochs: int) -> nbformat.NotebookNode:
    """A small chapter: prose, and four code cells that load, train and draw."""
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    sources = [text.replace("{seed}", str(seed)).replace("{epochs}", str(epochs)) for text in (LOAD, DATA, TRAIN, DRAW)]
    cells = [md(f"# Chapter {seed}\n\nA sentence with $x^{seed}$.", id="title")]
    cells += [code(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def book(folder: Path, count: int, epochs: int, *, plain: bool) -> Path:
    """Write a book of ``count`` notebooks; ``plain`` leaves the running to jupyter-book itself."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    sphinx = config["sphinx"]
    ours = [] if plain else ["run_notebooks", "offline_site"]
    sphinx["local_extensions"] = {name: str(ROOT / "book" / "_ext") for name in ours}
    sphinx["config"] = {}
    for key in ("bibtex_bibfiles", "logo", "html"):
        config.pop(key, None)  # the real book's own files
    if plain:
        config["execute"]["execute_notebooks"] = "force"
    chapters = [{"file": f"notebooks/chapter_{i}"} for i in range(count)]
    toc = {"format": "jb-book", "root": "front", "chapters": chapters}
    (folder / "notebooks").mkdir(parents=True)
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (folder / "front.md").write_text("# Front\n", encoding="utf-8")
    shutil.copy(ROOT / "requirements.lock", folder)
    shutil.copytree(ROOT / "cvnotes", folder / "cvnotes")
    for i in range(count):
        nbformat.write(notebook(i, epochs), folder / "notebooks" / f"chapter_{i}.ipynb")
    return folder


def build(folder: Path) -> float:
    """Build the book in ``folder`` strictly; return the wall seconds."""
    env = {**os.environ, "PYTHONPATH": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
    start = time.perf_counter()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-W", "-n", "--keep-going"],
        cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the build in {folder.name} failed:\n{done.stdout[-5000:]}")
    return time.perf_counter() - start


def race(count: int, epochs: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way of building, in ``rounds`` turns."""
    took: dict[str, list[float]] = {"plain": [], "ours": [], "nothing": [], "prose": []}
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(rounds):
            print(f"round {turn + 1} of {rounds}: {count} notebooks", flush=True)
            took["plain"].append(build(book(Path(scratch) / f"plain-{turn}", count, epochs, plain=True)))
            folder = book(Path(scratch) / f"ours-{turn}", count, epochs, plain=False)
            took["ours"].append(build(folder))
            took["nothing"].append(build(folder))
            first = folder / "notebooks" / "chapter_0.ipynb"
            first.write_text(first.read_text(encoding="utf-8").replace("A sentence", "Another"), encoding="utf-8")
            took["prose"].append(build(folder))
    return took


def main() -> int:
    """Run the race and print the table; the exit status says whether both targets hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    took = {way: statistics.median(s) for way, s in race(options.notebooks, options.epochs, options.rounds).items()}
    ratio = took["ours"] / took["plain"]
    print(f"\n{options.notebooks} notebooks, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| build | seconds | of plain |\n|---|---|---|")
    names = {"plain": "plain jupyter-book, cold", "ours": "this book, cold", "nothing": "nothing changed"}
    for way, name in {**names, "prose": "after an edit of prose"}.items():
        print(f"| {name} | {took[way]:.1f} | {took[way] / took['plain']:.2f} |")
    held = ratio <= TARGET_RATIO and took["prose"] < TARGET_PROSE
    print(f"\ntargets (cold at most {TARGET_RATIO}, prose under {TARGET_PROSE:.0f} s): {'held' if held else 'MISSED'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
