"""How the rows of a sequence are laid out for one pass: beginnings that they have in common are computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch

#: Fewer places in common are not worth the further pieces.
SHORTEST_SHARED = 8

#: A piece of a pass: its first place, and the one behind its last.
Piece = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Where rows find their places in a pass that has each shared beginning once."""

    #: Places of each piece; together they are the pass.
    pieces: list[int]
    #: Of each row the pieces that it consists of, in order.
    rows: list[list[int]]
    #: Of each row how many of its last places are its own; in order they are the pass too.
    own: list[int]

    @cached_property
    def masks(self) -> list[torch.Tensor | None]:
        """Of each row what its own places [own, all] see; none where all are its own. The same for all layers."""
        lengths = [sum(self.pieces[piece] for piece in row) for row in self.rows]
        pairs = zip(self.own, lengths, strict=True)
        return [None if own == length else sees(own, length) for own, length in pairs]


def row_bounds(positions: torch.Tensor) -> list[tuple[int, int]]:
    """The first place of each row, and the one behind its last: positions begin at 0 in every row."""
    starts: list[int] = (positions == 0).nonzero().flatten().tolist()
    return list(pairwise([*starts, len(positions)]))


def lay_out(rows: list[list[int]], shareable: list[int]) -> Layout:
    """Each row of tokens begins where an earlier one does as far as they are alike, though no further than its number
    in `shareable`. What a causal model computes at a place depends on nothing behind it."""
    paths: list[list[Piece]] = []
    own: list[int] = []
    end = 0
    for tokens, limit in zip(rows, shareable, strict=True):
        shared, path = 0, list[Piece]()
        for earlier, taken in zip(rows, paths, strict=False):
            alike = count_alike(tokens[:limit], earlier)
            if alike >= SHORTEST_SHARED and alike > shared:
                shared, path = alike, first_places(taken, alike)
        own.append(len(tokens) - shared)
        paths.append([*path, (end, end + own[-1])])
        end += own[-1]
    cuts = sorted({edge for path in paths for piece in path for edge in piece})
    number = {cut: i for i, cut in enumerate(cuts)}
    numbers = [[i for first, last in path for i in range(number[first], number[last])] for path in paths]
    return Layout([last - first for first, last in pairwise(cuts)], numbers, own)


def sees(own: int, whole: int) -> torch.Tensor:
    """Of a row's last places [own, whole]: itself, and all before it."""
    return torch.ones(own, whole, dtype=torch.bool).tril(whole - own)


def count_alike(one: list[int], other: list[int]) -> int:
    """Tokens before the first difference."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def first_places(path: list[Piece], count: int) -> list[Piece]:
    """The beginning of a path."""
    taken: list[Piece] = []
    for first, last in path:
        if count > 0:
            taken.append((first, min(last, first + count)))
        count -= last - first
    return taken
