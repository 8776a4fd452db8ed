"""The checks graded by mutants: small faults are put into every reference solution, and the checks must notice each.

    python tools/mutants.py [ASSIGNMENT ...] [--json FILE]

A mutant is a solution with one change: an operator, a comparison, a constant, an index or a bound, a name, a function,
an argument or a statement; or it works on its input in place. The test cells that call the function, visible and
hidden, run on it in a process of its own. A mutant survives when no cell fails. Each survivor must be listed in
assignments/equivalent.py with the reason why no right check can tell it from the solution; else a check is missing.

Printed for each function: mutants made, killed, equivalent (they survive and are listed) and unlisted survivors. The
exit status is 1 when a survivor is not listed, and when a listed mutant is killed or is not made.
"""

import argparse
import ast
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assignments.equivalent import EQUIVALENT  # noqa: E402
from tests.assignments import NAMES, Assignment, assignment, identifier, kind, run  # noqa: E402

SECONDS = 10.0  # of processor time, so that a busy machine kills no mutant
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div}
OPERATORS |= {ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.MatMult: ast.Mult}
IN_PLACE = {ast.Add: "iadd", ast.Sub: "isub", ast.Mult: "imul", ast.Div: "itruediv", ast.Pow: "ipow"}
COMPARISONS = {ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,)}
COMPARISONS |= {ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE)}
PAIRS = """max min, maximum minimum, argmax argmin, sum mean, mean median, std var, floor ceil, any all, hstack vstack,
    zeros ones, zeros_like ones_like, insert append, exp expm1, log log1p"""
SWAPS: dict[str, list[str]] = {}
for pair in map(str.split, PAIRS.split(",")):
    for one, other in (pair, reversed(pair)):
        SWAPS.setdefault(one, []).append(other)
DROPPED = ("sqrt", "abs", "round", "copy", "sign", "floor", "ceil", "log", "exp")
# Too small to be recognised alone: the expression around them is shown.
ATOMS = (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.Slice, ast.Tuple, ast.keyword, ast.comprehension)


def moved(node: ast.expr, step: ast.expr | None = None) -> list[ast.expr]:
    """A bound, an index or a limit, a step up and a step down; the step is 1 if nothing is said."""
    return [ast.BinOp(node, operator, step or ast.Constant(1)) for operator in (ast.Add(), ast.Sub())]


def cut(node: ast.expr) -> list[ast.expr]:
    """What a loop runs over, without the first and without the last."""
    return [ast.parse(f"list({ast.unparse(node)}){part}", mode="eval").body for part in ("[1:]", "[:-1]")]


def replaced(entries: list, i: int, *new) -> list:
    return [*entries[:i], *new, *entries[i + 1 :]]


def changes(node: ast.AST, names: list[str], parameters: list[str]) -> Iterator[ast.AST]:
    """What may stand in the place of ``node``; ``names`` are the parameters and the variables."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            for new in (value + 1, value - 1, 2 * value, 0 * value):
                yield ast.Constant(new) if new >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-new))
        case ast.Name(id=name, ctx=ast.Load()):
            yield from map(ast.Name, names if name in names else SWAPS.get(name, ()))
        case ast.Attribute(value=value, attr=name):
            yield from (ast.Attribute(value, other) for other in SWAPS.get(name, ()))
            if name == "T":
                yield value
        case ast.BinOp(left=left, op=operator, right=right):
            if type(operator) in OPERATORS:
                yield ast.BinOp(left, OPERATORS[type(operator)](), right)
            commutes = isinstance(operator, (ast.Add, ast.Mult))
            if not commutes:
                yield ast.BinOp(right, operator, left)
            for one, other in ((left, right), (right, left)):
                yield one
                owned = isinstance(one, ast.Name) and one.id in parameters and (one is left or commutes)
                if owned and type(operator) in IN_PLACE:
                    yield ast.Call(ast.Attribute(one, f"__{IN_PLACE[type(operator)]}__"), [other], [])
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
            yield from values
        case ast.Compare(left=left, ops=operators, comparators=limits):
            for i, operator in enumerate(operators):
                for new in COMPARISONS.get(type(operator), ()):
                    yield ast.Compare(left, replaced(operators, i, new()), limits)
                for new in moved(limits[i], ast.Constant(1e-9)):
                    yield ast.Compare(left, operators, replaced(limits, i, new))
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            called = getattr(function, "attr", getattr(function, "id", None))
            for i in range(len(keywords)):
                yield ast.Call(function, arguments, replaced(keywords, i))
            for i, argument in enumerate(arguments):
                if called in ("range", "arange"):
                    yield from (ast.Call(function, replaced(arguments, i, new), keywords) for new in moved(argument))
                if i and called not in ("max", "min", "maximum", "minimum"):
                    swapped = [*arguments[: i - 1], argument, arguments[i - 1], *arguments[i + 1 :]]
                    yield ast.Call(function, swapped, keywords)
                if isinstance(argument, ast.Name) and argument.id in parameters:
                    yield ast.Call(function, arguments, [*keywords, ast.keyword("out", argument)])
            if called in DROPPED:
                yield arguments[0] if arguments else function.value
            if called == "len":
                yield ast.Call(function, [ast.Attribute(arguments[0], "T")], [])
        case ast.Slice(lower=lower, upper=upper, step=step):
            if lower:
                yield from (ast.Slice(new, upper, step) for new in (None, *moved(lower)))
            if upper:
                yield from (ast.Slice(lower, new, step) for new in (None, *moved(upper)))
        case ast.Subscript(value=value, slice=ast.Name() | ast.BinOp() as index, ctx=context):
            yield from (ast.Subscript(value, new, context) for new in moved(index))
        case ast.comprehension(target=target, iter=several, ifs=ifs):
            yield from (ast.comprehension(target, new, ifs, is_async=0) for new in cut(several))
        case ast.For(target=target, iter=several, body=body, orelse=orelse):
            yield from (ast.For(target, new, body, orelse, lineno=0) for new in cut(several))
            yield ast.Pass()
        case ast.Return(value=ast.Tuple(elts=entries)):
            for i in range(1, len(entries)):
                yield ast.Return(ast.Tuple([*entries[: i - 1], entries[i], entries[i - 1], *entries[i + 1 :]]))
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in parameters:
            yield from (ast.Pass(), ast.parse(f"{name}[...] = {ast.unparse(value)}").body[0])
        case ast.AugAssign(target=target, op=operator, value=value):
            yield from (ast.Pass(), ast.Assign([target], value, lineno=0))
            if type(operator) in OPERATORS:
                yield ast.AugAssign(target, OPERATORS[type(operator)](), value)
        case ast.Assign() | ast.Expr() | ast.If() | ast.While():
            yield ast.Pass()


def slots(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Each node below ``node`` with its place: parent, field, position in the field's list; no errors' texts."""
    for field, value in ast.iter_fields(node):
        for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Raise):
                child.parent = node
                yield node, field, i, child
                yield from slots(child)


def head(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


def mutants(function: str, source: str) -> dict[str, str]:
    """The mutants of a cell, code by key: ``sigmoid: z >= 0 -> z > 0``, with a number where a key occurs again."""
    tree = ast.parse(source)
    parameters, variables = [], []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() if ast.get_docstring(node) is not None:
                del node.body[0]
            case ast.arg(arg=name):
                parameters.append(name)
            case ast.Name(id=name, ctx=ast.Store()):
                variables.append(name)
    names = list(dict.fromkeys(parameters + variables))
    made, seen = {}, {ast.unparse(tree)}
    for parent, field, i, node in [*slots(tree)]:
        shown = node
        while isinstance(shown, ATOMS):
            shown = shown.parent
        for new in changes(node, names, parameters):
            before, whole = head(shown), getattr(parent, field)
            setattr(parent, field, new if i is None else replaced(whole, i, new))
            code, after = ast.unparse(tree), head(new if shown is node else shown)
            setattr(parent, field, whole)
            if code not in seen:
                seen.add(code)
                key = f"{function}: {before} -> {after}"
                same = sum(other.partition(" #")[0] == key for other in made)
                made[f"{key} #{same + 1}" if same else key] = code
    return made


def survives(code: str, tests: list[tuple[str, str]], namespace: dict, seconds: float = SECONDS) -> bool:
    """Whether no test cell fails on ``code``: in a forked process, which the system ends when its time is over."""
    if (child := os.fork()) == 0:
        passed = False
        try:
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            warnings.simplefilter("ignore")
            passed = not run([("mutant", code), *tests], namespace)
        finally:
            os._exit(0 if passed else 1)
    return os.waitpid(child, 0)[1] == 0


def examine(own: Assignment, functions: list[str]) -> Iterator[tuple[str, dict[str, bool]]]:
    """Each function, and whether its mutants survive, by key.

    Raises: RuntimeError when the solution itself fails a check, as then every mutant would seem killed.
    """
    namespace = own.solve()
    solutions = {identifier(cell): cell.source for cell in own.source.cells if kind(cell) == "solution"}
    for function in functions:
        source = solutions[function.replace("_", "-")]
        tests = [(cell, code) for cell, code in own.tests.items() if cell in own.mentions(function)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if errors := run(tests, dict(namespace)):
                raise RuntimeError(f"{own.name}: the solution itself fails checks of {function}: {errors}")
        bar = tqdm(mutants(function, source).items(), desc=f"{own.name}.{function}", leave=False, disable=None)
        yield function, {key: survives(code, tests, namespace) for key, code in bar}


def review(found: dict[str, bool], listed: dict[str, str]) -> dict[str, list[str]]:
    """Mutants by verdict. ``found``: whether they survive; ``stale``: listed, but killed or not made."""
    return {
        "killed": [key for key, alive in found.items() if not alive],
        "equivalent": [key for key, alive in found.items() if alive and key in listed],
        "survivors": [key for key, alive in found.items() if alive and key not in listed],
        "stale": [key for key in listed if not found.get(key, False)],
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help=f"all if none is given: {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, help="write the verdict on each mutant to this file, too")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no such assignment: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if not hasattr(os, "fork"):
        parser.error("each mutant runs in a forked process, which this system does not have; use Linux, macOS or WSL")
    tqdm.monitor_interval = 0  # no second thread beside the forks
    everything, wrong, sums = {}, 0, [0, 0, 0, 0]
    print(f"{'function':44s}{'mutants':>12s}{'killed':>12s}{'equivalent':>12s}{'survivors':>12s}")
    for name in options.names or NAMES:
        own, listed = assignment(name), EQUIVALENT.get(name, {})
        everything[name] = {}
        for function, found in examine(own, [*own.signatures]):
            mine = {key: reason for key, reason in listed.items() if key.partition(":")[0] == function}
            got = everything[name][function] = review(found, mine)
            row = [len(found), *(len(got[key]) for key in ("killed", "equivalent", "survivors"))]
            sums = [a + b for a, b in zip(sums, row, strict=True)]
            print(f"{name + '.' + function:44s}" + "".join(f"{number:12}" for number in row), flush=True)
            for label, text in (("survivors", "survives"), ("stale", "listed, but killed or not made")):
                wrong += len(got[label])
                print("".join(f"    {text}: {key}\n" for key in got[label]), end="", flush=True)
        lost = [key for key in listed if key.partition(":")[0] not in own.signatures]
        wrong += len(lost)
        print("".join(f"{name}: listed, but there is no such function: {key}\n" for key in lost), end="")
    print(f"{'together':44s}" + "".join(f"{number:12}" for number in sums))
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1, ensure_ascii=False), encoding="utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
