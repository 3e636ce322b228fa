"""State machines as people write them, made from a seed: no envelope, jumps everywhere, constructors here and there."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fnfkit.model.json import Json, JsonObject

KEYS = ("id", "rows", "of", "n")
ERRORS = ("Busy", "Gone", "FC.Unknown", "FnF.RuntimeError", "FnF.ALL")


def made_machine(seed: int) -> JsonObject:
    """A machine; what it computes is mostly, not always, what FDL can say."""
    chance = random.Random(f"machine {seed}")
    return {"Type": "StateMachine", "SpecVersion": "v1", "Name": "flow", **_Maker(chance).scope(2)}


@dataclass
class _Maker:
    chance: random.Random
    count: int = 0

    def scope(self, depth: int) -> JsonObject:
        kinds = ["Task", "Task", "Task", "Pass", "Pass", "Wait", "Choice", "Succeed", "Fail"]
        kinds += ["Parallel", "Map"] if depth else []
        size = self.chance.randint(1, 4 if depth else 2)
        names = [self.name() for _ in range(size)]
        states = [self.state(self.chance.choice(kinds), name, names, depth) for name in names]
        start = names[0]
        self.chance.shuffle(states)
        return {"StartAt": start, "States": states}

    def name(self) -> str:
        self.count += 1
        return f"S {self.count}" if self.chance.random() < 0.8 else f"S {self.count - 1} then"

    def state(self, kind: str, name: str, names: list[str], depth: int) -> JsonObject:
        state: JsonObject = {"Type": kind, "Name": name, **self.some(0.3, "InputConstructor", "$Input")}
        match kind:
            case "Task":
                state |= self.task(names)
            case "Wait":
                span: JsonObject = {"Seconds": self.chance.randint(1, 40)}
                state |= {"Seconds.$": self.path("$Input")} if self.chance.random() < 0.3 else span
            case "Choice":
                branches = [{"Condition": self.condition(), "Next": self.chance.choice(names)}]
                return {**state, "Branches": branches, "Default": self.chance.choice(names)}
            case "Fail":
                return {**state, "Code": "No", "Detail": "was drawn"}
            case "Parallel":
                state["Branches"] = [self.scope(depth - 1) for _ in range(self.chance.randint(1, 2))]
            case "Map":
                state |= {"ItemsPath": "$Input.rows", "Processor": self.scope(depth - 1)}
                if self.chance.random() < 0.4:
                    state["ProcessorConfig"] = {"ExecutionMode": "Standard"}
                    state["ItemConstructor"] = {"row.$": "$Item", **self.built("$Input")}
        root = {"Parallel": "$Output.Branch0", "Map": "$Output.Items[*]", "Task": "$Output"}.get(kind, "$Input")
        state |= self.some(0.6, "OutputConstructor", root)
        if kind != "Succeed":
            onward = names[names.index(name) + 1 :] if self.chance.random() < 0.8 else names
            state |= {"Next": self.chance.choice(onward)} if onward and self.chance.random() < 0.8 else {"End": True}
        return state

    def task(self, names: list[str]) -> JsonObject:
        retry = [{"Errors": ["Busy"], "MaxAttempts": 1, "IntervalSeconds": 2}]
        catches = [
            {"Errors": [self.chance.choice(ERRORS)], **self.some(0.5, "OutputConstructor", "$Input"), "Next": goto}
            for goto in self.chance.sample(names, self.chance.randint(0, 1))
        ]
        for entry in catches:
            if "OutputConstructor" in entry:
                entry["OutputConstructor"]["why.$"] = "$Context.Current.Error.Code"
        guards: JsonObject = {"Retry": retry} if self.chance.random() < 0.3 else {}
        return {**self.call(), **guards, **({"Catch": catches} if catches else {})}

    def call(self) -> JsonObject:
        token = {"token.$": "$Context.Current.TaskToken"}
        match self.chance.randint(0, 4):
            case 0:
                message = {**token, **self.built("$Input")}
                arn = "acs:mns:::/queues/q/messages"
                parameters: JsonObject = {"resourceArn": arn, "message": message}
                return {"Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback", "Parameters": parameters}
            case 1:
                parameters = {"resourceArn": "acs:fnf:::flow/child", "input": self.built("$Input")}
                return {"Action": "FNF:StartExecution", "TaskMode": "WaitForSystemCallback", "Parameters": parameters}
            case kind:
                body: JsonObject = {"body.$": "$Input"} if kind == 2 else {"body": self.built("$Input")}
                arn = f"acs:fc:::functions/f{self.chance.randint(1, 3)}"
                return {
                    "Action": "FC:InvokeFunction",
                    "Parameters": {"resourceArn": arn, "invocationType": "Sync", **body},
                }

    # -- data

    def some(self, share: float, key: str, root: str) -> JsonObject:
        return {key: self.built(root)} if self.chance.random() < share else {}

    def built(self, root: str) -> JsonObject:
        out: JsonObject = {}
        for key in self.chance.sample(KEYS, self.chance.randint(1, 3)):
            kind = self.chance.random()
            if kind < 0.2:
                out[key] = self.chance.choice([0, "x", [1, {"id": 2}], {"id": 3}])
            elif kind < 0.3:
                out[key] = {"id.$": self.path(root)}
            elif kind < 0.4:
                out[f"{key}.$"] = "$Context.Execution.Input"
            else:
                out[f"{key}.$"] = self.path(root)
        return out

    def path(self, root: str) -> str:
        root = "$Input" if self.chance.random() < 0.3 else root
        return root if self.chance.random() < 0.15 else f"{root}.{self.chance.choice(KEYS)}"

    def condition(self) -> str:
        value: Json = self.chance.choice(["1", '"x"', "true", "$Input.n"])
        own = f"$Input.{self.chance.choice(KEYS)} == {value}"
        return f"{own} || $Context.Execution.Input.id > 1" if self.chance.random() < 0.2 else own
