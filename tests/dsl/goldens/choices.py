"""Every way to decide: None, texts that look like numbers, early returns, loops with break, reassigned parameters."""

from dataclasses import dataclass

from fnfkit import FC, App, CloudError, caught, elsewhere, fail

app = App("choices", service="fnf-demo")


class Locked(CloudError):
    """Somebody else works on it."""


@dataclass
class Item:
    id: str
    size: int
    owner: str | None
    ready: bool


@app.function
def load(id: str) -> Item:
    elsewhere()


@app.function
def store(item: Item, note: str) -> Item:
    elsewhere()


@app.flow
def choices(id: str, kind: str, limit: int) -> dict[str, object]:
    item = load(id)
    if kind == "10" or item.id == kind:
        limit = 3
    while not item.ready and item.size < limit:
        item = load(item.id)
        if item.owner is None:
            continue
        if item.owner in ("root", "admin"):
            break
    note = "big" if item.size > 100 else "small"
    if item.owner is not None and item.owner > "m":
        saved = store(item=item, note=item.owner)
    elif item.size == 0:
        saved = load("empty")
    else:
        saved = store(item, note=note)
    try:
        saved = store.retry(FC.ResourceThrottled, times=5, every=2)(item=saved, note="again")
    except Locked as error:
        return {"id": error.error, "why": error.cause, "limit": limit}
    except Exception as error:
        load(caught(error).error)
        fail("StoreFailed", "see the log")
    return {"id": saved.id, "why": None, "limit": limit}
