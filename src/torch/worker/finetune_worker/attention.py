"""Attention of rows that lie in one sequence: each by itself, so that no time goes into masked pairs of places."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

#: Fields of a model's config that say how far back a place looks in some of its layers.
WINDOWS = ("sliding_window", "attention_chunk_size")


def attend_by_rows() -> None:
    """From here on `sdpa` is `attention_by_rows` for all of transformers' models."""
    AttentionInterface.register("sdpa", attention_by_rows)


def attention_by_rows(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    row_lengths: list[int] | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' own attention [1, T, heads, width] for each row of `row_lengths`, or for all places with the mask.

    The lengths come as an argument of the pass, which layers hand on also where they are computed again for the
    backward pass. A model that does not hand them on has the mask, which says the same.
    """
    whole: tuple[torch.Tensor, None]
    if row_lengths is None or query.shape[2] != sum(row_lengths) or key.shape[2] != query.shape[2]:
        whole = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return whole
    rows = zip(*(torch.split(states, row_lengths, dim=2) for states in (query, key, value)), strict=True)
    outputs = [sdpa_attention_forward(module, *states, None, **options)[0] for states in rows]
    return torch.cat(outputs, dim=1), None


def row_options(config: Any, positions: torch.Tensor) -> dict[str, Any]:
    """What a pass over a sequence is given besides; positions begin at 0 in every row.

    Nothing on GPUs, whose kernels want few and large pieces, and nothing where a row is longer than the model looks
    back: the mask knows of that.
    """
    if positions.device.type != "cpu":
        return {}
    starts = (positions == 0).nonzero().flatten().tolist()
    lengths = [end - start for start, end in zip(starts, [*starts[1:], len(positions)], strict=True)]
    limits = [limit for name in WINDOWS if (limit := getattr(config, name, None)) is not None]
    return {} if max(lengths) > min(limits, default=max(lengths)) else {"row_lengths": lengths}
