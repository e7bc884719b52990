"""Owns the small faults that are put into a Python module, one at a time, by its syntax tree.

A fault replaces one node by another. The faults of a module are numbered, the numbers hold as
long as its text does: so another process makes the same fault from the text and the number.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# these hold what no test can notice, or what a type checker does
_SKIPPED = {"annotation", "returns", "decorator_list", "type_comment", "type_params", "bases"}
_SYMMETRIC = {"min", "max", "same_site"}  # it makes no difference which argument comes first
_LISTS_OF_NAMES = {"__all__", "__slots__", "__match_args__"}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        path: The file, from the root.
        number: Which of the file's faults.
        line: Where it is.
        old: The statement as it was.
        new: The statement with the fault.
        lines: Who reaches one of these lines reaches the fault; none for what is done when the
            module is loaded, which concerns whoever uses it.
    """

    path: str
    number: int
    line: int
    old: str
    new: str
    lines: range


@dataclass
class _Edit:
    """A node that takes another one's place, in a field or in a list of its parent."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    instead: ast.AST
    statement: ast.stmt
    function: ast.AST | None  # whose body or defaults it is in

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(text: str, path: str) -> list[Mutant]:
    """Every fault of a module of this text."""
    found = []
    for number, edit in enumerate(_edits(ast.parse(text))):
        shown = edit.statement
        old = _header(shown)
        edit.put(edit.instead)
        new = _header(edit.instead if edit.node is shown else shown)  # type: ignore[arg-type]
        edit.put(edit.node)
        line = getattr(edit.node, "lineno", shown.lineno)
        found.append(Mutant(path, number, line, old, new, _reach(edit)))
    return found


def mutated(text: str, number: int) -> ast.Module:
    """The module's tree with one of its faults in it."""
    tree = ast.parse(text)
    for at, edit in enumerate(_edits(tree)):
        if at == number:
            edit.put(ast.copy_location(edit.instead, edit.node))
            return ast.fix_missing_locations(tree)
    raise LookupError(f"there is no fault number {number}")


def functions(text: str) -> list[range]:
    """The lines in the bodies of a module's functions: those that are not its loading."""
    return [_body(it) for it in ast.walk(ast.parse(text)) if isinstance(it, _FUNCTIONS)]


def _body(function: Any) -> range:
    return range(function.body[0].lineno, function.end_lineno + 1)


def _reach(edit: _Edit) -> range:
    function, statement = edit.function, edit.statement
    if function is None:
        return range(0)
    if statement is function:  # a default
        return _body(function)
    inner = [
        it.lineno
        for name in ("body", "orelse", "handlers", "finalbody", "cases")
        for it in getattr(statement, name, [])
    ]
    last = edit.node.end_lineno if hasattr(edit.node, "end_lineno") else statement.end_lineno
    if inner and edit.node is not statement:
        last = max(statement.lineno, min(last or 0, min(inner) - 1))
    return range(statement.lineno, (last or statement.lineno) + 1)


def _header(statement: ast.stmt | ast.ExceptHandler) -> str:
    """A statement as text; of one that has a body only what stands before it."""
    if not hasattr(statement, "body"):
        return ast.unparse(statement)
    dots = [ast.Expr(ast.Constant(...))]
    fields = dict(ast.iter_fields(statement))
    fields["body"] = dots if not hasattr(statement, "cases") else fields["body"]
    for name in ("orelse", "finalbody", "decorator_list"):
        if name in fields:
            fields[name] = []
    alone = type(statement)(**fields)
    if isinstance(statement, ast.ExceptHandler):
        body = "; ".join(ast.unparse(it).splitlines()[0] for it in statement.body)
        return ast.unparse(alone).partition("\n")[0] + " " + body
    return ast.unparse(ast.fix_missing_locations(alone)).rpartition("\n")[0]


def _edits(tree: ast.Module) -> Iterator[_Edit]:
    for index, statement in enumerate(tree.body):
        yield from _at(tree, "body", index, statement, statement, None)


def _at(
    parent: ast.AST,
    field: str,
    index: int | None,
    node: ast.AST,
    statement: ast.stmt,
    function: ast.AST | None,
) -> Iterator[_Edit]:
    """The faults of one node and of what is in it."""
    if isinstance(node, (ast.stmt, ast.ExceptHandler)):
        statement = node  # type: ignore[assignment]
    if _left_out(node, statement):
        return
    for instead in _instead(parent, field, node, statement, function):
        yield _Edit(parent, field, index, node, instead, statement, function)
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED or (isinstance(node, ast.ExceptHandler) and name == "type"):
            continue
        within = node if isinstance(node, _FUNCTIONS) else function
        if isinstance(value, ast.AST):
            yield from _at(node, name, None, value, statement, within)
        elif isinstance(value, list):
            for at, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from _at(node, name, at, item, statement, within)


def _left_out(node: ast.AST, statement: ast.stmt) -> bool:
    """What is documentation, typing or a message."""
    match node:
        case ast.Expr(ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Assert():
            return True
        case ast.If(ast.Name("TYPE_CHECKING")):
            return True
        case ast.Assign([ast.Name(name)], value):
            called = ast.unparse(value).partition("(")[0].partition("[")[0]
            return name in _LISTS_OF_NAMES or called in {"TypeVar", "Literal"}
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
            return name.lower().strip("_") in {"log", "logger"}
        case ast.Call():
            return isinstance(statement, ast.Raise) and statement.exc is node
    return False


def _instead(
    parent: ast.AST, field: str, node: ast.AST, statement: ast.stmt, function: ast.AST | None
) -> Iterator[ast.AST]:
    """What may take a node's place."""
    if isinstance(node, ast.expr) and (field, type(parent)) in {
        ("test", ast.If),
        ("test", ast.IfExp),
        ("test", ast.While),
        ("ifs", ast.comprehension),
    }:
        yield from (
            ast.Constant(value=it)
            for it in (True, False)
            if not (it and isinstance(parent, ast.While))  # would not end
            and not (isinstance(node, ast.Constant) and node.value is it)
        )
    match node:
        case ast.expr():
            yield from _expression(node, statement, function)
        case ast.ExceptHandler(body=body) if not isinstance(body[-1], ast.Raise):
            yield ast.ExceptHandler(node.type, node.name, [ast.Raise()])
        case ast.stmt():
            yield from _statement(node, function)


def _statement(node: ast.stmt, function: ast.AST | None) -> Iterator[ast.AST]:
    match node:
        case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Assign([ast.Name()], value) | ast.AnnAssign(ast.Name(), _, value):
            if function and value and not isinstance(value, ast.Constant):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                yield ast.Assign([target], ast.Constant(value=None), lineno=node.lineno)
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.AnnAssign(ast.Attribute(), _, value) if value:
            yield ast.Pass()
        case ast.Return(value):
            if value is None:
                yield ast.Pass()
            elif not (isinstance(value, ast.Constant) and value.value is None):
                yield ast.Return(ast.Constant(value=None))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()


def _expression(node: ast.expr, statement: ast.stmt, function: ast.AST | None) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [*ops], others):
            for at, op in enumerate(ops):
                for other in _COMPARED[type(op)]:
                    yield ast.Compare(left, [*ops[:at], other(), *ops[at + 1 :]], others)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for at in range(len(values)):
                rest = [*values[:at], *values[at + 1 :]]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.BinOp(left, op, right) if type(op) in _CALCULATED:
            texts = any(_is_text(side) for side in (left, right))  # a message that is put together
            if not (texts and isinstance(op, (ast.Add, ast.Mod))):
                yield ast.BinOp(left, _CALCULATED[type(op)](), right)
        case ast.Call(func, [first, second, *rest], keywords):
            starred = isinstance(first, ast.Starred) or isinstance(second, ast.Starred)
            same = starred or ast.dump(first) == ast.dump(second)
            if not same and ast.unparse(func) not in _SYMMETRIC:
                yield ast.Call(func, [second, first, *rest], keywords)
        case ast.Constant(value):
            yield from (ast.Constant(value=it) for it in _constant(statement, value, function))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _constant(statement: ast.stmt, value: Any, function: ast.AST | None) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        named = function is None and isinstance(statement, (ast.Assign, ast.AnnAssign))
        if named and abs(value) > 2:
            # A test of a tuned limit to the last digit would copy it: another order of magnitude.
            yield from (0, value * 100)
        else:
            yield from (value + 1, value - 1)
    elif isinstance(value, str) and not any(it.isspace() for it in value.strip(" \n")):
        yield value + "~"
