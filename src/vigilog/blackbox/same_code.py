"""Whether a function of another library still is what it was when its stand-in was written; stand-ins that pass as theirs."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from vigilog.blackbox.line_table import lines_of

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


def in_place_of(former: FunctionType, ours: Callable[..., Any]) -> FunctionType:
    """`ours` as if it stood where `former` stands: `logging` leaves out its own file when it looks for whoever logs, and others
    leave out what is in the module of its name."""
    assert isinstance(ours, FunctionType)
    theirs = former.__code__
    code = ours.__code__.replace(
        co_filename=theirs.co_filename,
        co_name=theirs.co_name,
        co_qualname=theirs.co_qualname,
        co_firstlineno=theirs.co_firstlineno,
        co_linetable=lines_of(theirs, ours.__code__),
    )
    module = {**ours.__globals__, "__name__": former.__globals__.get("__name__")}
    made = FunctionType(code, module, former.__name__, former.__defaults__, ours.__closure__)
    made.__kwdefaults__, made.__doc__ = former.__kwdefaults__, former.__doc__
    made.__qualname__, made.__module__ = former.__qualname__, former.__module__
    return made
