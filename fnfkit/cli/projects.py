"""Projects in Python: finding a file's or a module's App, and everything that can be wrong with that.

Loading a project runs its code. What it imports from its own folder is forgotten again afterwards, so that two
projects with modules of one name do not meet.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from fnfkit.cli.files import parted, read_text
from fnfkit.cli.refusal import Refusal
from fnfkit.dsl.app import App
from fnfkit.dsl.errors import CompileError

ENTRY = "app.py"
"""The file of a folder that holds its App."""


@dataclass(frozen=True, slots=True)
class Project:
    """An App and the folder its relative paths start from."""

    app: App
    folder: Path


@contextmanager
def project(given: str) -> Iterator[Project]:
    """The project that FILE.py, FILE.py:NAME, a folder with an app.py or MODULE:NAME names. Raises `Refusal`.

    NAME is the variable with the App; it can be left out where there is one App. While the project is open its
    folder is where Python looks for modules first.
    """
    file, module_name, variable = _place(given)
    folder = Path.cwd() if file is None else file.resolve().parent
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        module = _module(module_name) if file is None else _loaded(file)
        yield Project(_app(module, variable, given), folder)
    finally:
        sys.path.remove(str(folder))
        for added in set(sys.modules) - before:
            if str(getattr(sys.modules[added], "__file__", None) or "").startswith(f"{folder}/"):
                del sys.modules[added]


def _place(given: str) -> tuple[Path | None, str, str]:
    """The file, None for a module; the module's name; and the name of the variable, empty if it is not given."""
    path = Path(given)
    if path.is_dir():
        return path / ENTRY, "", ""
    front, name = parted(given) or (given, "")
    return (Path(front), "", name) if name == "" or front.endswith(".py") else (None, front, name)


def _loaded(path: Path) -> ModuleType:
    read_text(path, "project")
    spec = spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise Refusal("NotPython", f"{path} is no Python file", "name a .py file, or a folder with an app.py")
    module = module_from_spec(spec)
    # Annotations are resolved by the module's name, so it has to be known by it while it is in use.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except CompileError:
        raise
    except (Exception, SystemExit) as error:
        raise _broken(path, error) from error
    return module


def _module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except CompileError:
        raise
    except ModuleNotFoundError as error:
        if error.name != name:
            raise _broken(Path(name), error) from error
        raise Refusal("ModuleNotFound", f"there is no module {name}", "name a file, or MODULE:NAME") from None
    except (Exception, SystemExit) as error:
        raise _broken(Path(name), error) from error


def _broken(path: Path, error: BaseException) -> Refusal:
    """What stopped a project from loading: the place in its own code that comes last before the error."""
    if isinstance(error, SyntaxError) and error.filename:
        return Refusal("CannotLoad", f"{error.filename}:{error.lineno}: {error.msg}")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).stem == path.stem]
    place = f"{path}:{frames[-1].lineno}" if frames else str(path)
    return Refusal("CannotLoad", f"{place}: {type(error).__name__}: {error}", "loading a project runs its code")


def _app(module: ModuleType, name: str, given: str) -> App:
    found = {key: value for key, value in vars(module).items() if isinstance(value, App)}
    if name:
        if name not in found:
            there = f"there are {', '.join(found)}" if found else "there is none"
            raise Refusal("NoApp", f"{given}: {name} is no App", f"{there}: name one as FILE.py:NAME")
        return found[name]
    apps = list({id(app): app for app in found.values()}.values())
    if not apps:
        raise Refusal("NoApp", f"{given} holds no App", 'make one: app = App("my-project")')
    if len(apps) > 1:
        raise Refusal("SeveralApps", f"{given} holds {len(apps)} Apps: {', '.join(found)}", f"name one: {given}:NAME")
    return apps[0]
