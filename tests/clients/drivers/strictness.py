"""Every answer that the SDKs take apart is first held against its description; what is wrong is kept for the test."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

from tests.clients.drivers.shapes import faults

_DESERIALIZERS = {
    "azure.mgmt.compute._serialization",
    "azure.mgmt.labservices._serialization",
    "msrest.serialization",
}


@contextmanager
def watched() -> Iterator[list[str]]:
    """The faults of the answers that come meanwhile. The modules that the call uses must be imported."""
    found: list[str] = []
    with ExitStack() as after:
        for name, module in sorted(sys.modules.items()):
            if name.startswith("azure.mgmt.") and ".operations." in name and "_deserialize" in vars(module):
                after.enter_context(mock.patch.object(module, "_deserialize", _checked_function(module, found)))
            elif name in _DESERIALIZERS:
                kind = module.Deserializer
                after.enter_context(mock.patch.object(kind, "__call__", _checked_method(found)))
        yield found


def _checked_function(module: ModuleType, found: list[str]) -> Callable[..., Any]:
    """As the newer SDKs do it: a function that is given the annotation and the JSON."""
    models = importlib.import_module(module.__name__.partition(".operations.")[0] + ".models")
    deserialize = vars(module)["_deserialize"]

    def checked(kind: Any, value: Any, *more: Any, **options: Any) -> Any:
        found.extend(faults(kind, value, models, getattr(kind, "__name__", str(kind))))
        return deserialize(kind, value, *more, **options)

    return checked


def _checked_method(found: list[str]) -> Callable[..., Any]:
    """As the older SDKs do it: an object that knows its models, called with a name and the whole answer."""

    def checked(self: Any, kind: Any, response: Any, content_type: str | None = None) -> Any:
        value = self._unpack_content(response, content_type)
        if isinstance(value, dict | list):
            found.extend(faults(kind, value, SimpleNamespace(**self.dependencies), str(kind)))
        return self._deserialize(kind, value)

    return checked
