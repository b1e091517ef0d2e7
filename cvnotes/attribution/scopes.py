"""Something of Keras replaced for a while, in this thread alone, and put back whatever happens."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

_TURN = threading.RLock()  # one thread at a time may replace, so that what is put back is what was there
_HERE = threading.local()


def replacing() -> bool:
    """Whether this thread is inside a scope that replaces something."""
    return getattr(_HERE, "scopes", 0) > 0


def ruling() -> bool:
    """Whether this thread is inside a rule of ``ruled``, so that what is called is no step of the model's own."""
    return getattr(_HERE, "rules", 0) > 0


@contextlib.contextmanager
def replaced(owner: Any, name: str, make: Callable[[Callable], Callable]) -> Iterator[None]:
    """A scope in which ``owner.name`` is ``make(original)``, an attribute of a module or a class.

    Other threads go on with the original; a second thread that wants to replace waits its turn. The original is
    put back when the scope ends, also by an exception.
    """
    with _TURN:
        kept, original, mine = vars(owner)[name], getattr(owner, name), threading.get_ident()
        ours = make(original)

        @functools.wraps(original)
        def either(*args: Any, **options: Any) -> Any:
            return (ours if threading.get_ident() == mine else original)(*args, **options)

        setattr(owner, name, staticmethod(either) if isinstance(kept, staticmethod) else either)
        _HERE.scopes = getattr(_HERE, "scopes", 0) + 1
        try:
            yield
        finally:
            _HERE.scopes -= 1
            setattr(owner, name, kept)


@contextlib.contextmanager
def ruled(rules: dict[tuple[Any, str], Callable[[Callable, Any], Any]]) -> Iterator[None]:
    """A scope in which ``function(x)`` is ``rule(function, x)``, for rules by (owner, name of the function).

    The function that a rule receives takes x alone, its options are filled in. What a ruled function calls on its
    way, such as the ReLU inside another one, is left as it is.
    """
    inside: list[bool] = []

    def make(rule: Callable[[Callable, Any], Any], original: Callable) -> Callable:
        def ours(x: Any, *args: Any, **options: Any) -> Any:
            if inside:
                return original(x, *args, **options)
            inside.append(True)
            _HERE.rules = getattr(_HERE, "rules", 0) + 1
            try:
                return rule(lambda given: original(given, *args, **options), x)
            finally:
                _HERE.rules -= 1
                inside.pop()

        return ours

    with contextlib.ExitStack() as stack:
        for (owner, name), rule in rules.items():
            stack.enter_context(replaced(owner, name, functools.partial(make, rule)))
        yield
