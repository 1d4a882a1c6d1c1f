"""The rows of a step as the trainer lays them out, and one forward pass over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from .attention import looks_back_over
from .layout import lay_out, row_bounds
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
    """Two rows without meaning of so many tokens each, a pair to some objectives and answers to others."""
    zeros = torch.zeros(2 * length, dtype=torch.long, device=device)
    places = torch.arange(2 * length, device=device)
    return Sequence(zeros, places % length, places[::length], zeros[:2], torch.zeros(2, device=device))


def token_logits(model: torch.nn.Module, sequence: Sequence, autocast: torch.autocast) -> torch.Tensor:
    """Logits [S, vocabulary] at the supervised places, in 32 bits; others are not computed."""
    with autocast:
        logits = [run_pass(model, part) for part in passes_of(model, sequence)]
    return torch.cat(logits).float()


def passes_of(model: torch.nn.Module, sequence: Sequence) -> list[Sequence]:
    """What goes through the model in one pass each.

    Without an attention mask transformers keeps rows apart by their positions, or by their layout where that is
    told; `packing_error` makes sure of it. With a prefix it takes all of a sequence for one row, so that each row gets
    a pass of its own.
    """
    return [sequence] if prefix_length(model) == 0 else rows_of(sequence)


def run_pass(model: torch.nn.Module, part: Sequence) -> torch.Tensor:
    """What the head gives at the supervised places [S, …]."""
    laid, options = for_pass(model, part)
    keep = laid.loss_positions
    made: torch.Tensor = forward(model, laid.tokens[None], laid.positions[None], logits_to_keep=keep, **options).logits
    return made[0]


def for_pass(model: torch.nn.Module, sequence: Sequence) -> tuple[Sequence, dict[str, Any]]:
    """The sequence as a pass takes it, and options of the pass, by which rows are computed apart.

    On the CPU each row has an attention of its own, and what rows share is computed once; GPUs want few and large
    pieces. With a prefix a row has a pass of its own, which needs nothing.
    """
    options: dict[str, Any] = {"use_cache": False}
    config = base_of(model).config
    rows = row_bounds(sequence.positions)
    if prefix_length(model) > 0 or sequence.positions.device.type != "cpu" or not looks_back_over(config, rows):
        return sequence, options
    tokens, places = sequence.tokens.tolist(), sequence.loss_positions.tolist()
    # Each supervised place stays a place of its own, and each row has one.
    firsts = [next((place for place in places if place >= start), end) - start for start, end in rows]
    limits = [min(first, end - start - 1) for first, (start, end) in zip(firsts, rows, strict=True)]
    alone = not can_share(model)
    layout = lay_out([tokens[start:end] for start, end in rows], [0] * len(rows) if alone else limits)
    kept = torch.cat([torch.arange(end - own, end) for own, (_, end) in zip(layout.own, rows, strict=True)])
    moved = torch.searchsorted(kept, sequence.loss_positions)
    laid = replace(sequence, tokens=sequence.tokens[kept], positions=sequence.positions[kept], loss_positions=moved)
    return laid, {**options, "row_layout": layout}


def rows_of(sequence: Sequence) -> list[Sequence]:
    """Each row that has supervised places as a sequence of its own; the places are in the order of the rows."""
    rows: list[Sequence] = []
    for start, end in row_bounds(sequence.positions):
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
    return sequence.positions.new_tensor([end - 1 for _, end in row_bounds(sequence.positions)])


@torch.no_grad()
def packing_error(
    compute: Callable[[Sequence], torch.Tensor], vocabulary: int, device: torch.device, shared: int = 0
) -> float:
    """How far a row's numbers are from its numbers beside another row, over their size; rightly nearly 0.

    `compute` gives numbers at the supervised places of a sequence. The rows begin with `shared` tokens in common.
    """

    def losses(tokens: list[int], lengths: list[int], places: list[int]) -> torch.Tensor:
        positions = [place for length in lengths for place in range(length)]
        arrays = [torch.tensor(values, device=device) for values in (tokens, positions, places)]
        targets = torch.zeros(len(places), dtype=torch.long, device=device)
        return compute(Sequence(arrays[0], arrays[1], arrays[2], targets))

    both = [(5 * i + 2) % vocabulary for i in range(shared)]
    first = both + [(7 * i + 1) % vocabulary for i in range(5)]
    second = both + [(11 * i + 3) % vocabulary for i in range(4)]
    places = range(shared, len(second))
    alone = losses(second, [len(second)], [*places])
    beside = losses(first + second, [len(first), len(second)], [len(first) + place for place in places])
    return float(((alone - beside).abs() / (1 + alone.abs())).max())


#: What a model has where it was seen that its rows come out right when they share their beginnings.
SHARES = "shares_beginnings"


def can_share(model: torch.nn.Module) -> bool:
    """As `can_share_in_training`, without thinking of dropout where none is on."""
    return can_share_in_training(model) if model.training else getattr(base_of(model), SHARES, False)


def can_share_in_training(model: torch.nn.Module) -> bool:
    """Not where each place of each row has a mask of dropout of its own, where each row has a pass of its own behind a
    prefix, nor where it was not tried."""
    if prefix_length(model) > 0 or any(isinstance(part, torch.nn.Dropout) and part.p > 0 for part in model.modules()):
        return False
    return getattr(base_of(model), SHARES, False)
