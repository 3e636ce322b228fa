"""What a subscriber is told: a notification, and its text in the three formats (api-mns.md 6.1, 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

import orjson

from fnfkit.ports import NotifyContentFormat

_NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_LINE_ENDS = {"\r": "&#13;"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A published message on its way to one subscription. `published` is in Unix milliseconds."""

    owner: str
    topic: str
    subscription: str
    message_id: str
    body: str
    body_md5: str
    tag: str
    published: int

    def text(self, format: NotifyContentFormat) -> str:
        """The body of the push, or of the message in the subscribed queue."""
        match format:
            case NotifyContentFormat.SIMPLIFIED:
                return self.body
            case NotifyContentFormat.JSON:
                return orjson.dumps(self._fields()).decode()
            case NotifyContentFormat.XML:
                elements = (f"<{name}>{escape(value, _LINE_ENDS)}</{name}>" for name, value in self._fields().items())
                return f'{_HEAD}<Notification xmlns="{_NAMESPACE}">{"".join(elements)}</Notification>'

    def _fields(self) -> dict[str, str]:
        fields = {
            "TopicOwner": self.owner,
            "TopicName": self.topic,
            "Subscriber": self.owner,
            "SubscriptionName": self.subscription,
            "MessageId": self.message_id,
            "Message": self.body,
            "MessageMD5": self.body_md5,
            "MessageTag": self.tag,
            "PublishTime": str(self.published),
        }
        return fields if self.tag else {name: value for name, value in fields.items() if name != "MessageTag"}
