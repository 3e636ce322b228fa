"""Branches, iterations, parts, and lists of results."""

from dataclasses import dataclass

from fnfkit import App, elsewhere, parallel, part

app = App("media", service="fnf-demo")


class Unreadable(Exception):
    """A file that is no picture."""


@dataclass
class Listing:
    files: list[str]


@dataclass
class Picture:
    url: str
    width: int


@app.function
def list_files(folder: str) -> Listing:
    elsewhere()


@app.function
def resize(file: str, width: int, number: int) -> Picture:
    elsewhere()


@app.function
def report(**event: object) -> Picture:
    elsewhere()


@part
def small(file: str, number: int) -> Picture:
    try:
        return resize(file=file, width=100, number=number)
    except Unreadable:
        return Picture(url=file, width=0)


@app.flow
def fan_out(folder: str, width: int) -> dict[str, object]:
    listing = list_files(folder)
    cover, index = parallel(
        resize(file=listing.files[0], width=width, number=0),
        list_files(folder="index"),
    )
    pictures = [small(file=name, number=i) for i, name in enumerate(listing.files)]
    [report(done=one.url, cover=cover) for one in pictures]
    return {"cover": cover.url, "urls": [one.url for one in pictures], "more": index.files}
