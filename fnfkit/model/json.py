"""The one alias for JSON values. Values are shared between steps and must never be changed in place."""

from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict with str keys."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object. Treat it as immutable once it has been handed over."""
