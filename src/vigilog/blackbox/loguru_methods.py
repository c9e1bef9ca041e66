"""The methods of loguru's Logger that capture replaces, as loguru 0.7 has them. None is ever called: see same_code."""
# ruff: noqa: N805, PYI063, RUF005

from __future__ import annotations

from typing import Any


class Logger:
    """Its name is part of the names of the arguments."""

    _options: Any
    _log: Any

    def trace(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level TRACE."""
        __self._log("TRACE", False, __self._options, __message, args, kwargs)

    def debug(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level DEBUG."""
        __self._log("DEBUG", False, __self._options, __message, args, kwargs)

    def info(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level INFO."""
        __self._log("INFO", False, __self._options, __message, args, kwargs)

    def success(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level SUCCESS."""
        __self._log("SUCCESS", False, __self._options, __message, args, kwargs)

    def warning(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level WARNING."""
        __self._log("WARNING", False, __self._options, __message, args, kwargs)

    def error(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level ERROR."""
        __self._log("ERROR", False, __self._options, __message, args, kwargs)

    def critical(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level CRITICAL."""
        __self._log("CRITICAL", False, __self._options, __message, args, kwargs)

    def exception(__self: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Level ERROR, with the exception that is being handled."""
        options = (True,) + __self._options[1:]
        __self._log("ERROR", False, options, __message, args, kwargs)

    def log(__self: Any, __level: Any, __message: Any, *args: Any, **kwargs: Any) -> None:
        """Any level."""
        __self._log(__level, False, __self._options, __message, args, kwargs)
