"""Say which device Keras computes on, and run one notebook on it: ``make gpu-check [NAME=pooling]``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from notebook_runner import NotebookError, execute, kernel_environment, progress  # noqa: E402

ASK = "from cvnotes import backend; print(backend.name(), 'on', backend.device())"


def main() -> int:
    """Ask the backend, run the notebook in text mode, and print what it ran on and how long it took."""
    path = ROOT / "notebooks" / f"{sys.argv[1] if len(sys.argv) > 1 else 'pooling'}.ipynb"
    if not path.is_file():
        print(f"no such notebook: {path.relative_to(ROOT)}", file=sys.stderr)
        return 2
    env = kernel_environment(ROOT, "text")
    asked = subprocess.run([sys.executable, "-c", ASK], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode:
        print(asked.stderr, file=sys.stderr)
        return asked.returncode
    progress(f"Keras computes with {asked.stdout.strip().splitlines()[-1]}")
    progress(f"running {path.stem}")
    try:
        run = execute(nbformat.read(path, as_version=4), path.stem, folder=path.parent, env=env, timeout=900)
    except NotebookError as error:
        progress(f"FAILED {error.failure}")
        return 1
    progress(f"{path.stem}: {run.seconds:.1f} s on {run.about.get('device')} ({run.about.get('backend')})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
