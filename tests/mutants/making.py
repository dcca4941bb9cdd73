"""What a mutant is: one room of the domain with one small error in it, made by cosmic-ray's operators.

All of them count, but for what says nothing about the examples either way:

* a change inside an annotation, a type alias or a decorator: not a rule, or only a program that cannot be imported;
* a comparison with `is` that becomes anything but `is not`, or an `==` that becomes `is`: the same answer for what is
  compared here, or an order that `None` does not have;
* a change that does not compile, or leaves the program the same.
"""

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

# Where amounts are reckoned or quoted, and where it is decided who may do what and have how much. The re-derivation of
# what was learnt late (corrections, derivation) is left to the laws, which compare it with a second reckoning.
ROOMS = (
    "money",
    "calendar",
    "allocation",
    "slices",
    "schedules",
    "yields",
    "quoting",
    "advice",
    "plans",
    "ledger",
    "charges",
    "statement",
    "delinquency",
    "repaying",
    "borrowing",
    "holds",
    "converting",
    "lending",
    "restructuring",
    "agreeing",
    "outlook",
    "migrating",
    "adjusting",
    "disputing",
    "writing_off",
    "lifecycle",
    "checks",
    "granting",
    "underwriting",
    "customer",
    "customer_decisions",
    "freezing",
    "appealing",
    "inactivity",
    "closure",
)
_NO_ERROR = re.compile(
    r"RemoveDecorator|ReplaceComparisonOperator_(Is_(?!IsNot)|IsNot_(?!Is$)|Eq_Is$|NotEq_IsNot$)",
)


class Mutant(NamedTuple):
    """The `occurrence`-th place in a room where an operator can put its error; `line` is where that is."""

    room: str
    operator: str
    occurrence: int
    line: int

    def rank(self, seed: int) -> str:
        """Its place in the sample of that seed; it depends on nothing but the mutant itself."""
        return hashlib.sha256(f"{seed} {self.room} {self.operator} {self.occurrence}".encode()).hexdigest()

    def made(self, source: str) -> str | None:
        """The room with the error in it; None where that is no program, or the same one."""
        mutated: str = mutate_code(source, OPERATORS[self.operator], self.occurrence)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                same = ast.dump(ast.parse(mutated)) == ast.dump(ast.parse(source))
        except SyntaxError:
            return None
        return None if same else mutated


def _operators() -> dict[str, Operator]:
    found = {name: get_operator(name) for name in operator_names()}
    return {name: kind() for name, kind in found.items() if not kind.arguments() and not _NO_ERROR.search(name)}


OPERATORS = _operators()


def mutants(room: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a room that may count; whether it compiles is seen when it is made."""
    spared = list(_spared(source))
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in OPERATORS.items():
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            if not any(begin <= start < end for begin, end in spared):
                yield Mutant(room, name, occurrence, start[0])


def _spared(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where annotations, type aliases and decorators reach: (line, column), the end not included."""
    tree = ast.parse(source)
    aliases = (type_ for each in tree.body if isinstance(each, ast.Assign) for type_ in _aliased(each.value))
    for node in (*aliases, *(part for each in ast.walk(tree) for part in _no_rule(each))):
        yield (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)


def _aliased(value: ast.expr) -> list[ast.expr]:
    """The type that a name is given; what else `Annotated` says of it is a rule."""
    match value:
        case ast.BinOp(op=ast.BitOr()) | ast.Call(func=ast.Name("TypeVar")):
            return [value]
        case ast.Subscript(value=ast.Name("Annotated"), slice=ast.Tuple([type_, *_])):
            return [type_]
        case _:
            return []


def _no_rule(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.FunctionDef(returns=returns, decorator_list=decorators):
            return [*decorators, *([returns] if returns else [])]
        case ast.ClassDef(decorator_list=decorators):
            return decorators
        case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
            return [annotation]
        case _:
            return []


def difference(source: str, mutated: str) -> list[str]:
    """The lines that the error took away and put there."""
    lines = unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def source_of(root: Path, room: str) -> str:
    """A room as it stands."""
    return (root / "domain" / f"{room}.py").read_text(encoding="utf-8")
