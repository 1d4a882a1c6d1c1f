"""QLoRA by transformers, bitsandbytes and PEFT alone: losses and gradient norms of some steps.

stdin: {model, rows: [{tokens, trainedFrom}], rowsPerStep, learningRate, cases: [{adapter, type, doubleQuant}]}.
Prints a list [[loss, norm], ...] for each case.
"""

import json
import sys

import torch
from peft import PeftModel, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig


def take_steps(request, case):
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
    model = PeftModel.from_pretrained(base, case["adapter"], is_trainable=True)
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=request["learningRate"], weight_decay=0.01)
    taken = []
    for start in range(0, len(request["rows"]), request["rowsPerStep"]):
        rows = request["rows"][start : start + request["rowsPerStep"]]
        count = sum(len(row["tokens"]) - row["trainedFrom"] for row in rows)
        total = 0.0
        for row in rows:
            tokens = torch.tensor([row["tokens"]])
            logits = model(input_ids=tokens).logits[0, :-1]
            losses = torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="none")
            losses = losses[row["trainedFrom"] - 1 :]
            (losses.sum() / count).backward()
            total += float(losses.sum()) / count
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        taken.append([total, float(norm)])
    return taken


torch.set_num_threads(1)
request = json.load(sys.stdin)
print(json.dumps([take_steps(request, case) for case in request["cases"]]))
