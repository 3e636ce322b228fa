"""The flow on an account in this process: `python -m pytest`."""

import json
from pathlib import Path

from app import app, transaction

from fnfkit.testing import LocalCloud

HERE = Path(__file__).parent


def given(file: str) -> dict[str, object]:
    return dict(json.loads((HERE / file).read_text("utf-8")))


def test_every_booking_succeeds() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(transaction, given("input.json"))
        assert run.path == ["BuyTrainTicket", "ReserveFlight", "ReserveHotel", "OrderSucceeded"]


def test_a_hotel_without_rooms_cancels_what_was_booked_before_it() -> None:
    with LocalCloud() as cloud:
        cloud.deploy(app, root=HERE)
        run = cloud.run(transaction, given("input-hotel-fails.json"))
        assert (run.status, run.error) == ("Failed", "OrderFailed")
        assert run.path[-3:] == ["CancelFlight", "CancelTrainTicket", "OrderFailed"]
        assert cloud.elapsed == 7
