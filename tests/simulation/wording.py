"""What a text says does not change from life to life: the same words are understood once.

Only functions of nothing but a text, its language and its day are remembered; what depends on the mailbox is asked anew.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

from followmail.mail.kinds import asks, later, likeness, opt_out, order, wrong_person
from followmail.rendering.sandbox import Sandbox

_COMPILES = Sandbox.compile
_PLAIN = (str, str | None, date, bool)
_FAMILIES = (asks, later, likeness, opt_out, wrong_person)


def _of_words(module: ModuleType) -> Iterator[str]:
    """The functions that a family of kinds offers, and that know nothing but what they are told."""
    for name, value in vars(module).items():
        offered = inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
        if offered and all(told.annotation in _PLAIN for told in inspect.signature(value).parameters.values()):
            yield name


def _remembered(module: ModuleType, name: str) -> Callable[..., Any]:
    return lru_cache(maxsize=4096)(getattr(module, name))


_UNDERSTOOD = [
    (module, name, _remembered(module, name))
    for module, name in [(order, "language"), *((family, name) for family in _FAMILIES for name in _of_words(family))]
]


_COMPILED: dict[tuple[str, str | None], tuple[Any, int]] = {}


def _compiled_once(sandbox: Any, source: Any, name: str | None = None, filename: str | None = None) -> Any:
    """A template as it runs: the same text under the same name is the same."""
    if not isinstance(source, str):
        return _COMPILES(sandbox, source, name, filename)
    if (source, name) not in _COMPILED:
        _COMPILED[source, name] = _COMPILES(sandbox, source, name, filename), sandbox._sizes[name or ""]
    code, sandbox._sizes[name or ""] = _COMPILED[source, name]
    return code


@contextlib.contextmanager
def understood_once() -> Iterator[None]:
    """Within it, each of these is worked out once for each text."""
    with contextlib.ExitStack() as stack:
        for module, name, once in _UNDERSTOOD:
            stack.enter_context(patch.object(module, name, once))
        stack.enter_context(patch.object(Sandbox, "compile", _compiled_once))
        yield
