"""LoRA's layers in fewer passes over activations than PEFT's own: what adapters add is never laid down by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from .few_rows import linear_of
from .model import lora_layers
from .plan import Plan

#: PEFT's name of the only adapter.
ADAPTER = "default"


def fuse_lora(model: torch.nn.Module, plan: Plan) -> None:
    """Gives plain layers the fused pass; those that do more (dropout, DoRA, 4 bits, shards) keep PEFT's."""
    lora = plan.lora
    if lora is None or lora.dropout > 0 or lora.use_dora or plan.quantization is not None or plan.sharding is not None:
        return
    for layer in lora_layers(model).values():
        if type(layer.get_base_layer()) is torch.nn.Linear:
            layer.forward = partial(fused_forward, layer)


def fused_forward(layer: Any, states: torch.Tensor) -> torch.Tensor:
    """The layer's output for states [..., in], in the precision that autocast or the states have."""
    base = layer.get_base_layer()
    down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
    device = states.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else states.dtype
    apply = FusedLora.apply if torch.is_grad_enabled() else without_graph
    output: torch.Tensor = apply(states.to(dtype), base.weight, base.bias, down, up, layer.scaling[ADAPTER])
    return output


def without_graph(*given: Any) -> torch.Tensor:
    """The layer's output alone: for a single token keeping a graph would take as long as the adapter itself."""
    return fused_product(*given)[0]


def fused_product(
    states: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    down: torch.Tensor,
    up: torch.Tensor,
    scaling: float,
) -> tuple[torch.Tensor, ...]:
    """The output for states [..., in]; then what a backward pass wants: states [places, in], weights, and x Aᵀ."""
    dtype, width = states.dtype, states.shape[-1]
    weight, down, up = weight.to(dtype), down.to(dtype), up.to(dtype)
    flat = states.reshape(-1, width)
    inner = flat @ down.T
    output = linear_of(flat, weight, None if bias is None else bias.to(dtype))
    output.addmm_(inner, up.T, alpha=scaling)
    return output.view(*states.shape[:-1], -1), flat, weight, down, up, inner


class FusedLora(torch.autograd.Function):
    """x Wᵀ + b + scaling · x Aᵀ Bᵀ, of which A and B are trained (Hu et al. 2021, arXiv:2106.09685)."""

    @staticmethod
    def forward(context: Any, *given: Any) -> torch.Tensor:
        """As `fused_product`."""
        output, *kept = fused_product(*given)
        context.save_for_backward(*kept)
        context.scaling = given[-1]
        return output

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of states, A and B, these in their own precision."""
        flat, weight, down, up, inner = context.saved_tensors
        [gradient] = gradients
        scaling: float = context.scaling
        given = gradient.reshape(-1, gradient.shape[-1])
        through = (given @ up).mul_(scaling)
        of_states = None
        if context.needs_input_grad[0]:
            of_states = (given @ weight).addmm_(through, down).view(*gradient.shape[:-1], -1)
        of_down = (through.T @ flat).float()
        of_up = (given.T @ inner).mul_(scaling).float()
        return of_states, None, None, of_down, of_up, None
