"""The retry strategies and the endpoints of subscriptions (api-mns.md 6)."""

from __future__ import annotations

import pytest

from fnfkit.cloud.mns.strategy import HttpEndpoint, OutsideEndpoint, QueueEndpoint, endpoint_of, retry_delay
from fnfkit.ports import EndpointInvalid, NotifyStrategy


def delays(strategy: NotifyStrategy) -> list[int]:
    found: list[int] = []
    while (delay := retry_delay(strategy, len(found) + 1, "id")) is not None:
        found.append(delay)
    return found


def test_backoff_retries_three_times_ten_to_twenty_seconds_apart() -> None:
    found = delays(NotifyStrategy.BACKOFF_RETRY)
    assert len(found) == 3
    assert all(10_000 <= delay <= 20_000 for delay in found)


def test_backoff_spreads_messages() -> None:
    spread = {retry_delay(NotifyStrategy.BACKOFF_RETRY, 1, f"id-{number}") for number in range(50)}
    assert len(spread) > 40


def test_exponential_decay_retries_176_times_in_about_a_day() -> None:
    found = delays(NotifyStrategy.EXPONENTIAL_DECAY_RETRY)
    assert [delay // 1_000 for delay in found[:10]] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert set(found[9:]) == {512_000}
    assert len(found) == 176
    assert 0.98 < sum(found) / 86_400_000 < 1.01


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("http://127.0.0.1:8080/hook?x=1", HttpEndpoint("http://127.0.0.1:8080/hook?x=1")),
        ("https://example.com", HttpEndpoint("https://example.com")),
        ("acs:mns:cn-hangzhou:123:queues/orders", QueueEndpoint("orders")),
        ("mail:directmail:a@b.c", OutsideEndpoint("mail:directmail:a@b.c")),
        ("sms:directsms:anonymous", OutsideEndpoint("sms:directsms:anonymous")),
    ],
)
def test_endpoints(text: str, endpoint: object) -> None:
    assert endpoint_of(text) == endpoint


@pytest.mark.parametrize(
    "text",
    ["", "ftp://x", "http://", "http://[", "http://h:99999/", "acs:mns:::queues/", "acs:mns:::topics/t", "mail:"],
)
def test_bad_endpoints_are_refused(text: str) -> None:
    with pytest.raises(EndpointInvalid):
        endpoint_of(text)
