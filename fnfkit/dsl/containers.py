"""What has sequences of its own: branches, iterations, parts, and choices whose options hold steps."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from fnfkit.dsl import shapes
from fnfkit.dsl.calls import Calls
from fnfkit.dsl.code import ArmsDraft, Draft, ForeachDraft, Jump, Label, ParallelDraft, Sequence, Source
from fnfkit.dsl.conditions import proven
from fnfkit.dsl.errors import Complaint, Node
from fnfkit.dsl.expressions import DISCARD
from fnfkit.dsl.names import pascal
from fnfkit.dsl.scope import Binding, Value
from fnfkit.dsl.shapes import Items, Kind, Shape
from fnfkit.model.expr import Const, Expr, Index, Key, Path, Root, Wild

_CAUGHT = "no step catches the error of a parallel or a foreach as a whole: only tasks have a catch"
_AS_FLOW = "make it a flow of its own and call that flow inside the try"
_DEEPEST = 30


class Containers(Calls):
    """Lowers what has sequences of its own."""

    @abstractmethod
    def block(self, statements: list[ast.stmt]) -> bool:
        """Lower statements; whether the line goes on after them."""

    # -- parallel

    def side_by_side(self, node: ast.Call, into: str | None) -> Value:
        """`parallel(...)` as one value: the list of the branches' results."""
        key = into if into is not None else self.fresh("results")
        results, draft = self._branches(node, [])
        draft.second = pascal(f"Parallel_{key}")
        if key == DISCARD:
            return Value(None, shapes.NULL)
        draft.gives[key] = Path(Root.RESULT, (Wild(), Key(results[0][0])))
        self.wrote(key)
        items = Items(tuple(shape for _, shape in results), fixed=True)
        return Value((Key(key),), Shape(Kind.LIST, annotation=items))

    def unpacked(self, node: ast.Call, names: list[str]) -> list[tuple[Source, Shape]]:
        """`a, b = parallel(...)`: what each name gets of the step's result."""
        results, _ = self._branches(node, names)
        return [(Path(Root.RESULT, (Index(at), Key(key))), shape) for at, (key, shape) in enumerate(results)]

    def _branches(self, node: ast.Call, names: list[str]) -> tuple[list[tuple[str, Shape]], ParallelDraft]:
        self._not_caught(node)
        if not node.args or node.keywords:
            raise Complaint(node, "parallel takes the calls to make, at least one")
        if len(node.args) > 100:
            raise Complaint(node, "a parallel has at most 100 branches", "use a comprehension over a list")
        key = self.result_key()
        branches: list[Sequence] = []
        results: list[tuple[str, Shape]] = []
        for number, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                raise Complaint(argument, "FDL names every branch", "use a comprehension over a list")
            with self.inner() as branch, self.called(names[number] if names else ""):
                value = self.into(argument, key)
            if not any(isinstance(item, Draft) for item in branch.code):
                raise Complaint(argument, "a branch that calls nothing needs no parallel", "write it before or after")
            branches.append(branch)
            results.append((key, value.shape))
        draft = ParallelDraft(node=node, hint=_side_by_side_name(branches), branches=branches)
        self.emit(draft)
        return results, draft

    @contextmanager
    def called(self, name: str) -> Iterator[None]:
        """Steps made within get this as their second name."""
        before, self.naming = self.naming, name
        try:
            yield
        finally:
            self.naming = before

    def result_key(self) -> str:
        """The one key for results that are handed on as they come: a branch's, an iteration's, the flow's."""
        if not self._result:
            self._result = self.fresh("result")
        return self._result

    _result = ""

    def _not_caught(self, node: Node) -> None:
        if self.sequence.handlers:
            raise Complaint(node, _CAUGHT, _AS_FLOW)

    # -- foreach

    def comprehension(self, node: ast.ListComp, into: str | None) -> Value:
        """`[f(x=item) for item in items]`, with or without enumerate."""
        generator, iterable, index = self._generator(node)
        item = generator.target.elts[1] if isinstance(generator.target, ast.Tuple) else generator.target
        if not isinstance(item, ast.Name):
            raise Complaint(item, "the item of a foreach has one name", "write `for item in items`")
        collection = self._collection(iterable)
        if index is None and (value := self.projected(collection, item.id, node.elt)) is not None:
            return value
        return self._foreach(node, collection, item.id, index, into)

    def _generator(self, node: ast.ListComp) -> tuple[ast.comprehension, ast.expr, str | None]:
        generator = node.generators[0]
        if len(node.generators) > 1:
            raise Complaint(
                node.generators[1].target, "one foreach walks one list", "nest a comprehension or call a part"
            )
        if generator.ifs:
            raise Complaint(generator.ifs[0], "a foreach has no filter", "filter in the function that gives the list")
        if generator.is_async:
            raise Complaint(node, "a flow is not asynchronous Python", "write a plain comprehension")
        target = generator.target
        if not isinstance(target, ast.Tuple):
            return generator, generator.iter, None
        call = generator.iter
        enumerated = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "enumerate"
        if not enumerated or len(target.elts) != 2 or not isinstance(target.elts[0], ast.Name):
            raise Complaint(
                target, "the item of a foreach has one name", "for item in items, for i, item in enumerate(items)"
            )
        assert isinstance(call, ast.Call)
        if len(call.args) != 1 or call.keywords:
            raise Complaint(call, "a foreach counts from 0", "write enumerate(items)")
        return generator, call.args[0], target.elts[0].id

    def _collection(self, node: ast.expr) -> Value:
        collection = self.value(node)
        if collection.shape.kind not in (Kind.LIST, Kind.ANY) or collection.shape.optional:
            raise Complaint(node, f"this is {collection.shape}, not a list", "annotate it as list[...]")
        if collection.parts is None:
            key = self.fresh("items")
            self.put([(key, collection)], node)
            return Value((Key(key),), collection.shape)
        return collection

    def _foreach(self, node: ast.ListComp, over: Value, item: str, index: str | None, into: str | None) -> Value:
        self._not_caught(node)
        element = shapes.element(over.shape)
        item_key = self._item_key(item)
        index_key = self._item_key(index) if index is not None else None
        bound: dict[str, Binding] = {item: Value((Key(item_key),), element)}
        if index is not None and index_key is not None:
            bound[index] = Value((Key(index_key),), shapes.NUMBER)
        before = {name: self.frame.bindings.get(name) for name in bound}
        key = self.result_key()
        self.frame.bindings.update(bound)
        try:
            with self.inner() as body, self.called(item):
                value = self._element(node.elt, key, into)
        finally:
            self._restore(before)
        draft = ForeachDraft(
            node=node,
            hint=f"Each{pascal(item)}",
            second=pascal(f"Each_{item}_{into}") if into else "",
            collection=self.own(over, node),
            item=item_key,
            index=index_key,
            body=body,
        )
        self.emit(draft)
        return self._listed(draft, key, value, into)

    def _element(self, node: ast.expr, key: str, into: str | None) -> Value:
        if into == DISCARD and isinstance(node, ast.Call):
            return self.call(node, DISCARD)
        return self.into(node, key)

    def _listed(self, draft: ForeachDraft, key: str, value: Value, into: str | None) -> Value:
        if into == DISCARD:
            return Value(None, shapes.NULL)
        listed = into if into is not None else self.fresh("results")
        draft.gives[listed] = Path(Root.RESULT, (Wild(), Key(key)))
        self.wrote(listed)
        return Value((Key(listed),), Shape(Kind.LIST, annotation=Items((value.shape,), fixed=False)))

    def _item_key(self, name: str) -> str:
        """Items of different loops may share a key; an item never shares one with a variable."""
        if name in self.item_keys:
            return name
        key = self.fresh(name)
        self.item_keys.add(key)
        return key

    def _restore(self, before: dict[str, Binding | None]) -> None:
        for name, binding in before.items():
            del self.frame.bindings[name]
            if binding is not None:
                self.frame.bindings[name] = binding

    # -- choices with steps

    def arms(self, node: Node, tests: list[tuple[Expr, str]], bodies: list[Sequence]) -> None:
        """A choice whose options hold steps; one body more than tests is the default."""
        if not any(body.code for body in bodies):
            return
        conditions: list[Expr | None] = [expr for expr, _ in tests]
        pairs = list(zip([*conditions, None], bodies, strict=False))
        self.emit(ArmsDraft(node=node, hint=f"Check{pascal(tests[0][1])}", arms=pairs))
        for body in bodies:
            self.sequence.keys |= body.keys

    def choose(self, test: ast.expr, yes: ast.expr, no: ast.expr, into: str) -> Value:
        """`yes if test else no`."""
        self.keys.add(into)
        leaf = self.single(test)
        if leaf is not None and isinstance(leaf.expr, Const):
            return self.into(yes if leaf.expr.value else no, into)
        if leaf is not None and not self.sequence.handlers:
            first, one = self._one_way(yes, into, proven(test, True))
            second, other = self._one_way(no, into, proven(test, False))
            self.arms(test, [(leaf.expr, leaf.subject)], [second, first] if leaf.inverted else [first, second])
            return Value((Key(into),), self.either(yes, one, other))
        return self._choose_flat(test, yes, no, into)

    def _one_way(self, node: ast.expr, into: str, facts: set[str]) -> tuple[Sequence, Shape]:
        before, self.frame.sure = self.frame.sure, self.frame.sure | facts
        with self.inner(arm=True) as body:
            value = self.into(node, into)
        self.frame.sure = before
        return body, value.shape

    def _choose_flat(self, test: ast.expr, yes: ast.expr, no: ast.expr, into: str) -> Value:
        first, second, after = Label(), Label(), Label()
        self.jump(test, first, second)
        self.emit(first)
        one = self.into(yes, into)
        self.emit(Jump(after))
        self.emit(second)
        other = self.into(no, into)
        self.emit(after)
        return Value((Key(into),), self.either(yes, one.shape, other.shape))

    def either(self, node: Node, one: Shape, other: Shape) -> Shape:
        """The shape of a value that comes from one of two places."""
        if one == other:
            return one
        if Kind.NULL in (one.kind, other.kind):
            some = other if one.kind is Kind.NULL else one
            return Shape(some.kind, True, some.annotation, some.sure)
        if one.kind is other.kind:
            return Shape(one.kind, one.optional or other.optional)
        raise Complaint(node, f"this is {one} on one way and {other} on the other", "give both the same type")


def _side_by_side_name(branches: list[Sequence]) -> str:
    firsts = [next(item for item in branch.code if isinstance(item, Draft)) for branch in branches]
    return "And".join(dict.fromkeys(draft.hint or "Step" for draft in firsts[:2])) + ("Etc" if len(firsts) > 2 else "")
