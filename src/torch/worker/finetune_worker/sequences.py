"""The rows of a step as the trainer lays them out, and one forward pass over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from .attention import row_options
from .model import base_of
from .prefix import forward, prefix_length


@dataclass(frozen=True)
class Sequence:
    """One or more rows one after another; positions start at 0 in every row."""

    tokens: torch.Tensor
    positions: torch.Tensor
    #: Places whose next token is trained, and those tokens.
    loss_positions: torch.Tensor
    loss_targets: torch.Tensor
    #: Of answers what each row was worth: by itself, or against others to its prompt, as the objective wants it.
    worth: torch.Tensor | None = None


#: Arrays of a sequence in a frame.
ARRAYS = 4


def read_sequences(parts: list[bytes], device: torch.device, weighted: bool = False) -> list[Sequence]:
    """Sequences from a frame's parts: int32 arrays of tokens, positions, loss positions and loss targets.

    With `weighted` a fifth part has a float32 number for each row.
    """
    if weighted:
        plain = [part for i, part in enumerate(parts) if i % (ARRAYS + 1) != ARRAYS]
        numbers = [torch.frombuffer(bytearray(part), dtype=torch.float32) for part in parts[ARRAYS :: ARRAYS + 1]]
        sequences = read_sequences(plain, device)
        return [replace(one, worth=own.to(device)) for one, own in zip(sequences, numbers, strict=True)]
    arrays = [torch.frombuffer(bytearray(part), dtype=torch.int32).long() if part else empty() for part in parts]
    arrays = [array.to(device) for array in arrays]
    return [Sequence(*arrays[i : i + ARRAYS]) for i in range(0, len(arrays), ARRAYS)]


def empty() -> torch.Tensor:
    """No places at all."""
    return torch.zeros(0, dtype=torch.long)


def idle_sequence(device: torch.device, length: int = 1) -> Sequence:
    """A row without meaning, for a pass that only keeps others company: as short as can be."""
    zeros = torch.zeros(length, dtype=torch.long, device=device)
    return Sequence(zeros, torch.arange(length, device=device), zeros[:1], zeros[:1])


def token_losses(model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
    """Negative log-likelihoods [S] in nats, in 32 bits."""
    logits = token_logits(model, sequence, autocast)
    return torch.nn.functional.cross_entropy(logits, sequence.loss_targets, reduction="none")


def token_logits(model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
    """Logits [S, vocabulary] at the supervised places, in 32 bits; others are not computed.

    Without an attention mask transformers keeps rows apart by their positions, or by their lengths where those are
    told; `packing_error` makes sure of it. With a prefix it takes all of a sequence for one row, so that each row gets
    a pass of its own.
    """
    passes = [sequence] if prefix_length(model) == 0 else rows_of(sequence)
    with autocast:
        logits: list[torch.Tensor] = [
            forward(
                model,
                part.tokens[None],
                part.positions[None],
                logits_to_keep=part.loss_positions,
                use_cache=False,
                **apart(model, part),
            ).logits[0]
            for part in passes
        ]
    return torch.cat(logits).float()


def apart(model: torch.nn.Module, sequence: Sequence) -> dict[str, Any]:
    """Options of a pass without a prefix, by which rows are computed apart; with one a row has a pass of its own."""
    return {} if prefix_length(model) > 0 else row_options(base_of(model).config, sequence.positions)


def rows_of(sequence: Sequence) -> list[Sequence]:
    """Each row that has supervised places as a sequence of its own; the places are in the order of the rows."""
    starts = (sequence.positions == 0).nonzero().flatten().tolist()
    rows: list[Sequence] = []
    for start, end in zip(starts, [*starts[1:], len(sequence.tokens)], strict=True):
        own = (sequence.loss_positions >= start) & (sequence.loss_positions < end)
        if bool(own.any()):
            places = sequence.loss_positions[own] - start
            targets = sequence.loss_targets[own]
            rows.append(Sequence(sequence.tokens[start:end], sequence.positions[start:end], places, targets))
    return rows


def segment_ids(sequence: Sequence) -> torch.Tensor:
    """The segment [T] that each token lies in, counting from 0: positions begin anew with each."""
    return (sequence.positions == 0).cumsum(0) - 1


def segment_ends(sequence: Sequence) -> torch.Tensor:
    """The last place of each segment."""
    starts = (sequence.positions == 0).nonzero().flatten()
    return torch.cat([starts[1:], starts.new_tensor([len(sequence.tokens)])]) - 1


@torch.no_grad()
def packing_error(compute: Callable[[Sequence], torch.Tensor], vocabulary: int, device: torch.device) -> float:
    """How far a row's numbers are from its numbers beside another row, over their size; rightly nearly 0.

    `compute` gives numbers at the supervised places of a sequence.
    """

    def losses(tokens: list[int], lengths: list[int], places: list[int]) -> torch.Tensor:
        positions = [place for length in lengths for place in range(length)]
        arrays = [torch.tensor(values, device=device) for values in (tokens, positions, places)]
        targets = torch.zeros(len(places), dtype=torch.long, device=device)
        return compute(Sequence(arrays[0], arrays[1], arrays[2], targets))

    first = [(7 * i + 1) % vocabulary for i in range(5)]
    second = [(11 * i + 3) % vocabulary for i in range(4)]
    alone = losses(second, [4], [0, 1, 2, 3])
    beside = losses(first + second, [5, 4], [5, 6, 7, 8])
    return float(((alone - beside).abs() / (1 + alone.abs())).max())
