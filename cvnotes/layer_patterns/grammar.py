"""The grammar INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC: patterns, as numbers and as strings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from cvnotes.checks import choice, whole

POOLS = ("max", "average", "stride", "none")
WORDS = {"INPUT": "I", "CONV": "C", "RELU": "R", "POOL": "P", "FC": "F"}
SENTENCE = re.compile(r"I((?:CR)*P)*((?:CR)*)((?:FR)*)F")


@dataclass(frozen=True)
class Pattern:
    """A net in the grammar: M stages of N convolutions and perhaps a pooling, then K hidden dense layers and the last.

    N: one number for all stages, or one for each. pool: "max", "average", "none", or "stride" (the stage's last
    convolution steps by two instead); one for all stages, or one for each. width: filters of the first stage, doubled
    from stage to stage, or the filters of each stage. units: of each hidden dense layer. kernel: side of the
    filters in pixels; padding: "same" or "valid"; window: pixels and stride of the pooling.
    Raises ValueError for numbers out of range and for lists that are not M long.
    Source: Karpathy's CS231n notes, "Layer patterns". Chapter: layer_patterns.
    """

    N: int | tuple[int, ...] = 1
    M: int = 2
    K: int = 1
    pool: str | tuple[str, ...] = "max"
    width: int | tuple[int, ...] = 8
    units: int = 32
    kernel: int = 3
    padding: str = "same"
    window: int = 2

    def __post_init__(self):
        """Check every field by reading it once."""
        whole("M", self.M, 0), whole("K", self.K, 0)
        whole("units", self.units, 1), whole("kernel", self.kernel, 1), whole("window", self.window, 2)
        choice("padding", self.padding, ("same", "valid"))
        for count, pool in zip(self.convolutions, self.pools, strict=True):
            whole("N", count, 1 if pool == "stride" else 0)
        _ = self.widths

    @property
    def convolutions(self) -> tuple[int, ...]:
        """N of each stage."""
        return tuple(whole("N", count, 0) for count in self._each("N"))

    @property
    def pools(self) -> tuple[str, ...]:
        """What shrinks the map at the end of each stage."""
        return tuple(choice("pool", pool, POOLS) for pool in self._each("pool"))

    @property
    def widths(self) -> tuple[int, ...]:
        """Filters of each stage."""
        if isinstance(self.width, (tuple, list)):
            return tuple(whole("width", width, 1) for width in self._each("width"))
        return tuple(whole("width", self.width, 1) * 2**stage for stage in range(self.M))

    def _each(self, name: str) -> tuple:
        value = getattr(self, name)
        values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * self.M
        if len(values) != self.M:
            raise ValueError(f"{name} is one value or M={self.M}, one a stage. Received: {name}={value!r}")
        return values

    def __str__(self) -> str:
        """The pattern as a sentence of the grammar; runs of equal stages are written once."""
        words = [("INPUT", 1)]
        stages = [_stage(count, pool) for count, pool in zip(self.convolutions, self.pools, strict=True)]
        words += [(stage, len(list(run))) for stage, run in groupby(stage for stage in stages if stage)]
        words += [("FC -> RELU", self.K)] * bool(self.K) + [("FC", 1)]
        return " -> ".join(word if times == 1 else f"[{word}]*{times}" for word, times in words)


def _stage(count: int, pool: str) -> str:
    convolutions = ["CONV -> RELU" if count == 1 else f"[CONV -> RELU]*{count}"] * bool(count)
    return " -> ".join([*convolutions, *["POOL"] * (pool in ("max", "average"))])


def expand(sentence: str, **values: int | bool) -> list[str]:
    """Write out a sentence: brackets and factors become a plain list of INPUT, CONV, RELU, POOL and FC.

    values: numbers for letters such as N, M and K; ``pool`` decides every "POOL?".
    Raises ValueError for an unknown word, a letter without a number, a choice that is none, and an open bracket.
    Chapter: layer_patterns.
    """
    if not isinstance(sentence, str):
        raise ValueError(f"A pattern is a string such as 'INPUT -> [CONV -> RELU -> POOL]*2 -> FC'. Got {sentence!r}")
    tokens = re.findall(r"[A-Za-z]+\??|-?\d+|[\[\]*]|[^\sA-Za-z\d\[\]*>→-]", sentence)
    words, rest = _sequence(tokens, values, sentence)
    if rest:
        raise ValueError(f"a bracket closes that was never opened. Received: {sentence!r}")
    return words


def _sequence(tokens: Sequence[str], values: dict, sentence: str) -> tuple[list[str], list[str]]:
    """Words up to the end or the closing bracket, and what is left behind it."""
    words, rest = [], list(tokens)
    while rest and rest[0] != "]":
        part, rest = _part(rest, values, sentence)
        words += part
    return words, rest


def _part(tokens: list[str], values: dict, sentence: str) -> tuple[list[str], list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "[":
        part, rest = _sequence(rest, values, sentence)
        if not rest:
            raise ValueError(f"a bracket is not closed. Received: {sentence!r}")
        rest = rest[1:]
    else:
        part = _word(first, values, sentence)
    if rest and rest[0] == "*":
        return part * _factor(rest[1] if rest[1:] else "", values, sentence), rest[2:]
    return part, rest


def _word(word: str, values: dict, sentence: str) -> list[str]:
    if word == "POOL?":
        if "pool" not in values:
            raise ValueError(f"'POOL?' leaves a choice: pass pool=True or pool=False. Received: {sentence!r}")
        return ["POOL"] * choice("pool", values["pool"], (True, False))
    if word not in WORDS:
        raise ValueError(f"The words are {', '.join(WORDS)} and POOL?. Received: {word!r} in {sentence!r}")
    return [word]


def _factor(text: str, values: dict, sentence: str) -> int:
    if text.isdigit():
        return int(text)
    if text not in values:
        letter = text if text.isalpha() else "N"
        raise ValueError(f"'*{text}' needs a number from 0 up: write it, or pass {letter}=2. Received: {sentence!r}")
    return whole(text, values[text], 0)


def parse(sentence: str, *, N: int = 0, M: int = 0, K: int = 0, pool: str = "max", **sizes) -> Pattern:  # noqa: N803
    """Read a sentence of the grammar as a Pattern, so that it can be built.

    N, M, K: for the letters of a template; pool: "max" or "average", for every POOL, or "none", which leaves out each
    "POOL?". sizes: width, units, kernel, padding, window, as in Pattern.
    Without POOL the grammar cannot tell one stage of four convolutions from two of two: the fewest stages are taken.
    Raises ValueError as ``expand`` and ``Pattern``, and for words in an order that the grammar does not have.
    Chapter: layer_patterns.
    """
    choice("pool", pool, ("max", "average", "none"))
    words = expand(sentence, N=N, M=M, K=K, pool=pool != "none")
    return Pattern(**_numbers(words, pool), **sizes)


def _numbers(words: Sequence[str], pool: str) -> dict:
    """N, M, K and the pooling of each stage from a plain list of words."""
    letters = "".join(WORDS[word] for word in words)
    if not SENTENCE.fullmatch(letters):
        raise ValueError(
            "The order is INPUT, then CONV RELU and POOL in any number, then FC RELU, and FC at the end. "
            f"Received: {' '.join(words)}"
        )
    body, _, head = letters[1:].partition("F")
    stages = re.findall(r"(?:CR)*P|(?:CR)+", body)
    shrink = pool if pool != "none" else "max"  # a POOL that is written without "?" stays
    ends = tuple(shrink if stage.endswith("P") else "none" for stage in stages)
    return {"N": tuple(stage.count("C") for stage in stages), "M": len(stages), "K": head.count("F"), "pool": ends}
