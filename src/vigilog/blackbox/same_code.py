"""Whether a function of another library still is what it was when its stand-in was written; stand-ins that pass as theirs."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

KIND = 0xFF
"""Of a code's flags those that say what kind of function it is; the others say what its module imports from __future__."""


def same_code(function: Callable[..., Any], written: Callable[..., Any]) -> bool:
    """Whether `function` does what `written` does, word for word: both were compiled to the same code. What they are called
    does not count, nor what their documentation says, but both have to have one."""
    return isinstance(function, FunctionType) and isinstance(written, FunctionType) and _does(function) == _does(written)


def _does(function: FunctionType) -> tuple[object, ...]:
    code = function.__code__
    arguments = (code.co_varnames, code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags & KIND)
    return (code.co_code, code.co_names, code.co_consts[1:], arguments, function.__kwdefaults__, function.__defaults__)


def in_place_of(former: FunctionType, ours: Callable[..., Any]) -> Callable[..., Any]:
    """`ours` as if it stood where `former` stands: `logging` skips its own file when it looks for whoever logs."""
    assert isinstance(ours, FunctionType)
    theirs = former.__code__
    ours.__code__ = ours.__code__.replace(
        co_filename=theirs.co_filename,
        co_name=theirs.co_name,
        co_qualname=theirs.co_qualname,
        co_firstlineno=theirs.co_firstlineno,
    )
    ours.__name__, ours.__qualname__, ours.__doc__ = former.__name__, former.__qualname__, former.__doc__
    ours.__module__ = former.__module__
    ours.__kwdefaults__, ours.__defaults__ = former.__kwdefaults__, former.__defaults__
    return ours
