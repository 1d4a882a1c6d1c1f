"""Frozen linear layers in 4 bits (QLoRA, Dettmers et al. 2023, arXiv:2305.14314), by bitsandbytes."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import PreTrainedModel

from .plan import QuantizationPlan


def load_bitsandbytes() -> None:
    """Imports bitsandbytes where it is installed. Do it before PEFT makes layers for weights in 4 bits.

    It has a few functions compiled for devices without kernels of their own; loading the compiler takes longer than
    all the rest of a start, and the functions do the same uncompiled.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        return
    compile_function = torch.compile
    setattr(torch, "compile", uncompiled)  # noqa: B010
    try:
        importlib.import_module("bitsandbytes")
    finally:
        setattr(torch, "compile", compile_function)  # noqa: B010


def uncompiled(function: Any = None, **_options: Any) -> Any:
    """`torch.compile` that leaves functions as they are, also as a decorator with options."""
    return uncompiled if function is None else function


@contextmanager
def without_bitsandbytes() -> Iterator[None]:
    """PEFT imports bitsandbytes for every adapter, which takes seconds; in here it finds none, unless it is loaded."""
    if sys.modules.get("bitsandbytes") is not None:
        yield
        return
    sys.modules["bitsandbytes"] = None  # type: ignore[assignment]
    try:
        ask_again_for_bitsandbytes()
        yield
    finally:
        del sys.modules["bitsandbytes"]
        ask_again_for_bitsandbytes()


def ask_again_for_bitsandbytes() -> None:
    """PEFT remembers whether there is one."""
    found: Any = importlib.import_module("peft.import_utils")
    for name in ("is_bnb_available", "is_bnb_4bit_available"):
        getattr(found, name).cache_clear()


def quantize(model: PreTrainedModel, plan: QuantizationPlan, compute: torch.dtype) -> None:
    """Every linear layer but the head, for tokens or for scores; norms, embeddings and the head stay as they are.

    The weights become 4 bits when the model is moved to its device.
    """
    load_bitsandbytes()
    layers: Any = importlib.import_module("bitsandbytes.nn")

    heads = (model.get_output_embeddings(), getattr(model, "score", None))
    for name, layer in list(model.named_modules()):
        if not isinstance(layer, torch.nn.Linear) or layer in heads:
            continue
        quantized: Any = layers.Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=layer.bias is not None,
            compute_dtype=compute,
            compress_statistics=plan.double_quant,
            quant_type=plan.kind,
            device="meta",
        )
        quantized.weight = layers.Params4bit(
            layer.weight.data,
            requires_grad=False,
            compress_statistics=plan.double_quant,
            quant_type=plan.kind,
        )
        quantized.bias = layer.bias
        # On CPUs with avx512_bf16 a forward pass for evaluation lays the weights out anew, and what comes after it
        # (gradients, merging) reads them as if they were in the old order.
        quantized.support_avx512bf16_for_cpu = False
        model.set_submodule(name, quantized)
    # What PEFT looks for when it chooses its layer for 4-bit weights.
    setattr(model, "is_loaded_in_4bit", True)  # noqa: B010


def quantized_layers(model: torch.nn.Module) -> list[Any]:
    """The layers whose weights are in 4 bits; PEFT's layers around them hand on the same weights."""
    return [module for module in model.modules() if type(module).__module__.startswith("bitsandbytes.")]
