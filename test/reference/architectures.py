"""Makes tiny random models of every family and their logits.

argv: the folder to write to. Each case becomes a folder with what save_pretrained writes (config.json in the style of
transformers 5, model.safetensors), hub.json (the config as files on the hub have it, style 4.x), and one
logits-<row>.bin (float32, [tokens, vocabulary]) for each row of ids. Prints the cases with their ids as JSON.
"""

import json
import sys
from copy import deepcopy
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.utils import logging

logging.set_verbosity_error()
torch.set_num_threads(1)

VOCAB = 61
# Longer and shorter than the windows and original context lengths below.
ROWS = [24, 9]

base = dict(
    vocab_size=VOCAB,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    tie_word_embeddings=False,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
    torch_dtype="float32",
)


def llama(**fields):
    return dict(base, model_type="llama", hidden_act="silu", rms_norm_eps=1e-5, rope_theta=10000.0) | fields


def mistral(**fields):
    return dict(base, model_type="mistral", hidden_act="silu", rms_norm_eps=1e-5, rope_theta=10000.0) | fields


def qwen2(**fields):
    return dict(base, model_type="qwen2", hidden_act="silu", rms_norm_eps=1e-6, rope_theta=1000000.0) | fields


def qwen3(**fields):
    return dict(qwen2(), model_type="qwen3", head_dim=16) | fields


def phi3(**fields):
    return dict(base, model_type="phi3", hidden_act="silu", rope_theta=10000.0) | fields


def gemma(**fields):
    return dict(base, model_type="gemma", hidden_act="gelu", head_dim=16, tie_word_embeddings=True) | fields


def gemma2(**fields):
    own = dict(model_type="gemma2", hidden_activation="gelu_pytorch_tanh", query_pre_attn_scalar=24, sliding_window=5)
    return dict(gemma(), **own) | fields


def gemma3(**fields):
    own = dict(model_type="gemma3_text", num_hidden_layers=4, rope_theta=1000000.0, rope_local_base_freq=10000.0)
    return dict(gemma2(), sliding_window_pattern=2, **own) | fields


def gpt2(**fields):
    return dict(
        model_type="gpt2", vocab_size=VOCAB, n_positions=32, n_embd=32, n_layer=3, n_head=4, bos_token_id=1, eos_token_id=2
    ) | fields


llama3 = dict(
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=16,
)
longrope = dict(
    type="longrope", short_factor=[1.0, 1.1, 1.3, 1.4], long_factor=[1.0, 1.7, 2.5, 4.0]
)
phi4_rope = dict(type="longrope", short_factor=[1.0, 1.2, 1.4], long_factor=[1.0, 2.5, 4.0])

CASES = {
    "llama": llama(),
    "llama tied, one key head": llama(tie_word_embeddings=True, num_key_value_heads=1),
    "llama biases, all heads": llama(attention_bias=True, mlp_bias=True, num_key_value_heads=4, head_dim=12),
    "llama gelu": llama(hidden_act="gelu"),
    "llama linear rope": llama(rope_scaling=dict(type="linear", factor=4.0)),
    "llama dynamic rope": llama(rope_scaling=dict(type="dynamic", factor=2.0), max_position_embeddings=16),
    "llama llama3 rope": llama(rope_scaling=llama3),
    "llama yarn rope": llama(rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)),
    "llama yarn rope, further fields": llama(
        rope_scaling=dict(
            rope_type="yarn", factor=4.0, original_max_position_embeddings=16,
            beta_fast=8.0, beta_slow=0.5, mscale=0.7, mscale_all_dim=0.4, truncate=False,
        ),
        head_dim=32,
    ),
    "llama longrope": llama(rope_scaling=dict(longrope, factor=4.0, original_max_position_embeddings=16)),
    "mistral": mistral(sliding_window=None),
    "mistral window": mistral(sliding_window=5),
    "mistral head_dim": mistral(sliding_window=64, head_dim=12),
    "qwen2": qwen2(),
    "qwen2 tied window": qwen2(use_sliding_window=True, sliding_window=5, max_window_layers=1, tie_word_embeddings=True),
    "qwen2 layer_types": qwen2(
        use_sliding_window=True, sliding_window=4,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    "qwen2 yarn": qwen2(rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=16)),
    "qwen3": qwen3(),
    "qwen3 tied, biases": qwen3(tie_word_embeddings=True, attention_bias=True, num_key_value_heads=4),
    "qwen3 window": qwen3(use_sliding_window=True, sliding_window=6, max_window_layers=2),
    "phi3": phi3(sliding_window=None),
    "phi3 window, all heads": phi3(sliding_window=5, num_key_value_heads=4),
    "phi3 longrope": phi3(rope_scaling=longrope, original_max_position_embeddings=16),
    "phi4-mini": phi3(
        rope_scaling=phi4_rope, original_max_position_embeddings=16, partial_rotary_factor=0.75, tie_word_embeddings=True
    ),
    "gemma": gemma(),
    "gemma one key head": gemma(num_key_value_heads=1, hidden_activation="gelu_pytorch_tanh", hidden_act="gelu_pytorch_tanh"),
    "gemma2": gemma2(),
    "gemma2 no caps, odd window": gemma2(attn_logit_softcapping=None, final_logit_softcapping=None, sliding_window=3),
    "gemma2 strong caps": gemma2(attn_logit_softcapping=1.5, final_logit_softcapping=2.0),
    "gemma3_text": gemma3(),
    "gemma3_text linear rope": gemma3(rope_scaling=dict(rope_type="linear", factor=8.0), final_logit_softcapping=3.0),
    "gemma3_text layer_types": gemma3(
        layer_types=["full_attention", "sliding_attention", "sliding_attention", "full_attention"]
    ),
    "gpt2": gpt2(),
    "gpt2 exact gelu, untied": gpt2(activation_function="gelu", tie_word_embeddings=False, n_inner=40),
    "gpt2 scaled by layer": gpt2(scale_attn_by_inverse_layer_idx=True, scale_attn_weights=False),
}


def randomise(model):
    """Weights far from the usual start, so that every part of the model shows in the logits."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        with torch.no_grad():
            if parameter.dim() == 1:
                parameter.add_(0.3 * noise)
            elif "embed" in name or ".wte" in name or ".wpe" in name:
                parameter.copy_(noise)
            else:
                parameter.copy_(1.5 * noise / parameter.shape[1] ** 0.5)


def save_logits(model, folder):
    generator = torch.Generator().manual_seed(2)
    rows = [torch.randint(VOCAB, (length,), generator=generator) for length in ROWS]
    for i, row in enumerate(rows):
        with torch.no_grad():
            logits = model(input_ids=row[None]).logits[0]
        (folder / f"logits-{i}.bin").write_bytes(logits.float().contiguous().numpy().tobytes())
    return [row.tolist() for row in rows]


def make(name, fields, folder):
    config = CONFIG_MAPPING[fields["model_type"]].from_dict(deepcopy(fields))
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    randomise(model)
    folder.mkdir(parents=True)
    (folder / "hub.json").write_text(json.dumps(fields))
    model.save_pretrained(folder)
    return model, dict(name=name, folder=str(folder), rows=save_logits(model, folder))


def main():
    out = Path(sys.argv[1])
    cases, models = [], {}
    for i, (name, fields) in enumerate(CASES.items()):
        models[name], case = make(name, fields, out / str(i))
        cases.append(case)

    # The same models under the names that other files have.
    for kind, source, rename in [
        ("gpt2 as first published", "gpt2", lambda n: n.removeprefix("transformer.")),
        ("llama without a head", "llama tied, one key head", lambda n: n.removeprefix("model.")),
        ("gemma3 as first published", "gemma3_text", lambda n: "language_model." + n),
        ("gemma3 as transformers 5 saves it", "gemma3_text", lambda n: n.replace("model.", "model.language_model.")),
    ]:
        folder = out / kind.replace(" ", "-")
        folder.mkdir()
        state = {n: t for n, t in models[source].state_dict().items() if n != "lm_head.weight"}
        save_file({rename(n): t.clone() for n, t in state.items()}, folder / "model.safetensors")
        fields = CASES[source]
        if kind.startswith("gemma3"):
            fields = dict(model_type="gemma3", text_config=fields, vision_config=dict(hidden_size=8))
        if kind.startswith("gpt2"):
            extra = {f"h.{i}.attn.bias": torch.ones(1, 1, 32, 32) for i in range(3)}
            save_file({rename(n): t.clone() for n, t in state.items()} | extra, folder / "model.safetensors")
        for file in ("hub.json", "config.json"):
            (folder / file).write_text(json.dumps(fields))
        cases.append(dict(name=kind, folder=str(folder), rows=save_logits(models[source], folder)))

    print(json.dumps(cases))


if __name__ == "__main__":
    main()
