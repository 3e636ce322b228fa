"""Roles and policies of the account, and what a role may do (ros.md 10).

RAM shows role names in ARNs in lower case (ros.md 6.1), so roles are told apart without case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

import orjson

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.ram_policy import Statement, WrongPolicy, read_policy, read_trust
from fnfkit.cloud.ram_records import Denial, Grant
from fnfkit.cloud.ram_system import SYSTEM_POLICIES
from fnfkit.cloud.store import Store
from fnfkit.model.json import JsonObject
from fnfkit.ports.fault import Fault
from fnfkit.ports.roles import CUSTOM, SYSTEM, Policy, Role

LONGEST_DOCUMENT = 6144
"""Characters of a policy document. A page of 2021 has 2048 (ros.md 5); longer ones are in use since."""

_ROLES, _POLICIES = "ram.role", "ram.policy"
_ARN = re.compile(r"acs:ram::([0-9]*):role/([A-Za-z0-9._-]{1,64})\Z", re.IGNORECASE)
_ROLE_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_POLICY_NAME = re.compile(r"[A-Za-z0-9-]{1,128}\Z")


@dataclass(slots=True)
class _Known:
    role: Role
    principals: frozenset[str] = field(default_factory=frozenset)


class Roles:
    """The roles and custom policies of an account, kept in its store. Callers hold the account's lock."""

    def __init__(self, store: Store, clock: Clock, account_id: str) -> None:
        self._store, self._clock, self._account = store, clock, account_id
        self._roles: dict[str, _Known] = {}
        self._policies: dict[str, Policy] = {}
        self._statements: dict[tuple[str, str], tuple[Statement, ...]] = {}
        self.used: set[Grant] = set()
        """The grants that something has made use of since this account was started."""

    def recover(self) -> None:
        """Takes up what the store has kept."""
        for _, value in self._store.scan(_ROLES):
            fields = orjson.loads(value)
            fields["attached"] = tuple((type, name) for type, name in fields["attached"])
            role = Role(**fields)
            self._roles[role.name.lower()] = _Known(role, read_trust(role.trust))
        for _, value in self._store.scan(_POLICIES):
            policy = Policy(**orjson.loads(value))
            self._policies[policy.name] = policy

    # Roles

    def create_role(self, name: str, trust: JsonObject, *, description: str = "", max_session: int = 3600) -> Role:
        """Adds a role. Raises `EntityAlreadyExists.Role` and the faults of bad input."""
        if not _ROLE_NAME.match(name):
            raise _fault("InvalidParameter.RoleName.InvalidChars", 400, f"The role name {name!r} is not allowed.")
        if name.lower() in self._roles:
            raise _fault("EntityAlreadyExists.Role", 409, f"The role already exists: {name}.")
        now = self._clock.now()
        arn = f"acs:ram::{self._account}:role/{name.lower()}"
        digits = str(int.from_bytes(name.lower().encode()[:7].ljust(7, b"0"), "big") + now)[-15:]
        role = Role(
            name=name,
            id=f"3{digits:0>17}",
            arn=arn,
            trust=trust,
            description=description,
            max_session=max_session,
            created=now,
            modified=now,
        )
        return self._keep_role(role)

    def update_role(
        self,
        name: str,
        *,
        trust: JsonObject | None = None,
        description: str | None = None,
        max_session: int | None = None,
    ) -> Role:
        """Changes what is given. Raises `EntityNotExist.Role`."""
        role = self.role(name)
        return self._keep_role(
            replace(
                role,
                trust=role.trust if trust is None else trust,
                description=role.description if description is None else description,
                max_session=role.max_session if max_session is None else max_session,
                modified=self._clock.now(),
            )
        )

    def role(self, name: str) -> Role:
        """A role by name. Raises `EntityNotExist.Role`."""
        known = self._roles.get(name.lower())
        if known is None:
            raise _fault("EntityNotExist.Role", 404, f"The role not exists: {name}.")
        return known.role

    def find(self, arn: str) -> Role | None:
        """The role of an ARN of this account, None if there is none."""
        match = _ARN.match(arn)
        known = self._roles.get(match[2].lower()) if match and match[1] in ("", self._account) else None
        return known.role if known else None

    def roles(self) -> tuple[Role, ...]:
        """Every role, by name."""
        return tuple(self._roles[name].role for name in sorted(self._roles))

    def delete_role(self, name: str) -> None:
        """Removes a role without attachments. Raises `EntityNotExist.Role`, `DeleteConflict.Role.Policy`."""
        role = self.role(name)
        if role.attached:
            raise _fault("DeleteConflict.Role.Policy", 409, f"The role {name} has policies attached; detach them.")
        del self._roles[name.lower()]
        self._store.delete(_ROLES, name.lower())
        self._store.commit()

    def _keep_role(self, role: Role) -> Role:
        try:
            principals = read_trust(role.trust)
        except WrongPolicy as wrong:
            raise _fault("MalformedPolicyDocument", 400, f"AssumeRolePolicyDocument: {wrong}.") from None
        self._roles[role.name.lower()] = _Known(role, principals)
        self._store.put(_ROLES, role.name.lower(), orjson.dumps(asdict(role)))
        self._store.commit()
        return role

    # Policies

    def create_policy(self, name: str, document: JsonObject, *, description: str = "") -> Policy:
        """Adds a custom policy. Raises `EntityAlreadyExists.Policy` and the faults of bad input."""
        if not _POLICY_NAME.match(name):
            raise _fault("InvalidParameter.PolicyName.InvalidChars", 400, f"The policy name {name!r} is not allowed.")
        if name in self._policies or name in SYSTEM_POLICIES:
            raise _fault("EntityAlreadyExists.Policy", 409, f"The policy already exists: {name}.")
        now = self._clock.now()
        policy = Policy(name=name, type=CUSTOM, document=document, description=description, created=now, modified=now)
        return self._keep_policy(policy)

    def update_policy(self, name: str, document: JsonObject) -> Policy:
        """Gives a custom policy another document. Raises `EntityNotExist.Policy`."""
        return self._keep_policy(replace(self.policy(CUSTOM, name), document=document, modified=self._clock.now()))

    def policy(self, type: str, name: str) -> Policy:
        """A policy. Raises `EntityNotExist.Policy`."""
        if type == SYSTEM and name in SYSTEM_POLICIES:
            return Policy(name=name, type=SYSTEM, document=SYSTEM_POLICIES[name])
        if type == CUSTOM and name in self._policies:
            return self._policies[name]
        raise _fault("EntityNotExist.Policy", 404, f"The policy not exists: {name}, type {type}.")

    def policies(self, type: str = "") -> tuple[Policy, ...]:
        """Every policy, or those of a type, by name."""
        system = [self.policy(SYSTEM, name) for name in SYSTEM_POLICIES] if type != CUSTOM else []
        custom = list(self._policies.values()) if type != SYSTEM else []
        return tuple(sorted((*system, *custom), key=lambda policy: (policy.type, policy.name)))

    def delete_policy(self, name: str) -> None:
        """Removes a custom policy that no role has. Raises `EntityNotExist.Policy`, `DeleteConflict.Policy.Role`."""
        self.policy(CUSTOM, name)
        holders = [known.role.name for known in self._roles.values() if (CUSTOM, name) in known.role.attached]
        if holders:
            raise _fault("DeleteConflict.Policy.Role", 409, f"The policy {name} is attached to {', '.join(holders)}.")
        del self._policies[name]
        self._statements.pop((CUSTOM, name), None)
        self._store.delete(_POLICIES, name)
        self._store.commit()

    def _keep_policy(self, policy: Policy) -> Policy:
        try:
            self._statements[policy.type, policy.name] = read_policy(policy.document)
        except WrongPolicy as wrong:
            raise _fault("MalformedPolicyDocument", 400, f"PolicyDocument: {wrong}.") from None
        if len(orjson.dumps(policy.document)) > LONGEST_DOCUMENT:
            raise _fault(
                "LimitExceeded.PolicySize", 400, f"PolicyDocument has more than {LONGEST_DOCUMENT} characters."
            )
        self._policies[policy.name] = policy
        self._store.put(_POLICIES, policy.name, orjson.dumps(asdict(policy)))
        self._store.commit()
        return policy

    # Attachments

    def attach(self, role: str, type: str, policy: str) -> None:
        """Gives a role a policy. Raises `EntityNotExist.*`, `EntityAlreadyExists.Role.Policy`."""
        self.policy(type, policy)
        found = self.role(role)
        if (type, policy) in found.attached:
            raise _fault("EntityAlreadyExists.Role.Policy", 409, f"The role {role} has the policy {policy} already.")
        self._keep_role(replace(found, attached=(*found.attached, (type, policy))))

    def detach(self, role: str, type: str, policy: str) -> None:
        """Takes a policy from a role. Raises `EntityNotExist.Role`, `EntityNotExist.Role.Policy`."""
        found = self.role(role)
        if (type, policy) not in found.attached:
            raise _fault("EntityNotExist.Role.Policy", 404, f"The role {role} does not have the policy {policy}.")
        rest = tuple(pair for pair in found.attached if pair != (type, policy))
        self._keep_role(replace(found, attached=rest))

    # Decisions

    def trusts(self, role: Role, service: str) -> bool:
        """Whether a service, such as fnf.aliyuncs.com, may assume the role."""
        return service in self._roles[role.name.lower()].principals

    def allows(self, role: Role, action: str, resources: Iterable[str], **context: str) -> Denial | None:
        """Whether a role may do an action on one of the spellings of a resource; None if it may. Notes the grant."""
        spellings = tuple(resources)
        granted: Grant | None = None
        for type, name in role.attached:
            for position, statement in enumerate(self._read(type, name)):
                if any(statement.concerns(action, resource, context) for resource in spellings):
                    if not statement.allows:
                        return Denial(role.name, action, spellings[0], f"policy {name} denies it")
                    granted = granted or _grant(role, name, position, statement)
        if granted is None:
            return Denial(role.name, action, spellings[0], "no policy of the role allows it")
        self.used.add(granted)
        return None

    def grants(self) -> tuple[Grant, ...]:
        """Every statement that allows something, of every role that has it."""
        return tuple(
            _grant(known.role, name, position, statement)
            for known in self._roles.values()
            for type, name in known.role.attached
            for position, statement in enumerate(self._read(type, name))
            if statement.allows
        )

    def unused_grants(self) -> tuple[Grant, ...]:
        """The grants that nothing has made use of since this account was started."""
        return tuple(grant for grant in self.grants() if grant not in self.used)

    def _read(self, type: str, name: str) -> tuple[Statement, ...]:
        found = self._statements.get((type, name))
        if found is None:
            found = self._statements[type, name] = read_policy(self.policy(type, name).document)
        return found


def _grant(role: Role, policy: str, position: int, statement: Statement) -> Grant:
    return Grant(role.name, policy, position, statement.actions, statement.resources)


def _fault(code: str, status: int, message: str) -> Fault:
    """RAM's names for refusals are not in the references; these are the ones of its public API (inferred)."""
    return Fault.of(code, status, message)
