"""Gated layers that keep less for the backward pass: what follows from gate and up is made from them again there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

#: Parts of a gated layer in transformers: down(act(gate(x)) · up(x)) (Shazeer 2020, arXiv:2002.05202).
PARTS = ("gate_proj", "up_proj", "down_proj", "act_fn")


def remake_gated(model: torch.nn.Module) -> None:
    """Gives gated layers a pass that keeps two tensors of their inner width in place of four.

    The numbers are the same to the bit. Layers that compute something else than the formula keep their own pass.
    """
    known: dict[type[torch.nn.Module], bool] = {}
    for layer in model.modules():
        if not all(hasattr(layer, part) for part in PARTS):
            continue
        if type(layer) not in known:
            known[type(layer)] = is_gated(layer)
        if known[type(layer)]:
            layer.forward = partial(remaking_forward, layer)


@torch.no_grad()
def is_gated(layer: Any) -> bool:
    """Whether the layer's own pass gives what the formula gives."""
    weight = next(layer.parameters())
    # Weights in 4 bits lie in bytes.
    dtype = weight.dtype if weight.dtype.is_floating_point else torch.float32
    states = torch.linspace(-1, 1, layer.gate_proj.in_features, device=weight.device).to(dtype)[None]
    own: torch.Tensor = layer(states)
    return torch.equal(own, layer.down_proj(layer.act_fn(layer.gate_proj(states)) * layer.up_proj(states)))


def remaking_forward(layer: Any, states: torch.Tensor) -> torch.Tensor:
    """The layer's output for states [..., width]."""
    gate, up = layer.gate_proj(states), layer.up_proj(states)
    if not torch.is_grad_enabled():
        output: torch.Tensor = layer.down_proj(layer.act_fn(gate) * up)
        return output
    known_gate, known_up = gate.detach(), up.detach()
    remade: dict[int, Callable[[], torch.Tensor]] = {}

    def keep(values: torch.Tensor) -> torch.Tensor | Callable[[], torch.Tensor]:
        make, shape = remade.get(values.data_ptr()), values.shape
        if make is None or values.numel() != gate.numel() or not values.is_contiguous():
            return values.detach()
        return lambda: make().view(shape)

    with torch.autograd.graph.saved_tensors_hooks(keep, give):
        active = layer.act_fn(gate)
        remade[active.data_ptr()] = lambda: layer.act_fn(known_gate)
        inner = active * up
        remade[inner.data_ptr()] = lambda: layer.act_fn(known_gate) * known_up
        result: torch.Tensor = layer.down_proj(inner)
    return result


@torch.no_grad()
def give(kept: torch.Tensor | Callable[[], torch.Tensor]) -> torch.Tensor:
    """What was kept for the backward pass, or made anew."""
    return kept() if callable(kept) else kept
