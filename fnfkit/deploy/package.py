"""The archives of functions: only the files a function needs, and the same bytes for the same files everywhere.

Names are sorted, dates and rights are fixed. Small archives are stored as they are, because compressors differ between
machines; large ones are compressed, because a template takes 512 KiB.
"""

from __future__ import annotations

import ast
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fnfkit.deploy import shim, vendor
from fnfkit.deploy.error import DeployError
from fnfkit.deploy.folders import folder_files
from fnfkit.deploy.shelf import Shelf
from fnfkit.dsl.function import Folder, Function
from fnfkit.model.json import Json

STORED = 65_536
"""Bytes of files up to which an archive is not compressed."""
LONGEST_SOURCE = 4096
"""Characters of a source that stands in the template as text (ros.md 5)."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """The code of a function: its files and the handler in them."""

    files: Mapping[str, bytes]
    handler: str

    @property
    def digest(self) -> str:
        """A hash of the content, whatever it is packed with."""
        state = hashlib.sha256()
        for name in sorted(self.files):
            state.update(f"{name}\0{len(self.files[name])}\0".encode() + self.files[name])
        return state.hexdigest()

    def archive(self) -> bytes:
        """The content as a zip archive."""
        return archive(self.files)

    def code(self, shelf: Shelf) -> dict[str, str]:
        """The `Code` of a function resource: text where it can be read, else the archive. Raises `DeployError`."""
        if list(self.files) == ["index.py"]:
            text = self.files["index.py"].decode("utf-8", "replace")
            if len(text) <= LONGEST_SOURCE:
                return {"SourceCode": text}
        return shelf.code(self.archive())


def package(function: Function[..., Json], folder: Path, cache: Path, *, python: str = "") -> Package:
    """The code of a function of a project in `folder`; vendored requirements are kept in `cache`.

    `python` is the version that runs it, if that is not the one here. Raises `DeployError`.
    """
    if isinstance(function.code, Folder):
        code = function.code
        files = _folder(folder / code.path, folder, code.handler)
        return Package(vendor.with_requirements(files, folder / code.path, cache, python=python), code.handler)
    return Package(vendor.with_requirements(_project(function, folder), folder, cache, python=python), shim.HANDLER)


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip archive that depends on nothing but names and contents."""
    size = sum(map(len, files.values()))
    method = zipfile.ZIP_STORED if size <= STORED else zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=9) as made:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type, info.create_system = method, 3
            info.external_attr = 0o644 << 16
            made.writestr(info, files[name])
    return buffer.getvalue()


def _folder(path: Path, within: Path, handler: str) -> dict[str, bytes]:
    if not path.is_dir():
        raise DeployError("CodeNotFound", f"there is no folder {path}", "code= is relative to the folder of the App")
    files = folder_files(path, within)
    entry = handler.rpartition(".")[0].replace(".", "/")
    if not any(name.rpartition(".")[0] == entry for name in files):
        raise DeployError("HandlerNotFound", f"{path} has no file for the handler {handler}", "give handler= its name")
    return files


def _project(function: Function[..., Json], folder: Path) -> dict[str, bytes]:
    body = function.body
    if "." in body.__qualname__:
        hint = "define it at the top of a module"
        raise DeployError("NotImportable", f"the function {body.__qualname__} is inside of something", hint)
    file = Path(body.__code__.co_filename).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise DeployError("NotInProject", f"{file} is not in {folder}", "functions live in the folder of the App")
    relative = file.relative_to(folder.resolve()).with_suffix("")
    sources = dict(_closure(file, folder.resolve()))
    return {**sources, **shim.files(".".join(relative.parts), body.__name__)}


def _closure(file: Path, folder: Path) -> Iterator[tuple[str, bytes]]:
    """A module and every module of the project that it imports, directly or not."""
    pending, seen = [file], set[Path]()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        content = current.read_bytes()
        yield current.relative_to(folder).as_posix(), content
        pending += [found for name in _imports(content, current, folder) for found in _modules(name, folder)]


def _imports(content: bytes, file: Path, folder: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = file.relative_to(folder).parts
            above = list(parts[: len(parts) - node.level]) if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from (module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names))


def _modules(name: str, folder: Path) -> Iterator[Path]:
    """The files of the project that importing a dotted name runs."""
    parts = name.split(".")
    if not name or parts[0] == "fnfkit" or parts[0] in sys.stdlib_module_names:
        return
    for count in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:count])
        candidates = (place.with_suffix(".py"), place / "__init__.py")
        yield from (file for file in candidates if file.is_file())
