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


def with_requirements(files: dict[str, bytes], folder: Path, cache: Path) -> dict[str, bytes]:
    """The files of a function and of what the requirements.txt in its folder asks for; its own come first.

    Raises `DeployError`.
    """
    requirements = folder / REQUIREMENTS
    if not requirements.is_file():
        return files
    own = {name: content for name, content in files.items() if name != REQUIREMENTS}
    return {**installed(requirements, cache), **own}


def installed(requirements: Path, cache: Path) -> dict[str, bytes]:
    """The files that a requirements.txt asks for. Raises `DeployError` with the last error of pip."""
    text = requirements.read_bytes()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    target = cache / hashlib.sha256(text + version.encode()).hexdigest()[:16]
    if not target.is_dir():
        _install(requirements, target)
    found = sorted(file for file in target.rglob("*") if file.is_file())
    return {file.relative_to(target).as_posix(): file.read_bytes() for file in found if not _is_local(file, target)}


def _is_local(file: Path, target: Path) -> bool:
    parts = file.relative_to(target).parts
    if "__pycache__" in parts or parts[0] == "bin":
        return True
    return file.name in _LOCAL and file.parent.suffix == ".dist-info"


def _install(requirements: Path, target: Path) -> None:
    """Into a folder beside the target first: an interrupted installation is never taken for a whole one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        words = ["install", "--quiet", "--disable-pip-version-check", "--no-compile", "--target", f"{made}/files"]
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pip", *words, "-r", requirements.name],
            cwd=requirements.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DeployError("CannotVendor", f"{requirements}: {_told(done.stderr)}", "can pip install it here?")
        Path(f"{made}/files").mkdir(exist_ok=True)
        if not target.is_dir():
            shutil.move(f"{made}/files", target)


def _told(output: str) -> str:
    """The last error in what pip says; notes may follow it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error:")]
    return next(reversed(errors or lines), "pip failed")
