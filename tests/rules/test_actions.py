"""Actions are called alike: the request first, and the hasher of secrets, where one is needed, last."""

import ast
import re

import pytest

from tests.rules.sources import Function, sources

REQUESTS = {"Request", "BaseRequest"}
# What only a request may bring along. Functions that take none of it are pure, and take what they like.
PARTS = {"UnitOfWork", "Database", "Clock", "IdGenerator"}
HASHER = "SecretHasher"


def test_every_action_takes_the_request_first() -> None:
    wrong = [
        f"{source.name}:{function.lineno} {function.name}"
        for source in sources("src/galeria/actions")
        for function in _public(source.tree)
        if not _takes_request_first(function)
    ]

    assert wrong == []


def test_every_action_takes_the_hasher_of_secrets_last() -> None:
    wrong = [
        f"{source.name}:{function.lineno} {function.name}"
        for source in sources("src/galeria/actions")
        for function in _public(source.tree)
        for argument in [*function.args.posonlyargs, *function.args.args]
        if HASHER in _types(argument) and (argument is not function.args.args[-1] or argument.arg != "secrets")
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("def sign_in(request: BaseRequest, name: str) -> None: ...", True),
        ("def count_pages(count: int, rows: int) -> int: ...", True),
        ("def sign_in(uow: UnitOfWork, name: str) -> None: ...", False),
        ("def sign_in(name: str, *, request: Request) -> None: ...", False),
        ("def sign_in(request: Request, clock: Clock | None = None) -> None: ...", False),
        ("def sign_in(asked: Request) -> None: ...", False),
    ],
)
def test_the_rule_tells_right_from_wrong(text: str, kept: bool) -> None:
    (function,) = _public(ast.parse(text))

    assert _takes_request_first(function) is kept


def _public(tree: ast.Module) -> list[Function]:
    return [each for each in tree.body if isinstance(each, Function) and not each.name.startswith("_")]


def _takes_request_first(function: Function) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    used = [_types(each) for each in arguments]
    if not any(each & (PARTS | REQUESTS) for each in used):
        return True
    is_first = arguments[0].arg == "request" and bool(used[0] & REQUESTS) and arguments[0] in function.args.args
    return is_first and not any(each & (PARTS | REQUESTS) for each in used[1:])


def _types(argument: ast.arg) -> set[str]:
    return set(re.findall(r"\w+", ast.unparse(argument.annotation))) if argument.annotation else set()
