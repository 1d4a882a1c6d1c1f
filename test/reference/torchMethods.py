"""Adapters by transformers, bitsandbytes and PEFT alone: losses and gradient norms of some steps.

stdin: {model, rows: [{tokens, trainedFrom}], rowsPerStep, learningRate, weightDecay, cases, finished}. A case is {adapter}
with {type, doubleQuant} for a base in 4 bits, {loraPlusRatio} for LoRA+ and {encoder}, a file beside the adapter, for what
makes a prefix; everything else stands in the adapter's own config. `finished` are folders of prefixes that are only used.
Prints {cases: [{lengths, steps: [[loss, norm], ...]}], finished: [{losses, tokens, packedError}]}; `lengths` says whether
PEFT found DoRA's lengths.
"""

import json
import sys

import torch
from peft import PeftConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, BitsAndBytesConfig


def open_prefix_encoder(request, case):
    config = PeftConfig.from_pretrained(case["adapter"])
    config.inference_mode = False
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(request["model"], dtype=torch.float32), config)
    stored = load_file(f"{case['adapter']}/{case['encoder']}")
    encoder = {name.removeprefix("prompt_encoder."): tensor for name, tensor in stored.items()}
    model.prompt_encoder["default"].load_state_dict(encoder)
    return model


def open_model(request, case):
    if "encoder" in case:
        return open_prefix_encoder(request, case)
    if "type" not in case:
        base = AutoModelForCausalLM.from_pretrained(request["model"], dtype=torch.float32)
        return PeftModel.from_pretrained(base, case["adapter"], is_trainable=True)
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=case["type"],
        bnb_4bit_use_double_quant=case["doubleQuant"],
        bnb_4bit_compute_dtype=torch.float32,
    )
    base = AutoModelForCausalLM.from_pretrained(
        request["model"], quantization_config=quantization, dtype=torch.float32, device_map={"": "cpu"}
    )
    base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=False)
    return PeftModel.from_pretrained(base, case["adapter"], is_trainable=True)


def optimizer_of(model, trained, request, case):
    rate, decay = request["learningRate"], request["weightDecay"]
    if "loraPlusRatio" in case:
        ratio = case["loraPlusRatio"]
        return create_loraplus_optimizer(
            model, torch.optim.AdamW, lr=rate, loraplus_lr_ratio=ratio, loraplus_weight_decay=decay, weight_decay=decay
        )
    tables = {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    decaying = [p for p in trained if p.dim() > 1 and id(p) not in tables]
    others = [p for p in trained if p.dim() == 1 or id(p) in tables]
    groups = [{"params": decaying, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=rate)


def take_steps(request, case):
    model = open_model(request, case)
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = optimizer_of(model, trained, request, case)
    steps = []
    for start in range(0, len(request["rows"]), request["rowsPerStep"]):
        rows = request["rows"][start : start + request["rowsPerStep"]]
        count = sum(len(row["tokens"]) - row["trainedFrom"] for row in rows)
        total = 0.0
        for row in rows:
            losses = row_losses(model, row)
            (losses.sum() / count).backward()
            total += float(losses.sum()) / count
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        steps.append([total, float(norm)])
    return {"lengths": any("lora_magnitude" in name for name, _ in model.named_parameters()), "steps": steps}


def row_losses(model, row):
    tokens = torch.tensor([row["tokens"]])
    logits = model(input_ids=tokens).logits[0, :-1]
    losses = torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="none")
    return losses[row["trainedFrom"] - 1 :]


@torch.no_grad()
def use_prefix(request, folder):
    """Losses of the first four rows, six tokens after the first, and the second row's losses when packed beside the first."""
    base = AutoModelForCausalLM.from_pretrained(request["model"], dtype=torch.float32)
    model = PeftModel.from_pretrained(base, folder).eval()
    rows = request["rows"][:4]
    losses = [float(row_losses(model, row).sum()) for row in rows]
    prompt = torch.tensor([rows[0]["tokens"]])
    tokens = []
    for _ in range(6):
        tokens.append(int(model(input_ids=prompt).logits[0, -1].argmax()))
        prompt = torch.cat([prompt, torch.tensor([tokens[-1:]])], dim=1)
    first, second = rows[0]["tokens"], rows[1]["tokens"]
    positions = torch.tensor([[*range(len(first)), *range(len(second))]])
    together = model(input_ids=torch.tensor([first + second]), position_ids=positions).logits[0, len(first) :]
    alone = model(input_ids=torch.tensor([second])).logits[0]
    return {"losses": losses, "tokens": tokens, "packedError": float((together - alone).abs().max())}


torch.set_num_threads(1)
request = json.load(sys.stdin)
cases = [take_steps(request, case) for case in request["cases"]]
print(json.dumps({"cases": cases, "finished": [use_prefix(request, folder) for folder in request["finished"]]}))
