"""Access keys and sessions of the embedded account."""

from __future__ import annotations

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Ram
from fnfkit.ports.fault import Fault

ROLE = "acs:ram::123456789012:role/Admin"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def ram(clock: VirtualClock) -> Ram:
    return Ram(clock, "123456789012")


def code_of(error: pytest.ExceptionInfo[Fault]) -> tuple[str, int]:
    return error.value.code, error.value.status


def test_the_default_key(ram: Ram) -> None:
    key = ram.key(DEFAULT_KEY_ID)
    assert key is not None
    assert (key.secret, key.account, key.active) == (DEFAULT_KEY_SECRET, "123456789012", True)


def test_keys_come_and_rest(ram: Ram) -> None:
    key = ram.create_key()
    assert ram.key(key.id) == key
    ram.set_active(key.id, False)
    found = ram.key(key.id)
    assert found is not None
    assert not found.active
    assert ram.key("nobody") is None
    with pytest.raises(KeyError):
        ram.set_active("nobody", True)


def test_a_session_lasts_as_long_as_asked(ram: Ram, clock: VirtualClock) -> None:
    session = ram.assume_role(ROLE, "alice", duration_seconds=900)
    assert session.expires == clock.now() + 900_000
    key = ram.session_key(session.key.id, session.token)
    assert key == session.key
    assert key.arn == ROLE + "/alice"
    clock.jump(session.expires - 1)
    assert ram.session_key(session.key.id, session.token) == session.key
    clock.jump(session.expires)
    with pytest.raises(Fault) as error:
        ram.session_key(session.key.id, session.token)
    assert code_of(error) == ("InvalidSecurityToken.Expired", 400)


def test_sessions_outlive_a_restart(ram: Ram, clock: VirtualClock) -> None:
    session = ram.assume_role(ROLE, "alice")
    assert Ram(clock, "123456789012").session_key(session.key.id, session.token) == session.key


def test_sessions_differ(ram: Ram) -> None:
    one, two = ram.assume_role(ROLE, "alice"), ram.assume_role(ROLE, "alice")
    assert len({one.key.id, two.key.id, one.key.secret, two.key.secret, one.token, two.token}) == 6
    with pytest.raises(Fault) as error:
        ram.session_key(one.key.id, two.token)
    assert code_of(error) == ("InvalidSecurityToken.MismatchWithAccessKey", 400)


@pytest.mark.parametrize("token", ["", "x", "!", "AAAA" * 10, "é"])
def test_forged_tokens(ram: Ram, token: str) -> None:
    with pytest.raises(Fault) as error:
        ram.session_key("STS.x", token)
    assert code_of(error) == ("InvalidSecurityToken.Malformed", 400)


def test_an_altered_token(ram: Ram) -> None:
    session = ram.assume_role(ROLE, "alice")
    with pytest.raises(Fault, match="Malformed"):
        ram.session_key(session.key.id, session.token[:-4] + "AAAA")


def test_a_token_of_another_account(ram: Ram, clock: VirtualClock) -> None:
    session = ram.assume_role(ROLE, "alice")
    with pytest.raises(Fault, match="Malformed"):
        Ram(clock, "9").session_key(session.key.id, session.token)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"role_arn": "Admin"}, "InvalidParameter.RoleArn"),
        ({"role_arn": "acs:ram::9:role/Admin"}, "NoPermission"),
        ({"session_name": "a"}, "InvalidParameter.RoleSessionName"),
        ({"session_name": "a b"}, "InvalidParameter.RoleSessionName"),
        ({"duration_seconds": 899}, "InvalidParameter.DurationSeconds"),
        ({"duration_seconds": 3601}, "InvalidParameter.DurationSeconds"),
        ({"policy": ""}, "InvalidParameter.PolicySize"),
        ({"policy": "x" * 2049}, "InvalidParameter.PolicySize"),
        ({"policy": "[1"}, "InvalidParameter.PolicyGrammar"),
        ({"policy": "[" * 2048}, "InvalidParameter.PolicyGrammar"),
        ({"external_id": "x"}, "InvalidParameter.ExternalId"),
    ],
)
def test_refused_roles(ram: Ram, arguments: dict[str, object], code: str) -> None:
    with pytest.raises(Fault) as error:
        ram.assume_role(**{"role_arn": ROLE, "session_name": "alice", **arguments})  # type: ignore[arg-type]
    assert error.value.code == code


def test_no_secret_in_print(ram: Ram) -> None:
    session = ram.assume_role(ROLE, "alice", policy="{}", external_id="xx")
    printed = repr(session) + repr(ram) + repr(ram.key(DEFAULT_KEY_ID))
    for secret in (session.token, session.key.secret, DEFAULT_KEY_SECRET):
        assert secret not in printed
