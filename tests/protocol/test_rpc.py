"""Parameters, values, times and bodies of RPC-style requests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnfkit.protocol.http import Request
from fnfkit.protocol.rpc import (
    FORM,
    MAX_ITEMS,
    MAX_PARAMETERS,
    Malformed,
    WrongMediaType,
    answer,
    error,
    read_flag,
    read_integer,
    read_list,
    read_objects,
    read_parameters,
    read_time,
    write_stamp,
    write_time,
)


def test_query_and_form_are_one_set() -> None:
    request = Request("POST", "/?A=1+2&B=%2B&C=", {"content-type": f"{FORM}; charset=UTF-8"}, b"D=%E4%B8%AD+x&E")
    assert read_parameters(request) == {"A": "1 2", "B": "+", "C": "", "D": "中 x", "E": ""}


@pytest.mark.parametrize(
    ("target", "body", "complaint"),
    [
        ("/?A=1", b"A=1", "'A' is given more than once"),
        ("/?A=1&A=2", b"", "'A' is given more than once"),
        ("/?A=%FF", b"", "not UTF-8"),
        ("/", b"A=%FF", "not UTF-8"),
        ("/", b"A=\xff", "not UTF-8"),
        ("/?" + "&".join(f"p{i}=" for i in range(MAX_PARAMETERS + 1)), b"", "more than"),
    ],
)
def test_unreadable_parameters(target: str, body: bytes, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        read_parameters(Request("POST", target, {}, body))


def test_a_body_must_be_a_form() -> None:
    with pytest.raises(WrongMediaType, match="x-www-form-urlencoded"):
        read_parameters(Request("POST", "/", {"content-type": "application/json"}, b"{}"))
    assert read_parameters(Request("POST", "/?A=1", {"content-type": "application/json"}, b"")) == {"A": "1"}


def test_repeat_lists() -> None:
    parameters = {"N.2": "b", "N.1": "a", "Nx.1": "z", "N.x": "z", "T.1.Key": "k", "T.1.Value": "v", "T.2.Key": "l"}
    assert read_list(parameters, "N") == ["a", "b"]
    assert read_objects(parameters, "T") == [{"Key": "k", "Value": "v"}, {"Key": "l"}]
    assert read_list(parameters, "None") == []


def test_repeat_lists_have_no_gaps_and_an_end() -> None:
    with pytest.raises(Malformed, match="without gaps"):
        read_list({"N.1": "a", "N.3": "c"}, "N")
    with pytest.raises(Malformed, match="without gaps"):
        read_objects({"N.0.Key": "a"}, "N")
    with pytest.raises(Malformed, match="more than"):
        read_list({f"N.{i}": "" for i in range(1, MAX_ITEMS + 2)}, "N")


def test_values() -> None:
    assert [read_flag(text) for text in ("True", "false", "TRUE", "False")] == [True, False, True, False]
    assert [read_integer(text) for text in ("5", "-1", "+7", "007")] == [5, -1, 7, 7]


@pytest.mark.parametrize("text", ["", "yes", "1", " true"])
def test_what_is_no_flag(text: str) -> None:
    with pytest.raises(Malformed, match="true or false"):
        read_flag(text)


@pytest.mark.parametrize("text", ["", "1.0", "x", "٣", "1" * 19, " 1", "1_0"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Malformed, match="whole number"):
        read_integer(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2020-12-02T02:39:20.402Z", 1_606_876_760_402),
        ("2020-12-02T02:39:20.4Z", 1_606_876_760_400),
        ("2020-12-02T10:39:20.402999+08:00", 1_606_876_760_402),
        ("2020-12-02t02:39:20z", 1_606_876_760_000),
        ("1969-12-31T23:59:59.250Z", -750),
    ],
)
def test_times_read(text: str, at: int) -> None:
    assert read_time(text) == at


@pytest.mark.parametrize(
    "text", ["", "2020-12-02", "2020-13-02T00:00:00Z", "2020-12-02T00:00:00", "2020-02-30T00:00:00Z"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(Malformed, match="must be a time"):
        read_time(text)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_times_round_trip(at: int) -> None:
    assert read_time(write_time(at)) == at


def test_times_written() -> None:
    assert write_time(1_546_304_461_001) == "2019-01-01T01:01:01.001Z"
    assert write_stamp(1_577_934_245) == "2020-01-02T03:04:05Z"


def test_the_error_body() -> None:
    response = error(404, "FlowNotExists", "Flow f1 does not exist.", request_id="R", host="127.0.0.1")
    assert response.status == 404
    assert response.headers == {"content-type": "application/json;charset=utf-8"}
    assert json.loads(response.body) == {
        "RequestId": "R",
        "HostId": "127.0.0.1",
        "Code": "FlowNotExists",
        "Message": "Flow f1 does not exist.",
    }


def test_an_answer_can_always_be_written() -> None:
    body = json.loads(answer(200, {"a": ["\ud800x", 2**70, 1, None, True], "\udfff": "中"}).body)
    assert body == {"a": ["?x", float(2**70), 1, None, True], "?": "中"}
