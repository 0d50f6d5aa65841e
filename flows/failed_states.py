"""Errors that a user can correct end a run or task as Failed with their message, without a traceback."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from prefect.states import Failed

from data.errors import CoweseError

P = ParamSpec("P")
R = TypeVar("R")


def fail_without_traceback(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator under a flow or task: a CoweseError becomes a Failed state; callers still get the error."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CoweseError as error:
            return cast("R", Failed(message=str(error), data=error))

    return wrapped
