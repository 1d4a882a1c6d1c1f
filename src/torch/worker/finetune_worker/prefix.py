"""Prefix tuning (Li & Liang 2021, arXiv:2101.00190) by PEFT: trained keys and values before every row."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PreTrainedModel

from .plan import PrefixPlan
from .quantization import without_bitsandbytes

#: What PEFT puts before the names of the prefix's own parameters.
PEFT_ENCODER = "prompt_encoder.default."

#: What such names begin with in checkpoints.
ENCODER = "prompt_encoder."


def add_prefix(model: PreTrainedModel, plan: PrefixPlan) -> torch.nn.Module:
    """PEFT's encoder in front of every layer. Its first values are replaced by the trainer's."""
    with without_bitsandbytes():
        from peft import PrefixTuningConfig, get_peft_model

        config = PrefixTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=plan.virtual_tokens,
            prefix_projection=plan.projection,
            encoder_hidden_size=plan.encoder_size,
        )
        prefixed: torch.nn.Module = get_peft_model(model, config)
    return prefixed


def encoder_of(model: torch.nn.Module) -> Any:
    """What makes the prefix; None for a model without."""
    encoders: Any = getattr(model, "prompt_encoder", None)
    return None if encoders is None else encoders["default"]


def prefix_length(model: torch.nn.Module) -> int:
    """Places of keys and values before each row; 0 without a prefix."""
    encoder = encoder_of(model)
    return 0 if encoder is None else int(encoder.embedding.num_embeddings)


@torch.no_grad()
def finished_prefix(model: torch.nn.Module) -> torch.Tensor:
    """Keys and values of all layers [places, 2 * layers * width]: what is left of the encoder when training is over."""
    made: torch.Tensor = encoder_of(model)(torch.arange(prefix_length(model), device=next(model.parameters()).device))
    return made


def forward(
    model: Any,
    tokens: torch.Tensor,
    positions: torch.Tensor,
    mask: torch.Tensor | None = None,
    cache: Any = None,
    **options: Any,
) -> Any:
    """One pass over tokens [rows, T], behind the prefix where the model has one.

    `mask` [rows, places so far] covers what the rows have had themselves, and `cache` is that of an earlier pass.
    PEFT's own pass would put the prefix there once more in each pass that goes on with a cache.
    """
    count = prefix_length(model)
    if count > 0:
        if mask is not None:
            mask = torch.cat([mask.new_ones(len(tokens), count), mask], dim=1)
        positions = positions + count
        cache = model.get_prompt(len(tokens)) if cache is None else cache
        model = model.get_base_model()
    return model(input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache, **options)
