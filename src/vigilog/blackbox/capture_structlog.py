"""Capture from structlog (24.1 to 26): its configuration is changed.

    Recorder(box, also=(capture_structlog,))

after `structlog.configure`, and before a logger is used that is cached at its first use. What a filtering bound logger
drops below its level, and what the processor `filter_by_level` drops, is taken there. What is logged is taken as the
last processor makes it, and nothing is rendered twice. Loggers that end in `logging` are taken there, if that is captured too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from vigilog.blackbox.bounded import MESSAGE, cut
from vigilog.blackbox.capture import Capture
from vigilog.blackbox.captured import Captured
from vigilog.blackbox.hooks import Hooks
from vigilog.blackbox.tracebacks import of_argument, of_exception

LEVELS = {
    **dict.fromkeys(("debug",), 10),
    **dict.fromkeys(("info", "msg"), 20),
    **dict.fromkeys(("warning", "warn"), 30),
    **dict.fromkeys(("error", "exception"), 40),
    **dict.fromkeys(("critical", "fatal"), 50),
}
NAME = "structlog"
"""The logger's name where structlog knows none."""


def capture_structlog(capture: Capture) -> Hooks:
    """Changes the configuration, until `undo` of what is returned is called."""
    import structlog  # noqa: PLC0415 - only programs that use it have it

    hooks = Hooks()
    former = structlog.get_config()
    configured = structlog.is_configured()
    *processors, last = former["processors"]
    filters = structlog.stdlib.filter_by_level
    structlog.configure(
        processors=[
            *(_filter(capture, structlog.DropEvent) if each is filters else each for each in processors),
            last if last is structlog.stdlib.ProcessorFormatter.wrap_for_formatter else _rendering(capture, last),
        ],
        wrapper_class=_wrapper(capture, former["wrapper_class"]),
    )

    def give_back() -> None:
        if configured:
            structlog.configure(**former)
        else:
            structlog.reset_defaults()

    hooks.then(give_back)
    return hooks


def _wrapper(capture: Capture, base: Any) -> Any:
    """`base`, whose methods below its level take what they drop."""
    effective = getattr(base, "get_effective_level", None)
    try:
        lowest = int(effective(None)) if effective else 0
    except Exception:  # noqa: BLE001 - a class of the program's own, which filters in its own way
        return base
    methods: dict[str, Any] = {"log": _log(capture, base, lowest)} if hasattr(base, "log") else {}
    for name, level in LEVELS.items():
        if level < lowest and name != "exception":
            methods[name], methods[f"a{name}"] = _dropping(capture, level)
    named = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": base.__doc__}
    return type(base.__name__, (base,), {**named, **methods}) if lowest else base


def _dropping(capture: Capture, level: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def method(self: Any, event: Any = None, *args: Any, **kw: Any) -> None:
        _take(capture, self, level, event, args, kw)

    async def asynchronous(self: Any, event: Any = None, *args: Any, **kw: Any) -> None:
        _take(capture, self, level, event, args, kw)

    return method, asynchronous


def _log(capture: Capture, base: Any, lowest: int) -> Callable[..., Any]:
    former = base.log

    def log(self: Any, level: int, event: Any = None, *args: Any, **kw: Any) -> Any:
        if level < lowest:
            _take(capture, self, level, event, args, kw)
            return None
        return former(self, level, event, *args, **kw)

    # structlog finds the caller by leaving out the functions of modules that have its name.
    return FunctionType(log.__code__, {**globals(), "__name__": base.__module__}, "log", None, log.__closure__)


def _filter(capture: Capture, drop: type[BaseException]) -> Callable[..., Any]:
    def filter_by_level(logger: Any, method_name: str, event_dict: Any) -> Any:
        level = LEVELS.get(method_name, 0)
        if logger.isEnabledFor(level):
            return event_dict
        session = capture.current()
        if session is not None:
            _give(capture, session, logger.name, level, event_dict)
        raise drop

    return filter_by_level


def _rendering(capture: Capture, render: Callable[..., Any]) -> Callable[..., Any]:
    def rendering(logger: Any, method_name: str, event_dict: Any) -> Any:
        session = None if isinstance(logger, logging.Logger) else capture.current()
        if session is None:
            return render(logger, method_name, event_dict)
        name = _name(event_dict, logger)
        rendered = render(logger, method_name, event_dict)
        if isinstance(rendered, str | bytes):
            text = rendered if isinstance(rendered, str) else rendered.decode("utf-8", "replace")
            level = LEVELS.get(method_name, 0)
            capture.give(session, Captured(name, level, capture.clock(), cut(text, MESSAGE)))
        return rendered

    return rendering


def _take(capture: Capture, bound: Any, level: int, event: Any, arguments: tuple[Any, ...], pairs: dict[str, Any]) -> None:
    session = capture.current()
    if session is None:
        return
    try:
        context = {**bound._context, **pairs}  # noqa: SLF001 - get_context would copy it once more
        text = capture.text(event, arguments)
        _give(capture, session, _name(context, bound._logger), level, {"event": text, **context})  # noqa: SLF001
    except Exception:  # noqa: BLE001 - a logger of an unusual kind; and the program has to go on
        return


def _give(capture: Capture, session: Any, name: str, level: int, event: Mapping[str, Any]) -> None:
    information = event.get("exc_info")
    more = of_exception(of_argument(information)) if information else ""
    pairs = [(key, value) for key, value in event.items() if key not in ("event", "exc_info", "logger")]
    template = "".join(["%s", *(f" {str(key).replace('%', '%%')}=%r" for key, _ in pairs)])
    values = (event.get("event"), *(value for _, value in pairs))
    capture.take(session, name, level, capture.clock(), template, values, more)


def _name(event: Mapping[str, Any], logger: Any) -> str:
    name = event.get("logger") or getattr(logger, "name", None)
    return name if isinstance(name, str) else NAME
