"""The flow of `app.py` as plain Python: the saga makes the chain of catches, in reverse order."""

from fnfkit import FC, App, elsewhere, saga

app = App("transaction-native", service="fnf-demo")


@app.function(name="Operation", code="functions/Operation")
def operation(operation: str, **details: object) -> dict[str, str]:
    """Books or cancels something; `false` under the name of the operation lets it die."""
    elsewhere()


@app.flow(name="transaction-native")
def transaction_native(
    buy_train_ticket_result: str, reserve_flight_result: str, reserve_hotel_result: str
) -> dict[str, str]:
    """Books a train, a flight and a hotel; what was booked is cancelled again if a later booking fails."""
    with saga("OrderFailed", "a booking failed; what had been booked before it is cancelled") as order:
        train = order.do(
            operation.named("BuyTrainTicket")(operation="buy_train_ticket", buy_train_ticket=buy_train_ticket_result),
            undo=lambda done: operation.named("CancelTrainTicket").retry(times=10, longest=60)(
                operation="cancel_train_ticket", buy_train_ticket_txnID=done["buy_train_ticket_txnID"]
            ),
        )
        flight = order.do(
            operation.named("ReserveFlight")(operation="reserve_flight", reserve_flight=reserve_flight_result),
            undo=lambda done: operation.named("CancelFlight").retry(times=10, longest=60)(
                operation="cancel_flight", reserve_flight_txnID=done["reserve_flight_txnID"]
            ),
        )
        hotel = operation.named("ReserveHotel").retry(FC.Unknown)(
            operation="reserve_hotel", reserve_hotel=reserve_hotel_result
        )
    return {
        "train": train["buy_train_ticket_txnID"],
        "flight": flight["reserve_flight_txnID"],
        "hotel": hotel["reserve_hotel_txnID"],
    }
