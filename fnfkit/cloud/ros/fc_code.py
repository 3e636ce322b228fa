"""The `Code` of functions and layers (ros.md 7): an archive in the template, a source text in it, or an object."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile

from fnfkit.cloud.ros.handling import text_of
from fnfkit.cloud.ros.objects import Objects
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import InvalidParameter

LONGEST_SOURCE = 4096
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SUFFIXES = (("python", ".py"), ("nodejs", ".js"), ("php", ".php"))


def archive_of(code: JsonObject, runtime: str, objects: Objects) -> bytes:
    """The archive that a Code property stands for; ZipFile goes before SourceCode, and that before OSS.

    Raises `InvalidParameter`, `NoSuchKey`.
    """
    if text := code.get("ZipFile"):
        try:
            return base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            raise InvalidParameter("Code.ZipFile is not Base64.") from None
    if (source := code.get("SourceCode")) is not None:
        return _source(text_of(source), runtime)
    if code.get("OssBucketName") and code.get("OssObjectName"):
        return objects.get(text_of(code["OssBucketName"]), text_of(code["OssObjectName"]))
    raise InvalidParameter("Code needs ZipFile, SourceCode, or OssBucketName and OssObjectName.")


def _source(text: str, runtime: str) -> bytes:
    if len(text) > LONGEST_SOURCE:
        raise InvalidParameter(f"Code.SourceCode has {len(text)} characters; at most {LONGEST_SOURCE} are taken.")
    suffix = next((suffix for prefix, suffix in _SUFFIXES if runtime.startswith(prefix)), None)
    if suffix is None:
        raise InvalidParameter(f"Code.SourceCode is for Python, Node.js and PHP, not for {runtime}.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(f"index{suffix}", _EPOCH)
        info.external_attr = 0o644 << 16
        archive.writestr(info, text)
    return buffer.getvalue()


def camel(value: Json) -> Json:
    """Keys as the service's own API spells them: with a small first letter (api-fc.md 2.1)."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value
