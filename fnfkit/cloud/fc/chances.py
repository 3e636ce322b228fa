"""`random`, `uuid` and `secrets` drawn from a given source, as modules for the code of one function instance."""

from __future__ import annotations

import base64
import random
import secrets
import uuid
from random import Random
from types import ModuleType

from fnfkit.cloud.fc.times import copy_of


def random_module(chance: Random) -> ModuleType:
    """The `random` module: its functions draw from `chance`, and so do generators made without a seed."""
    module = copy_of(random)
    drawn = {name: getattr(chance, name) for name in random.__all__ if hasattr(chance, name) and name[0].islower()}
    vars(module).update(drawn, Random=lambda seed=None: Random(chance.random() if seed is None else seed))  # noqa: S311
    return module


def uuid_module(chance: Random) -> ModuleType:
    """The `uuid` module: `uuid1` and `uuid4` are drawn from `chance`."""
    module = copy_of(uuid)

    def drawn(version: int) -> uuid.UUID:
        return uuid.UUID(int=chance.getrandbits(128), version=version)

    vars(module).update(uuid4=lambda: drawn(4), uuid1=lambda node=None, clock_seq=None: drawn(1))
    return module


def secrets_module(chance: Random) -> ModuleType:
    """The `secrets` module: nothing of it is secret."""
    module = copy_of(secrets)

    def token_bytes(nbytes: int | None = None) -> bytes:
        return chance.randbytes(32 if nbytes is None else nbytes)

    def token_urlsafe(nbytes: int | None = None) -> str:
        return base64.urlsafe_b64encode(token_bytes(nbytes)).rstrip(b"=").decode()

    vars(module).update(
        token_bytes=token_bytes,
        token_hex=lambda nbytes=None: token_bytes(nbytes).hex(),
        token_urlsafe=token_urlsafe,
        choice=chance.choice,
        randbelow=chance.randrange,
        randbits=chance.getrandbits,
    )
    return module
