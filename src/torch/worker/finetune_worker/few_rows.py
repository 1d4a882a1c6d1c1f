"""Products of a few rows with a weight on the CPU, such as each token of several answers takes with all weights."""

from __future__ import annotations

from functools import partial

import torch
from torch.nn.functional import linear

#: Rows for which MKL takes longer than for sixteen; with fewer than these it streams the weight as it should.
FEWEST, MOST = 4, 15

#: Rows of a weight in a block, as many as divide it.
BLOCKS = (96, 64)


def speed_few_rows(model: torch.nn.Module) -> None:
    """Lets plain linear layers on the CPU compute few rows by `linear_of`, where no gradient is wanted."""
    for layer in model.modules():
        if type(layer) is torch.nn.Linear and layer.weight.device.type == "cpu":
            vars(layer)["forward"] = partial(forward, layer)


def forward(layer: torch.nn.Linear, states: torch.Tensor) -> torch.Tensor:
    """The layer's output for states [..., in]."""
    product = linear if torch.is_grad_enabled() else linear_of
    return product(states, layer.weight, layer.bias)


def linear_of(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """States [..., in] times a weight [out, in], and a bias: few rows with one block of the weight after another.

    For 4 to 15 rows in 32 bits that takes a quarter to half less time than the product as a whole
    (docs/decisions/shared-beginnings.md).
    """
    size = block_of(states, weight)
    if size is None:
        return linear(states, weight, bias)
    flat = states.reshape(-1, states.shape[-1])
    blocks = weight.view(-1, size, weight.shape[1]).transpose(1, 2)
    parts = torch.bmm(flat.expand(len(blocks), *flat.shape), blocks)
    output = parts.transpose(0, 1).reshape(*states.shape[:-1], -1)
    return output if bias is None else output.add_(bias)


def block_of(states: torch.Tensor, weight: torch.Tensor) -> int | None:
    """Rows of the weight in a block; None where the product is better off as a whole."""
    rows = states.numel() // states.shape[-1]
    is_plain = weight.device.type == "cpu" and states.dtype == weight.dtype == torch.float32 and weight.is_contiguous()
    if not FEWEST <= rows <= MOST or not is_plain or torch.is_autocast_enabled("cpu"):
        return None
    return next((size for size in BLOCKS if weight.shape[0] % size == 0), None)
