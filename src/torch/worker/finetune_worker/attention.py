"""Attention of rows that lie in one sequence: each by itself, so that no time goes into masked pairs of places."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from .layout import Layout

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
    row_layout: Layout | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' own attention [1, T, heads, width] for each row of a layout, or for all places with the mask.

    The layout comes as an argument of the pass, which layers hand on also where they are computed again for the
    backward pass. A model that does not hand it on has the mask, which knows of rows, but not of what they share.
    """
    whole: tuple[torch.Tensor, None]
    if row_layout is None or query.shape[2] != sum(row_layout.own) or key.shape[2] != query.shape[2]:
        whole = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return whole
    queries = torch.split(query, row_layout.own, dim=2)
    pieces = [torch.split(states, row_layout.pieces, dim=2) for states in (key, value)]
    outputs: list[torch.Tensor] = []
    # PyTorch's attention on the CPU takes a third of the time in 32 bits on short rows.
    with torch.autocast("cpu", enabled=False):
        for path, own, mask in zip(row_layout.rows, queries, row_layout.masks, strict=True):
            keys, values = (join([parts[i] for i in path]).float() for parts in pieces)
            if mask is None:
                outputs.append(sdpa_attention_forward(module, own.float(), keys, values, None, **options)[0])
            else:
                outputs.append(attend_behind(own.float(), keys, values, mask, options.get("scaling")))
    return torch.cat(outputs, dim=1).to(query.dtype), None


def attend_behind(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, scaling: float | None
) -> torch.Tensor:
    """[1, own, heads, width] of a row's own places, whose beginning other places have computed already.

    Not by transformers' attention, which lays keys and values down once for each head where there is a mask.
    """
    output = scaled_dot_product_attention(query, key, value, mask, scale=scaling, enable_gqa=True)
    return output.transpose(1, 2)


def join(pieces: list[torch.Tensor]) -> torch.Tensor:
    """Places of a row [1, heads, T, width] from its pieces."""
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=2)


def looks_back(config: Any) -> int | None:
    """Places that each one sees in every layer, itself included; None where that is all of its row before it."""
    limits: list[int] = [limit for name in WINDOWS if (limit := getattr(config, name, None)) is not None]
    return min(limits, default=None)


def looks_back_over(config: Any, rows: list[tuple[int, int]]) -> bool:
    """Whether every place sees all of its row before it; the mask knows of those that do not."""
    limit = looks_back(config)
    return limit is None or max(end - start for start, end in rows) <= limit
