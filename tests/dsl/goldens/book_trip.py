"""Three bookings; what is booked already is cancelled in reverse order if a later one fails."""

from typing import TypedDict

from fnfkit import FC, App, elsewhere, saga

app = App("trips", service="fnf-demo")


class Booking(TypedDict):
    id: str


@app.function
def book(kind: str, traveller: str) -> Booking:
    elsewhere()


@app.function
def cancel(kind: str, id: str) -> Booking:
    elsewhere()


@app.flow(timeout=3600)
def book_trip(traveller: str) -> dict[str, str]:
    with saga("OrderFailed", "the trip could not be booked") as tx:
        train = tx.do(
            book(kind="train", traveller=traveller),
            undo=lambda booked: cancel(kind="train", id=booked["id"]),
        )
        flight = tx.do(
            book.retry(FC.Unknown, times=2)(kind="flight", traveller=traveller),
            undo=lambda booked: cancel(kind="flight", id=booked["id"]),
        )
        hotel = tx.do(book.timeout(30)(kind="hotel", traveller=traveller))
    return {"train": train["id"], "flight": flight["id"], "hotel": hotel["id"]}
