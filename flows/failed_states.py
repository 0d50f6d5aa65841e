"""Errors that a person can mend end a run or a task as Failed with their own words, without a traceback."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from prefect.states import Failed

from data.errors import CoweseError

P = ParamSpec("P")
R = TypeVar("R")


def fail_without_traceback(function: Callable[P, R]) -> Callable[P, R]:
    """Under a flow or task: a CoweseError becomes the state that Prefect shows; whoever calls still meets the error."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CoweseError as error:
            return cast("R", Failed(message=str(error), data=error))

    return wrapped
