"""Tiny random models of every family with adapters that PEFT made, and what PEFT computes with them.

argv: the folder to write to. Each model (see architectures.py) gets the folders `dora`, `prefix` and `projected`, written by
save_pretrained, each with logprobs-<row>.bin (float32, [tokens, vocabulary]) for each row of ids. Prints the models with
their rows and, for each adapter, the likeliest tokens behind each row as JSON.
"""

import json
import sys
from copy import deepcopy
from pathlib import Path

import torch
from peft import LoraConfig, PrefixTuningConfig, get_peft_model

from architectures import CASES, make

# More places than the smallest windows, and few enough that no row leaves a model's context.
PLACES = 5
NEW_TOKENS = 3


def adapters(config):
    prefix = dict(task_type="CAUSAL_LM", num_virtual_tokens=PLACES)
    return {
        "dora": LoraConfig(
            task_type="CAUSAL_LM", r=3, lora_alpha=5, target_modules="all-linear", use_dora=True, use_rslora=True,
            fan_in_fan_out=config.model_type == "gpt2",
        ),
        "prefix": PrefixTuningConfig(**prefix),
        "projected": PrefixTuningConfig(**prefix, prefix_projection=True, encoder_hidden_size=7),
    }


def randomise(model):
    """Far from the usual start: B is not 0, lengths are not those of the weights, and a prefix is seen by everyone."""
    generator = torch.Generator().manual_seed(3)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        with torch.no_grad():
            if "lora_magnitude_vector" in name:
                parameter.mul_(1 + 0.3 * noise)
            elif "lora_" in name:
                parameter.copy_(0.5 * noise)
            elif "prompt_encoder" in name:
                parameter.copy_(noise)


@torch.no_grad()
def likeliest(model, row):
    found = []
    for _ in range(NEW_TOKENS):
        found.append(int(model(input_ids=torch.tensor([row + found])).logits[0, -1].argmax()))
    return found


def main():
    out = Path(sys.argv[1])
    made = []
    for i, (name, fields) in enumerate(CASES.items()):
        base, case = make(name, fields, out / str(i))
        tokens = {}
        for kind, config in adapters(base.config).items():
            model = get_peft_model(deepcopy(base), config).eval()
            randomise(model)
            folder = out / str(i) / kind
            model.save_pretrained(folder)
            for r, row in enumerate(case["rows"]):
                with torch.no_grad():
                    logits = model(input_ids=torch.tensor([row])).logits[0].float()
                (folder / f"logprobs-{r}.bin").write_bytes(logits.log_softmax(-1).contiguous().numpy().tobytes())
            tokens[kind] = [likeliest(model, row) for row in case["rows"]]
        made.append(case | {"tokens": tokens})
    print(json.dumps(made))


main()
