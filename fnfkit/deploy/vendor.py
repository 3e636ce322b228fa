"""The requirements of a function, installed once per content into a cache of the project and packed with its code."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fnfkit.deploy.error import DeployError

REQUIREMENTS = "requirements.txt"

_LOCAL = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
"""Files about the installation, which differ from machine to machine."""
_COMPILED = (".so", ".pyd", ".dylib")
_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
_PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
"""What Linux on x86-64 loads with a C library of 2.28 or newer."""


def with_requirements(files: dict[str, bytes], folder: Path, cache: Path, *, python: str = "") -> dict[str, bytes]:
    """The files of a function and of what the requirements.txt in its folder asks for; its own come first.

    `python` is as in `installed`. Raises `DeployError`.
    """
    requirements = folder / REQUIREMENTS
    if not requirements.is_file():
        return files
    own = {name: content for name, content in files.items() if name != REQUIREMENTS}
    return {**installed(requirements, cache, python=python), **own}


def installed(requirements: Path, cache: Path, *, python: str = "") -> dict[str, bytes]:
    """The files that a requirements.txt asks for. Raises `DeployError` with the last error of pip.

    With `python`, a version such as 3.12, requirements with compiled modules are fetched as wheels for it on Linux:
    those that pip chooses for this machine would not load there.
    """
    made = _fetched(requirements, cache, _HERE, ())
    if python and any(file.suffix in _COMPILED for file in made):
        platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
        version = ("--python-version", python, "--implementation", "cp", "--only-binary", ":all:")
        made = _fetched(requirements, cache, f"{python} on Linux", (*platforms, *version))
    return {file.as_posix(): content for file, content in made.items()}


def _fetched(requirements: Path, cache: Path, place: str, words: tuple[str, ...]) -> dict[Path, bytes]:
    target = cache / hashlib.sha256(requirements.read_bytes() + place.encode()).hexdigest()[:16]
    if not target.is_dir():
        _install(requirements, target, words)
    found = sorted(file for file in target.rglob("*") if file.is_file())
    return {file.relative_to(target): file.read_bytes() for file in found if not _is_local(file, target)}


def _is_local(file: Path, target: Path) -> bool:
    parts = file.relative_to(target).parts
    if "__pycache__" in parts or parts[0] == "bin":
        return True
    return file.name in _LOCAL and file.parent.suffix == ".dist-info"


def _install(requirements: Path, target: Path, more: tuple[str, ...]) -> None:
    """Into a folder beside the target first: an interrupted installation is never taken for a whole one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        words = ["install", "--quiet", "--no-color", "--disable-pip-version-check", "--no-compile"]
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pip", *words, "--target", f"{made}/files", *more, "-r", requirements.name],
            cwd=requirements.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            hint = "is there a wheel for the function's Python on Linux?" if more else "can pip install it here?"
            raise DeployError("CannotVendor", f"{requirements}: {_told(done.stderr)}", hint)
        Path(f"{made}/files").mkdir(exist_ok=True)
        if not target.is_dir():
            shutil.move(f"{made}/files", target)


def _told(output: str) -> str:
    """The last error in what pip says; notes may follow it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error:")]
    return next(reversed(errors or lines), "pip failed")
