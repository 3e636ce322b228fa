"""Signatures against recorded vectors of the official SDKs, and the two roles against each other."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnfkit.protocol.rpc import read_parameters, signed_request
from fnfkit.protocol.sign import (
    EMPTY_SHA256,
    Signed,
    acs3_signature,
    fc_signature,
    mns_signature,
    parse_acs3,
    parse_pair,
    rpc_signature,
    rpc_string_to_sign,
    same,
)

PUBLIC = (
    "Version=2019-03-15&Action={action}&Format=JSON&RegionId=cn-hangzhou&Timestamp=2020-01-02T03%3A04%3A05Z"
    "&SignatureMethod=HMAC-SHA1&SignatureType=&SignatureVersion=1.0"
    "&SignatureNonce=00112233445566778899aabbccddeeff&AccessKeyId=AKFAKE&Signature=ignored"
)
POST_BODY = "FlowName=f1&ExecutionName=e1&Input=%7B%22a%22%3A+%221+%2B%2A~%2F%25%E4%B8%AD%22%7D"
STRING_TO_SIGN = (
    "POST&%2F&AccessKeyId%3DAKFAKE%26Action%3DStartExecution%26ExecutionName%3De1%26FlowName%3Df1%26Format%3DJSON"
    "%26Input%3D%257B%2522a%2522%253A%2520%25221%2520%252B%252A~%252F%2525%25E4%25B8%25AD%2522%257D"
    "%26RegionId%3Dcn-hangzhou%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D00112233445566778899aabbccddeeff"
    "%26SignatureType%3D%26SignatureVersion%3D1.0%26Timestamp%3D2020-01-02T03%253A04%253A05Z%26Version%3D2019-03-15"
)


def pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def test_rpc_post_with_form() -> None:
    text = rpc_string_to_sign("POST", pairs(PUBLIC.format(action="StartExecution")) + pairs(POST_BODY))
    assert text == STRING_TO_SIGN
    assert rpc_signature("SKFAKE", text) == "kSblZQEZfDTtvH2J8dLyH3bdiRM="


def test_rpc_get() -> None:
    query = "FlowName=f1&ExecutionName=e1&WaitTimeSeconds=5&" + PUBLIC.format(action="DescribeExecution")
    assert rpc_signature("SKFAKE", rpc_string_to_sign("GET", pairs(query))) == "OBKEb+Ir/ZslYMB2ZsHViLoF/Rg="


def test_acs3() -> None:
    headers = {
        "host": "127.0.0.1:8080",
        "accept": "application/json",
        "user-agent": "ua",
        "x-acs-action": "StopAsyncTask",
        "x-acs-version": "2023-03-30",
        "x-acs-date": "2020-01-02T03:04:05Z",
        "x-acs-signature-nonce": "00112233445566778899aabbccddeeff",
        "x-acs-content-sha256": EMPTY_SHA256,
        "connection": "keep-alive",
    }
    signature = "aa0c6677d31fceca06874124ed1007dc779539f85004ebf56a3b4261d6e526f2"
    claim = parse_acs3(
        "ACS3-HMAC-SHA256 Credential=AKFAKE,SignedHeaders=accept;host;user-agent;x-acs-action;x-acs-content-sha256;"
        f"x-acs-date;x-acs-signature-nonce;x-acs-version,Signature={signature}"
    )
    assert claim is not None
    assert claim.key_id == "AKFAKE"
    target = "/2023-03-30/functions/echo/async-tasks/task-1/stop?qualifier=LATEST"
    computed = acs3_signature("SKFAKE", Signed("PUT", target, headers), claim.signed_headers, EMPTY_SHA256)
    assert computed == claim.signature == signature


DATE = "Thu, 02 Jan 2020 03:04:05 GMT"


def test_mns_get() -> None:
    message = Signed("GET", "/queues/q1/messages?waitseconds=10", {"date": DATE, "x-mns-version": "2015-06-06"})
    assert mns_signature("SKFAKE", message) == "B+Hn5JrlEP5OUI3I+k+T63ajV/0="


def test_mns_post() -> None:
    headers = {
        "content-type": "text/xml;charset=UTF-8",
        "content-md5": "MDY2NWY0YTAzYmQ5YjljZDllNWJhZDU2MWFmODRlNjk=",
        "date": DATE,
        "x-mns-version": "2015-06-06",
        "security-token": "is not signed",
    }
    message = Signed("POST", "/queues/q1/messages", headers)
    assert mns_signature("SKFAKE", message) == "oILzj7h5HoEFzRv1OXOgoSuvEfo="


def test_fc_call() -> None:
    headers = {"date": DATE, "content-type": "application/json", "x-fc-invocation-type": "Async"}
    message = Signed("POST", "/2016-08-15/services/svc/functions/echo/invocations?ignored=1", headers)
    assert fc_signature("SKFAKE", message) == "LvqdmPgqtOt1A2FsQNd065sooMjuOriteieC+OfTvoc="


def test_fc_proxy_signs_the_query() -> None:
    headers = {"date": DATE, "content-type": "application/json"}
    message = Signed("GET", "/2016-08-15/proxy/svc/echo/a%20b?b=2&a=1+x", headers)
    assert fc_signature("SKFAKE", message, with_query=True) == "PpxVzqO2tQl1mWhvf97NVFf8pfptjTW4o06IhNldyOY="


@pytest.mark.parametrize("header", ["", "MNS", "MNS ", "MNS :x", "MNS x:", "MNS x", "FC x:y", "mns x:y"])
def test_what_is_no_pair(header: str) -> None:
    assert parse_pair("MNS", header) is None


@pytest.mark.parametrize("header", ["", "ACS3-HMAC-SHA256", "ACS3-HMAC-SHA256 Credential=a", "Basic Credential=a"])
def test_what_is_no_acs3(header: str) -> None:
    assert parse_acs3(header) is None


def test_a_claim_hides_its_signature() -> None:
    claim = parse_pair("FC", "FC AKFAKE:c2VjcmV0")
    assert claim is not None
    assert claim.key_id == "AKFAKE"
    assert "c2VjcmV0" not in repr(claim)


def test_same() -> None:
    assert same("aGk=", "aGk=")
    assert not same("aGk=", "aGl=")
    assert not same("aGk=", "é")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(NAMES.map("q".__add__), VALUES), st.dictionaries(NAMES.map("f".__add__), VALUES))
def test_what_a_client_signs_a_server_verifies(query: dict[str, str], form: dict[str, str]) -> None:
    request = signed_request(query, key_id="AK", secret="SK", at=1_600_000_000, nonce="n", form=form)
    parameters = read_parameters(request)
    assert parameters.items() >= {**query, **form, "Timestamp": "2020-09-13T12:26:40Z"}.items()
    assert parameters["Signature"] == rpc_signature("SK", rpc_string_to_sign("POST", parameters.items()))
    assert parameters["Signature"] != rpc_signature("SX", rpc_string_to_sign("POST", parameters.items()))
