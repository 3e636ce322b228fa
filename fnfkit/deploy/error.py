"""What keeps a project from being deployed, said so that it can be mended."""

from __future__ import annotations


class DeployError(Exception):
    """Ends a deployment before or while it acts. `code` is for scripts, `hint` says what to do about it."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
