"""Follows what a caller asks for through a running program, from the handler to the operation."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import BaseModel

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.core.request_factory import RequestFactory
from galeria.interfaces.arm.protocol.arm_request import ArmRequest
from galeria.interfaces.services import Services
from tests.rules.sources import ROOT

PRODUCT = ROOT / "src" / "galeria"
FOLLOWED = ("interfaces", "actions")
# These carry the whole program along; what is asked for is not looked for in them.
SURROUNDINGS = (BaseRequest, RequestFactory, ArmRequest, Services, Caller)


@dataclass
class Walk:
    """Where functions were entered with any of the marked words, in the order of the calls, until an operation began."""

    marks: frozenset[str]
    stops: list[str] = field(default_factory=list)  # a module each, never the same one twice in a row
    names: set[str] = field(default_factory=set)  # of the parameters that carried a marked word
    arrived: bool = False

    @property
    def modules(self) -> set[str]:
        return set(self.stops)

    @property
    def returns(self) -> int:
        """How often a module was entered again after another one."""
        return len(self.stops) - len(self.modules)

    def record(self, frame: FrameType, event: str, _argument: object) -> None:
        """A profile function of `sys.setprofile`."""
        if event != "call" or self.arrived:
            return
        self.arrived = frame.f_code is Request.begin.__code__
        module = _module(frame)
        carriers = [] if self.arrived or module is None else self._carriers(frame)
        if module is not None and carriers:
            self.names.update(carriers)
            if self.stops[-1:] != [module]:
                self.stops.append(module)

    def _carriers(self, frame: FrameType) -> list[str]:
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return [name for name in names if name in frame.f_locals and self._carries(frame.f_locals[name])]

    def _carries(self, value: object) -> bool:
        if isinstance(value, str):
            return value in self.marks
        return any(self._carries(part) for part in _parts(value))


def walk(marks: Iterable[str], act: Callable[[], Any]) -> Walk:
    """Do it, and see where the marked words went. They are words of the request that occur nowhere else."""
    found = Walk(marks=frozenset(marks))
    before = sys.getprofile()
    sys.setprofile(found.record)
    try:
        act()
    finally:
        sys.setprofile(before)
    return found


def _parts(value: object) -> Iterable[object]:
    """What a request's body or a frozen value of the inside is made of; a row of the database has none."""
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, BaseModel):
        return [each for _, each in value]
    if is_dataclass(value) and not isinstance(value, (type, *SURROUNDINGS)):
        is_frozen = type(value).__dataclass_params__.frozen  # type: ignore[attr-defined]
        return [getattr(value, each.name) for each in fields(value)] if is_frozen else ()
    return ()


def _module(frame: FrameType) -> str | None:
    """Such as `actions/labs/labs`; None for code that is not followed."""
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(PRODUCT):
        return None
    inner = path.relative_to(PRODUCT).with_suffix("")
    return inner.as_posix() if inner.parts[0] in FOLLOWED else None
