"""Resource types that stacks may have and nothing here acts on: they are kept, with the attributes they would have.
Types of services that are not known here at all are kept alike.

Log projects, buckets, domains and the like stand in published applications beside flows and functions; a stack with
them is made, and what they are for is not imitated.
"""

from __future__ import annotations

import hashlib

from fnfkit.cloud.ros.fc_code import archive_of
from fnfkit.cloud.ros.handling import Account, Built, Order, text_of
from fnfkit.model.json import JsonObject

_NAMES = ("Name", "BucketName", "LogstoreName", "DomainName", "LayerName", "FunctionName")


class KeptHandler:
    """Remembers its properties."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Built:
        name = next((order.text(key) for key in _NAMES if key in order.properties), "")
        return Built(name or _id(order), self._attributes(order, name))

    update = create

    def delete(self, order: Order) -> None:
        return

    def _attributes(self, order: Order, name: str) -> JsonObject:
        own = {key: value for key, value in order.properties.items() if isinstance(value, str | int | bool)}
        if order.type == "ALIYUN::OSS::Bucket":
            region, account = self._account.region, self._account.account_id
            domain = f"{name}.oss-{region}"
            own |= {"Name": name, "Arn": f"acs:oss:oss-{region}:{account}:{name}"}
            own |= {"DomainName": f"{domain}.aliyuncs.com", "InternalDomainName": f"{domain}-internal.aliyuncs.com"}
        return own


class LayerHandler:
    """ALIYUN::FC::Layer and ALIYUN::FC3::LayerVersion: a new version each time; functions find it by its ARN."""

    def __init__(self, account: Account) -> None:
        self._account, self._catalogue = account, account.functions.catalogue

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Built:
        name = order.text("LayerName")
        place = f"acs:fc:{self._account.region}:{self._account.account_id}:layers/{name}/versions/"
        number = 1 + max(
            (int(arn.removeprefix(place)) for arn in self._catalogue.layers if arn.startswith(place)), default=0
        )
        archive = archive_of(order.map("Code"), "python3", self._account.objects)
        self._catalogue.add_layer(f"{place}{number}", self._catalogue.packages.keep(archive))
        texts = {key: order.properties.get(key, "") for key in ("Acl", "CompatibleRuntime", "Description", "License")}
        arns = {"Arn": f"{place}{number}", "LayerVersionArn": f"{place}{number}"}
        return Built(f"{place}{number}", {**texts, **arns, "LayerName": name, "Version": text_of(number)})

    update = create

    def delete(self, order: Order) -> None:
        """Versions of layers stay: functions published with them go on using them."""


def _id(order: Order) -> str:
    return hashlib.sha256(f"{order.stack}/{order.id}".encode()).hexdigest()[:16]
