"""Where the documented flows and functions are: beside the package in an installed wheel, at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def root() -> Path:
    """The folder that holds `templates` and `functions`."""
    installed = _PACKAGE / "_assets"
    return installed if installed.is_dir() else _PACKAGE.parent


def template(name: str) -> Path:
    """The folder of a documented scenario."""
    return root() / "templates" / name


def functions() -> Path:
    """The folder of the documented functions."""
    return root() / "functions"
