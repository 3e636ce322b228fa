"""The files that a SAM template names: flow definitions as they are, code as archives with its requirements."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.cli.output import progress
from fnfkit.deploy import DeployError, Shelf
from fnfkit.deploy.folders import folder_files
from fnfkit.deploy.package import archive
from fnfkit.deploy.record import FOLDER
from fnfkit.deploy.vendor import with_requirements
from fnfkit.lang import ros


@dataclass(frozen=True, slots=True)
class Files:
    """The files beside a template, in its `folder`. If it is `strict`, requirements that cannot be installed are an
    error; else a warning, for functions of an account on this machine find what its Python has too."""

    folder: Path
    shelf: Shelf
    strict: bool
    _packed: dict[tuple[str, bool], bytes] = field(default_factory=dict)

    def definition(self, uri: str) -> str:
        """The text of a definition. Raises OSError, ValueError."""
        return (self.folder / uri).read_text("utf-8")

    def code(self, uri: str, runtime: str) -> str:
        """Where the archive of a folder, a file, or an archive that is one already, will be. Raises OSError,
        ValueError."""
        key = uri, runtime.startswith("python")
        try:
            if key not in self._packed:
                self._packed[key] = self._archive(*key)
            code = self.shelf.code(self._packed[key])
        except DeployError as error:
            raise ValueError(f"{error.message}; {error.hint}") from error
        if "ZipFile" in code:
            return ros.DATA_ZIP + code["ZipFile"]
        return f"oss://{code['OssBucketName']}/{code['OssObjectName']}"

    def _archive(self, uri: str, python: bool) -> bytes:
        path = self.folder / uri
        if not path.exists():
            raise FileNotFoundError(2, "there is no such file or folder")
        if path.suffix in (".zip", ".jar"):
            return path.read_bytes()
        files = folder_files(path, self.folder)
        return archive(self._vendored(files, path) if python and path.is_dir() else files)

    def _vendored(self, files: dict[str, bytes], path: Path) -> dict[str, bytes]:
        try:
            return with_requirements(files, path, self.folder / FOLDER / "vendor")
        except DeployError as error:
            if self.strict:
                raise
            progress(f"warning: {error.message}; deployed without, and with what this machine has installed")
            return files
