"""Versions, aliases and reserved instances of Function Compute (ros.md 7)."""

from __future__ import annotations

from fnfkit.cloud.ros.handlers_fc import ABSENT, function_of
from fnfkit.cloud.ros.handling import Account, Built, Order, found, quiet
from fnfkit.ports import Fault
from fnfkit.ports.functions import AliasRecord


class VersionHandler:
    """ALIYUN::FC::Version and ALIYUN::FC3::FunctionVersion; the physical ID is the number."""

    def __init__(self, account: Account) -> None:
        self._releases = account.functions.releases

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Built:
        service, function = function_of(order)
        try:
            version = self._releases.publish(service, function, order.text("Description"))
        except Fault:
            if not order.again:
                raise
            version = self._releases.versions(service, function)[-1]  # published before the crash
        attributes = {"VersionId": version.id, "ServiceName": service} if service else {"FunctionName": function}
        return Built(version.id, {**attributes, "Description": version.description})

    def update(self, order: Order) -> Built:
        return Built(order.physical, order.attributes)

    def delete(self, order: Order) -> None:
        if order.physical:
            quiet(lambda: self._releases.delete_version(*function_of(order), order.physical), *ABSENT)


class AliasHandler:
    """ALIYUN::FC::Alias; the physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._releases = account.functions.releases

    def exists(self, order: Order) -> bool:
        return found(lambda: self._releases.alias(order.text("ServiceName"), "", order.text("AliasName")), *ABSENT)

    def create(self, order: Order) -> Built:
        return _alias(order, self._releases.create_alias(order.text("ServiceName"), "", _alias_record(order)))

    def update(self, order: Order) -> Built:
        if order.text("AliasName") != order.physical:  # the page calls the name updatable (ros.md 7)
            made = self.create(order)
            self._releases.delete_alias(order.text("ServiceName"), "", order.physical)
            return made
        return _alias(order, self._releases.update_alias(order.text("ServiceName"), "", _alias_record(order)))

    def delete(self, order: Order) -> None:
        name = order.physical or order.text("AliasName")
        quiet(lambda: self._releases.delete_alias(order.text("ServiceName"), "", name), *ABSENT)


def _alias_record(order: Order) -> AliasRecord:
    other, weight = order.text("AdditionalVersion"), order.number("AdditionalWeight") or 0
    weights = {other: weight / 100} if other else {}
    return AliasRecord(
        name=order.text("AliasName"),
        version=order.text("VersionId"),
        description=order.text("Description"),
        weights=weights,
    )


def _alias(order: Order, alias: AliasRecord) -> Built:
    names = {"AliasName": alias.name, "VersionId": alias.version, "ServiceName": order.text("ServiceName")}
    return Built(alias.name, names)


class ProvisionHandler:
    """Reserved instances of either generation."""

    def __init__(self, account: Account) -> None:
        self._account, self._releases = account, account.functions.releases

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Built:
        service, function = function_of(order)
        qualifier = order.text("Qualifier", "LATEST")
        target = order.number("Target") if service else order.number("DefaultTarget")
        self._releases.put_provision(service, function, qualifier, target or 0)
        resource = f"{self._account.account_id}#{service}#{qualifier}#{function}"  # api-fc.md 2.1
        if not service:
            return Built(resource)
        names = {"ServiceName": service, "FunctionName": function, "Qualifier": qualifier}
        return Built(resource, {**names, "Target": target, "Resource": resource})

    update = create

    def delete(self, order: Order) -> None:
        qualifier = order.text("Qualifier", "LATEST")
        quiet(lambda: self._releases.put_provision(*function_of(order), qualifier, 0), *ABSENT)
