"""Linear layers while answers are drawn: copies of their weights, adapters in them, that lie as few rows want it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from .fused_lora import ADAPTER, is_fused
from .model import lora_layers

#: What the copies may need, in bytes: layers of larger models take so long that it would gain little, and there is no
#: room for as much beside them (the trainer counts the copies in torchMemory.ts).
COPIED_BYTES = 640 << 20


@contextmanager
def ready_to_draw(model: torch.nn.Module) -> Iterator[None]:
    """In here a token takes fewer and faster products on the CPU. What they give has no gradient.

    An adapter costs two small products for each layer and token, and products of few rows with a weight [out, in] take
    up to twice as long as with [in, out]. Not in 16 bits, in which what an adapter adds may be lost.
    """
    layers = copied_layers(model)
    before = [vars(layer).get("forward") for layer in layers]
    for layer in layers:
        layer.forward = copied_forward(layer)
    try:
        yield
    finally:
        for layer, own in zip(layers, before, strict=True):
            vars(layer).pop("forward")
            if own is not None:
                layer.forward = own


def copied_layers(model: torch.nn.Module) -> list[Any]:
    """Linear layers that compute nothing else but an adapter, the head among them; none where copies cannot be had."""
    adapted = lora_layers(model).values()
    parts = {part for layer in adapted for part in layer.modules()}
    plain = [layer for layer in model.modules() if type(layer) is torch.nn.Linear and layer not in parts]
    layers = [*(layer for layer in adapted if is_fused(layer)), *plain]
    weights = [base_layer(layer).weight for layer in layers]
    fits = sum(weight.numel() * weight.element_size() for weight in weights) <= COPIED_BYTES
    return layers if fits and all(is_plain(weight) for weight in weights) else []


def is_plain(weight: torch.Tensor) -> bool:
    """Whether the weight lies here whole, in 32 bits."""
    return type(weight.data) is torch.Tensor and weight.device.type == "cpu" and weight.dtype == torch.float32


def base_layer(layer: Any) -> torch.nn.Linear:
    """The linear layer itself, with or without an adapter around it."""
    base: torch.nn.Linear = layer.get_base_layer() if is_fused(layer) else layer
    return base


@torch.no_grad()
def copied_forward(layer: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """The layer's pass from a copy of its weight."""
    base = base_layer(layer)
    turned = base.weight.T
    if is_fused(layer):
        down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
        turned = torch.addmm(turned, down.T, up.T, alpha=layer.scaling[ADAPTER])
    return partial(product, turned.contiguous(), base.bias)


def product(weight: torch.Tensor, bias: torch.Tensor | None, states: torch.Tensor) -> torch.Tensor:
    """States [..., in] times a weight [in, out]."""
    output = states @ weight
    return output if bias is None else output.add_(bias)
