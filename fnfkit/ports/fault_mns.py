"""The ways the Message Service refuses a call. Codes and statuses are api-mns.md 7.

`InvalidArgument` and `AccessDenied` are spelled alike by both services and are the classes of `fnfkit.ports.fault`.
"""

from __future__ import annotations

from fnfkit.ports.fault import AccessDenied, Fault, InvalidArgument


class QueueNotExist(Fault):
    """There is no such queue."""

    code = "QueueNotExist"
    status = 404


class MessageNotExist(Fault):
    """The queue has nothing to give, or the receipt handle is no longer good (api-mns.md 5)."""

    code = "MessageNotExist"
    status = 404


class TopicNotExist(Fault):
    """There is no such topic."""

    code = "TopicNotExist"
    status = 404


class SubscriptionNotExist(Fault):
    """The topic has no such subscription."""

    code = "SubscriptionNotExist"
    status = 404


class QueueAlreadyExist(Fault):
    """A queue with other attributes has that name."""

    code = "QueueAlreadyExist"
    status = 409


class TopicAlreadyExist(Fault):
    """A topic with other attributes has that name."""

    code = "TopicAlreadyExist"
    status = 409


class SubscriptionAlreadyExist(Fault):
    """A subscription with other attributes has that name."""

    code = "SubscriptionAlreadyExist"
    status = 409


class InvalidQueueName(Fault):
    """The queue name has characters that are not allowed."""

    code = "InvalidQueueName"
    status = 400


class QueueNameLengthError(Fault):
    """The queue name is empty or too long."""

    code = "QueueNameLengthError"
    status = 400


class InvalidTopicName(Fault):
    """The topic name has characters that are not allowed."""

    code = "InvalidTopicName"
    status = 400


class TopicNameLengthError(Fault):
    """The topic name is empty or too long."""

    code = "TopicNameLengthError"
    status = 400


class InvalidSubscriptionName(Fault):
    """The subscription name has characters that are not allowed."""

    code = "InvalidSubscriptionName"
    status = 400


class SubscriptionNameLengthError(Fault):
    """The subscription name is empty or too long."""

    code = "SubscriptionNameLengthError"
    status = 400


class EndpointInvalid(Fault):
    """The endpoint of a subscription has none of the documented forms (api-mns.md 6)."""

    code = "EndpointInvalid"
    status = 400


class ReceiptHandleError(Fault):
    """The receipt handle is not one the service has made."""

    code = "ReceiptHandleError"
    status = 400


class MalformedXML(Fault):
    """The body is not the XML document the operation takes."""

    code = "MalformedXML"
    status = 400


class InvalidRequestURL(Fault):
    """The path is not one of the API's."""

    code = "InvalidRequestURL"
    status = 400


class InvalidQueryString(Fault):
    """The query is not one the operation takes."""

    code = "InvalidQueryString"
    status = 400


class MissingReceiptHandle(Fault):
    """The operation needs a receipt handle."""

    code = "MissingReceiptHandle"
    status = 400


class MissingVisibilityTimeout(Fault):
    """The operation needs a visibility timeout."""

    code = "MissingVisibilityTimeout"
    status = 400


class InvalidDegist(Fault):
    """The digest of the body is not the one announced; the code is spelled so by the service."""

    code = "InvalidDegist"
    status = 400


class MissingAuthorizationHeader(Fault):
    """The request is not signed."""

    code = "MissingAuthorizationHeader"
    status = 400


class InvalidAuthorizationHeader(Fault):
    """The Authorization header cannot be read."""

    code = "InvalidAuthorizationHeader"
    status = 400


class MissingDateHeader(Fault):
    """The request has no date."""

    code = "MissingDateHeader"
    status = 400


class InvalidDateHeader(Fault):
    """The date cannot be read."""

    code = "InvalidDateHeader"
    status = 400


class MissingVersionHeader(Fault):
    """The request has no x-mns-version."""

    code = "MissingVersionHeader"
    status = 400


class TimeExpired(Fault):
    """The request's date is too far from the service's clock."""

    code = "TimeExpired"
    status = 408


class InvalidAccessKeyId(Fault):
    """The access key is not known; MNS spells the code differently from FnF."""

    code = "InvalidAccessKeyId"
    status = 403


class SignatureDoesNotMatch(Fault):
    """The request's signature is not the one calculated; MNS spells the code differently from FnF."""

    code = "SignatureDoesNotMatch"
    status = 403


class QpsLimitExceeded(Fault):
    """Too many requests; the status is inferred (api-mns.md 7)."""

    code = "QpsLimitExceeded"
    status = 503


class NetworkFault(Fault):
    """No usable answer came back; the call may or may not have been performed."""

    code = "NetworkFault"
    status = 0


_KINDS: dict[str, type[Fault]] = {
    kind.code: kind
    for kind in Fault.__subclasses__()
    if kind.__module__ == __name__ or kind in (AccessDenied, InvalidArgument)
}


def mns_fault(code: str, message: str) -> Fault:
    """The fault of an MNS error code; an unknown code becomes a plain `Fault` with that code."""
    kind = _KINDS.get(code)
    return kind(message) if kind else Fault.of(code, 500, message)
