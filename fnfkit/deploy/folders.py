"""The files of a code folder that are packed: all but what tools leave behind and what its owner has excluded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from fnfkit.deploy.error import DeployError

IGNORE = (".funignore", ".fcignore")
"""Files with patterns as in .gitignore, of Funcraft and of Serverless Devs, in the code folder or in the project's."""

_SKIPPED = {"__pycache__", ".git", ".svn", ".fnfkit", ".fun", ".venv", ".DS_Store", *IGNORE}


def folder_files(path: Path, project: Path) -> dict[str, bytes]:
    """Every file of a folder that belongs to the code, by its name there; a path of a file is that file.

    Patterns count from the folder they are in. Raises OSError, and `DeployError` for patterns that cannot be read.
    """
    if path.is_file():
        return {path.name: path.read_bytes()}
    rules = list(_rules(path, project))
    found = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc")
    kept = (file for file in found if not _SKIPPED & set(file.relative_to(path).parts) and not _ignored(file, rules))
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in kept}


def _rules(path: Path, project: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    folders = [path.absolute(), project.absolute()] if path.absolute().is_relative_to(project.absolute()) else [path]
    for folder in dict.fromkeys(folders):
        for file in (folder / name for name in IGNORE):
            if file.is_file():
                yield folder, _read(file)


def _read(file: Path) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(file.read_text("utf-8").splitlines())
    except ValueError as error:
        hint = "write patterns as in a .gitignore"
        raise DeployError("BrokenPatterns", f"{file} cannot be read: {error}", hint) from error


def _ignored(file: Path, rules: list[tuple[Path, GitIgnoreSpec]]) -> bool:
    return any(spec.match_file(file.absolute().relative_to(folder).as_posix()) for folder, spec in rules)
