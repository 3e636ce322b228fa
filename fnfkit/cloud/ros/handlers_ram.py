"""ALIYUN::RAM::Role, ::ManagedPolicy and ::AttachPolicyToRole (ros.md 9)."""

from __future__ import annotations

from functools import partial

from fnfkit.cloud.ram_roles import Roles
from fnfkit.cloud.ros.handling import Account, Built, Order, found, quiet, text_of
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.roles import CUSTOM, SYSTEM, Role

_NO_ROLE, _NO_POLICY, _NOT_ATTACHED = "EntityNotExist.Role", "EntityNotExist.Policy", "EntityNotExist.Role.Policy"
_ATTACHED = "EntityAlreadyExists.Role.Policy"


class RoleHandler:
    """A role with its inline policies, which are custom policies of the account; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._roles = account.ram.roles

    def exists(self, order: Order) -> bool:
        taken = found(lambda: self._roles.role(order.text("RoleName")), _NO_ROLE)
        return taken and not order.flag("IgnoreExisting")

    def create(self, order: Order) -> Built:
        name = order.text("RoleName")
        trust = _document(order.properties["AssumeRolePolicyDocument"])
        session = order.number("MaxSessionDuration") or 3600
        if order.flag("IgnoreExisting") and found(lambda: self._roles.role(name), _NO_ROLE):
            self._roles.update_role(name, trust=trust, max_session=session)
        else:
            self._roles.create_role(name, trust, description=order.text("Description"), max_session=session)
        self._attach(name, order)
        return _role(self._roles.role(name))

    def update(self, order: Order) -> Built:
        trust = _document(order.properties["AssumeRolePolicyDocument"])
        self._roles.update_role(order.physical, trust=trust, max_session=order.number("MaxSessionDuration") or 3600)
        before = Order(stack=order.stack, id=order.id, type=order.type, properties=order.before)
        self._detach(order.physical, before, keep=_attachments(order))
        self._attach(order.physical, order)
        return _role(self._roles.role(order.physical))

    def delete(self, order: Order) -> None:
        name = order.physical or order.text("RoleName")
        if not found(lambda: self._roles.role(name), _NO_ROLE):
            return
        if order.flag("DeletionForce"):
            for type, policy in self._roles.role(name).attached:
                self._roles.detach(name, type, policy)
        self._detach(name, order)
        self._roles.delete_role(name)

    def _attach(self, name: str, order: Order) -> None:
        for policy in order.properties.get("Policies", []):
            _put_policy(self._roles, text_of(policy["PolicyName"]), _document(policy["PolicyDocument"]), policy)
        for type, policy in _attachments(order):
            quiet(partial(self._roles.attach, name, type, policy), _ATTACHED)

    def _detach(self, name: str, order: Order, keep: tuple[tuple[str, str], ...] = ()) -> None:
        own = {text_of(policy["PolicyName"]) for policy in order.properties.get("Policies", [])}
        for type, policy in _attachments(order):
            if (type, policy) not in keep:
                quiet(partial(self._roles.detach, name, type, policy), _NOT_ATTACHED)
                if type == CUSTOM and policy in own:
                    quiet(partial(self._roles.delete_policy, policy), _NO_POLICY)


class PolicyHandler:
    """A custom policy, attached to the roles it names; users and groups are not modelled."""

    def __init__(self, account: Account) -> None:
        self._roles = account.ram.roles

    def exists(self, order: Order) -> bool:
        taken = found(lambda: self._roles.policy(CUSTOM, order.text("PolicyName")), _NO_POLICY)
        return taken and not order.flag("IgnoreExisting")

    def create(self, order: Order) -> Built:
        name = order.text("PolicyName")
        _put_policy(self._roles, name, _policy_document(order), order.properties)
        for role in order.properties.get("Roles", []):
            quiet(partial(self._roles.attach, text_of(role), CUSTOM, name), _ATTACHED)
        return Built(name, {"PolicyName": name})

    def update(self, order: Order) -> Built:
        self._roles.update_policy(order.physical, _policy_document(order))
        return Built(order.physical, {"PolicyName": order.physical})

    def delete(self, order: Order) -> None:
        name = order.physical or order.text("PolicyName")
        for role in order.properties.get("Roles", []):
            quiet(partial(self._roles.detach, text_of(role), CUSTOM, name), _NO_ROLE, _NOT_ATTACHED)
        quiet(lambda: self._roles.delete_policy(name), _NO_POLICY)


class AttachmentHandler:
    """A policy attached to a role."""

    def __init__(self, account: Account) -> None:
        self._roles = account.ram.roles

    def exists(self, order: Order) -> bool:
        return False

    def create(self, order: Order) -> Built:
        role, type, policy = _attachment(order)
        quiet(lambda: self._roles.attach(role, type, policy), _ATTACHED)
        return Built("")

    def update(self, order: Order) -> Built:
        return Built(order.physical)

    def delete(self, order: Order) -> None:
        role, type, policy = _attachment(order)
        quiet(lambda: self._roles.detach(role, type, policy), _NO_ROLE, _NOT_ATTACHED)


def _attachment(order: Order) -> tuple[str, str, str]:
    return order.text("RoleName"), order.text("PolicyType"), order.text("PolicyName")


def _attachments(order: Order) -> tuple[tuple[str, str], ...]:
    given = order.map("PolicyAttachments")
    inline = [(CUSTOM, text_of(policy["PolicyName"])) for policy in order.properties.get("Policies", [])]
    system = [(SYSTEM, text_of(name)) for name in given.get("System", [])]
    custom = [(CUSTOM, text_of(name)) for name in given.get("Custom", [])]
    return (*inline, *system, *custom)


def _policy_document(order: Order) -> JsonObject:
    return _document(order.properties.get("PolicyDocumentUnchecked") or order.properties["PolicyDocument"])


def _document(raw: Json) -> JsonObject:
    """ROS takes the version as a number too (ros.md 9)."""
    return {**raw, "Version": text_of(raw.get("Version", "1"))}


def _put_policy(roles: Roles, name: str, document: JsonObject, given: JsonObject) -> None:
    if found(lambda: roles.policy(CUSTOM, name), _NO_POLICY):
        roles.update_policy(name, document)
    else:
        roles.create_policy(name, document, description=text_of(given.get("Description")))


def _role(role: Role) -> Built:
    return Built(role.name, {"Arn": role.arn, "RoleId": role.id, "RoleName": role.name})
