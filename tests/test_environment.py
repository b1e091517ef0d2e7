"""One set of versions, written down in several forms: they agree, and none of them says where packages come from."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKED_EXTRAS = ("book", "lab", "test")
# written in halves, so that this file holds none of them
REGISTRIES = [
    "py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com",
    "deb.de" + "bian.org", "ana" + "conda.org", "ana" + "conda.com", "download.py" + "torch.org", "py" + "pi.python",
    "crates" + ".io", "proxy.go" + "lang.org",
]  # fmt: skip


def pins(name: str) -> dict[tuple[str, str], str]:
    """Version of each (distribution, marker) that a requirements file pins."""
    text = re.sub(r"\s*\\\n\s*--hash=\S+", "", (ROOT / name).read_text(encoding="utf-8"))
    found = [Requirement(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert all(re.fullmatch(r"==[^*]+", str(r.specifier)) for r in found), f"{name} has a line that is no exact pin"
    return {(canonicalize_name(r.name), str(r.marker or "")): str(r.specifier)[2:] for r in found}


def needs(*extras: str) -> list[Requirement]:
    """What pyproject asks for, with some of its extras."""
    return [Requirement(r) for r in [*PROJECT["dependencies"], *(r for extra in extras for r in EXTRAS[extra])]]


def environment() -> tuple[list[str], list[str]]:
    """The conda part and the pip part of environment.yml."""
    parts = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    return [p for p in parts if isinstance(p, str)], next(p["pip"] for p in parts if isinstance(p, dict))


def test_lock_and_constraints_are_the_same_resolution() -> None:
    assert pins("requirements.lock") == pins("constraints.txt")


def test_every_pin_of_the_lock_has_a_hash() -> None:
    blocks = re.findall(r"(?m)^\S+==.*(?:\n\s+.*)*", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert len(blocks) > 100
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("requirement", needs(*LOCKED_EXTRAS), ids=str)
def test_lock_satisfies_pyproject(requirement: Requirement) -> None:
    locked = [v for (name, _), v in pins("requirements.lock").items() if name == canonicalize_name(requirement.name)]
    assert locked, f"{requirement.name} is not in requirements.lock; run `make lock`"
    assert all(requirement.specifier.contains(version) for version in locked)


def test_backends_are_pinned_and_satisfy_pyproject() -> None:
    pinned = {name: version for (name, _), version in pins("requirements-backends.txt").items()}
    assert set(pinned) == {"jax", "torch"}
    for name, version in pinned.items():
        assert Requirement(EXTRAS[name][0]).specifier.contains(version)


def test_environment_takes_only_python_and_pip_from_conda() -> None:
    conda, _ = environment()
    assert sorted(re.split(r"[=<>]", name)[0] for name in conda) == ["pip", "python"]
    version = next(name.partition("=")[2] for name in conda if name.startswith("python="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0")


def test_environment_installs_this_package_with_the_constraints() -> None:
    _, pip = environment()
    assert pip[0] == "-c constraints.txt"
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", pip[1])
    assert extras, pip[1]
    assert set(extras[1].split(",")) <= set(EXTRAS)
    assert {"book", "lab"} <= set(extras[1].split(","))
    assert len(pip) == 2


def test_installed_versions_are_those_of_the_lock() -> None:
    """Under ``make``, that is; a weekly run tries the newest versions and says so by leaving the lock aside."""
    from notebook_key import installed

    locked = {name: version for (name, marker), version in pins("requirements.lock").items() if not marker}
    here = installed()
    off = {name: (here[name], version) for name, version in locked.items() if here.get(name, version) != version}
    if len(off) > len(locked) // 10:
        pytest.skip(f"this environment was not made from the lock ({len(off)} versions differ)")
    assert not off


def test_python_version_is_one_everywhere() -> None:
    texts = [(ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8") for name in ("ci.yml", "pages.yml")]
    versions = {v for text in texts for v in re.findall(r'python-version: "([\d.]+)"', text)}
    conda, _ = environment()
    assert versions == {next(name.partition("=")[2] for name in conda if name.startswith("python="))}
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0") for version in versions)


def test_extensions_of_the_book_can_be_imported() -> None:
    sphinx = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]
    for name in sphinx["extra_extensions"]:
        assert importlib.util.find_spec(name), name
    for name, folder in sphinx["local_extensions"].items():
        assert (ROOT / folder / f"{name}.py").is_file()


def files() -> list[Path]:
    """Every file that git knows or would add; outside a checkout, this test file alone."""
    asked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = asked.stdout.splitlines() or [str(Path(__file__).relative_to(ROOT))]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_no_file_names_a_registry() -> None:
    found = []
    for path in files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {address}" for address in REGISTRIES if address in text]
    assert not found


def test_the_search_for_registries_can_fail(tmp_path: Path) -> None:
    text = f"--index-url https://{REGISTRIES[0]}/simple"
    assert [address for address in REGISTRIES if address in text] == [REGISTRIES[0]]


def test_keras_tests_are_found() -> None:
    listed = subprocess.run(
        [sys.executable, "book/_tools/keras_tests.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "tests/test_backend.py" in listed
    assert "tests/test_hygiene.py" not in listed
