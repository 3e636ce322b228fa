"""Where an account is served: the port it has unless told otherwise, and which names are this machine alone."""

from __future__ import annotations

DEFAULT_PORT = 8686
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(host: str) -> bool:
    """Whether a host name, as a Host header or a listening address gives it, is this machine's loopback."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0] in _LOOPBACK
    return (name if name.count(":") > 1 else name.partition(":")[0]) in _LOOPBACK
