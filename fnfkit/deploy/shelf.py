"""Where the archives of a template go: into the template while there is room in it, then into a bucket.

Objects are named after their content, so that uploading one again changes nothing, and templates only differ where code
does.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from fnfkit.deploy.error import DeployError
from fnfkit.ports import Objects

LARGEST = 280_000
"""Bytes of archives that a template has room for: 512 KiB, less a third for Base64 and the rest of it (ros.md 5)."""
PREFIX = "fnfkit/"


def prefix_of(stack: str) -> str:
    """What the keys of a stack's own objects begin with."""
    return f"{PREFIX}{stack}/"


@dataclass(slots=True)
class Shelf:
    """The archives of one template. `uploads` are those for the bucket, by key, which starts with `prefix`."""

    bucket: str = ""
    prefix: str = PREFIX
    uploads: dict[str, bytes] = field(default_factory=dict)
    room: int = LARGEST

    def code(self, archive: bytes) -> dict[str, str]:
        """The `Code` of a function resource. Raises `DeployError` if there is neither room nor a bucket."""
        if len(archive) <= self.room:
            self.room -= len(archive)
            return {"ZipFile": base64.b64encode(archive).decode()}
        if not self.bucket:
            hint = 'name a bucket in the stage, bucket = "..." in fnfkit.toml, or leave files out'
            message = f"an archive has {len(archive)} bytes; the template has room for {self.room}"
            raise DeployError("PackageTooLarge", message, hint)
        return {"OssBucketName": self.bucket, "OssObjectName": self.stored(archive)}

    def stored(self, archive: bytes) -> str:
        """The key an archive has in the bucket, where it is to be uploaded."""
        key = f"{self.prefix}{hashlib.sha256(archive).hexdigest()}.zip"
        self.uploads[key] = archive
        return key

    def upload(self, objects: Objects) -> None:
        """Puts what is for the bucket there. Raises `Fault`."""
        if self.uploads:
            objects.create_bucket(self.bucket)
        for key, archive in self.uploads.items():
            objects.put(self.bucket, key, archive)
