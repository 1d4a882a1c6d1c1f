"""What an objective is to a session: losses of a sequence's terms, and the numbers that are shown beside them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import torch

from .sequences import Sequence

#: Puts the values that training began with in place of the trained ones, for as long as it is open.
Reference = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Losses:
    """One loss [N] for each term of a sequence, whose mean over a step is minimised."""

    values: torch.Tensor
    #: Further numbers by name, each of every term or of every row; the part before a slash is their group.
    observed: dict[str, torch.Tensor] = field(default_factory=dict)


class Objective(Protocol):
    """What a session minimises."""

    #: Updates of the optimiser in one step.
    updates: int = 1

    def terms(self, sequence: Sequence) -> int:
        """How many losses the sequence brings."""

    def losses(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> Losses:
        """The losses, with their graph unless gradients are off."""

    def probe(self, model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
        """Numbers [S] at the supervised places that must not depend on rows beside them."""

    def begin_step(
        self, model: torch.nn.Module, sequences: list[Sequence], company: list[Sequence], autocast: torch.autocast
    ) -> None:
        """Keeps what is the same for all updates of a step. The model is in evaluation mode.

        Every rank calls it, also one that has no sequences. Those without meaning in `company` need the same passes,
        and count for nothing.
        """
        return

    def end_step(self) -> None:
        """Lets go of it."""
        return
