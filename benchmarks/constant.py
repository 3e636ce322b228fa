"""An ASGI application that answers at once and always the same."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

BODY = (
    b'{"RequestId":"r","FlowName":"one","Name":"e","Status":"Succeeded","EventId":1,'
    b'"Receipt":"<ReceiptHandle>1-1-1</ReceiptHandle>"}'
)
"""What each client looks for."""
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def answer(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Reads the request's body and answers."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
