"""A transaction with compensation: the documented steps, one call each.

`native.py` is the same flow as plain Python.
"""

from fnfkit import FC, App, Steps, catch, elsewhere, input, local, retry

app = App("transaction", service="fnf-demo")


@app.function(name="Operation", code="functions/Operation")
def operation(operation: str, **details: object) -> dict[str, str]:
    """Books or cancels something; `false` under the name of the operation lets it die."""
    elsewhere()


@app.steps
def transaction(f: Steps) -> None:
    """Books a train, a flight and a hotel; what was booked is cancelled again if a later booking fails."""
    # Nothing else can be done about a booking that cannot be cancelled.
    again = retry(Exception, times=10, every=1, factor=2, longest=60)
    f.task(
        "BuyTrainTicket",
        operation,
        operation="buy_train_ticket",
        buy_train_ticket=input.buy_train_ticket_result,
        catch=[catch(Exception, go="OrderFailed")],
    )
    f.task(
        "ReserveFlight",
        operation,
        operation="reserve_flight",
        reserve_flight=input.reserve_flight_result,
        catch=[catch(Exception, go="CancelTrainTicket")],
    )
    f.task(
        "ReserveHotel",
        operation,
        operation="reserve_hotel",
        reserve_hotel=input.reserve_hotel_result,
        retry=[retry(FC.Unknown, times=3, every=1, factor=2)],
        catch=[catch(Exception, go="CancelFlight")],
    )
    f.succeed("OrderSucceeded")
    f.task(
        "CancelFlight",
        operation,
        operation="cancel_flight",
        reserve_flight_txnID=local.reserve_flight_txnID,
        retry=[again],
    )
    f.task(
        "CancelTrainTicket",
        operation,
        operation="cancel_train_ticket",
        buy_train_ticket_txnID=local.buy_train_ticket_txnID,
        retry=[again],
    )
    f.fail("OrderFailed", "OrderFailed", "a booking failed; what had been booked before it is cancelled")
