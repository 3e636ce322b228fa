def valid(order):
    return order.get("amount", 0) > 0
