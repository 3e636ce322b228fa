"""The private import system of one function instance.

Modules of the code folder are loaded once per instance into a table of its own and see the instance's builtins and
its versions of a few standard modules; everything else comes from the host, untouched. `sys.modules` and `sys.path`
of the host stay as they are.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from types import CodeType, ModuleType
from typing import Protocol

from fnfkit.model.json import Json

_LOADERS = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (SourceFileLoader, SOURCE_SUFFIXES))


class Substitutes(Protocol):
    """The modules an instance sees in place of the host's."""

    def get(self, name: str) -> ModuleType | None: ...


class Modules:
    """The modules of one instance. `codes` is the compiled code of the function, shared by its instances."""

    def __init__(self, folder: str, substitutes: Substitutes, codes: dict[str, CodeType]) -> None:
        self.loaded: dict[str, ModuleType] = {}
        self.path = [folder]
        self._folder = folder
        self.builtins: dict[str, Json] = {**vars(builtins), "__import__": self.import_}
        self._substitutes = substitutes
        self._codes = codes

    def load(self, name: str) -> ModuleType:
        """The module of that absolute name from the code folder; raises ImportError if there is none."""
        module = self._find(name)
        if module is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return module

    def import_(
        self,
        name: str,
        globals: Mapping[str, Json] | None = None,
        locals: Mapping[str, Json] | None = None,
        fromlist: Iterable[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """`__import__` as the instance's code sees it."""
        wanted = tuple(fromlist or ())
        absolute = importlib.util.resolve_name("." * level + name, _package(globals)) if level else name
        head = absolute.partition(".")[0]
        if (substitute := self._substitutes.get(head)) is not None:
            return _substituted(substitute, absolute, wanted)
        if self._find(head) is None:
            return builtins.__import__(absolute, globals, locals, wanted)
        module = self.load(absolute)
        self._load_submodules(module, wanted)
        return module if wanted or level else self.loaded[head]

    def _load_submodules(self, module: ModuleType, wanted: tuple[str, ...]) -> None:
        names = getattr(module, "__all__", ()) if "*" in wanted else wanted
        if hasattr(module, "__path__"):
            for name in names:
                if not hasattr(module, name):
                    self._find(f"{module.__name__}.{name}")

    def _find(self, name: str) -> ModuleType | None:
        if (module := self.loaded.get(name)) is not None:
            return module
        parent, _, tail = name.rpartition(".")
        owner = self._find(parent) if parent else None
        if parent and owner is None:
            return None
        spec = self._spec(name, list(getattr(owner, "__path__", ())) if owner else self.path)
        if spec is None:
            return None
        module = self._run(spec)
        if owner is not None:
            setattr(owner, tail, module)
        return module

    def _spec(self, name: str, folders: list[str]) -> ModuleSpec | None:
        if name in sys.builtin_module_names:
            return None
        for folder in folders:
            # A relative entry of the search path starts at the code folder, the working directory in the cloud.
            finder = FileFinder(os.path.join(self._folder, folder), *_LOADERS)
            spec = finder.find_spec(name)
            if spec is not None and (spec.loader is not None or spec.submodule_search_locations):
                return spec
        return None

    def _run(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.util.module_from_spec(spec)
        self.loaded[spec.name] = module
        vars(module)["__builtins__"] = self.builtins
        try:
            with _registered(spec.name, module):
                if isinstance(spec.loader, SourceFileLoader):
                    exec(self._code(spec.loader), vars(module))  # noqa: S102  the function's own code, as deployed
                elif spec.loader is not None:
                    spec.loader.exec_module(module)
        except BaseException:
            del self.loaded[spec.name]
            raise
        return module

    def _code(self, loader: SourceFileLoader) -> CodeType:
        path = str(loader.path)
        if (code := self._codes.get(path)) is None:
            # Compiled here, not by the loader: that would leave __pycache__ folders in the user's code.
            code = self._codes[path] = loader.source_to_code(loader.get_data(path), path)
        return code


@contextmanager
def _registered(name: str, module: ModuleType) -> Iterator[None]:
    # Dataclasses and others look a class's module up in sys.modules while it is being defined.
    mine = sys.modules.setdefault(name, module) is module
    try:
        yield
    finally:
        if mine and sys.modules.get(name) is module:
            del sys.modules[name]


def _package(globals: Mapping[str, Json] | None) -> str:
    return str((globals or {}).get("__package__") or "")


def _substituted(substitute: ModuleType, absolute: str, wanted: tuple[str, ...]) -> ModuleType:
    tail = absolute.partition(".")[2]
    if not tail:
        return substitute
    # A submodule of a substituted module (os.path, logging.handlers) is the host's own.
    submodule = importlib.import_module(absolute)
    name = tail.partition(".")[0]
    if not hasattr(substitute, name):
        setattr(substitute, name, sys.modules[f"{substitute.__name__}.{name}"])
    return submodule if wanted else substitute
