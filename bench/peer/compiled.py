"""What torch.compile would gain on this machine, at its best: transformers' own model, one shape, nothing in its way.

    FINETUNE_SMOLLM2=… python bench/peer/compiled.py draw|frozen|learn

draw: a token of 8 rows; frozen: the same with weights as constants, which inductor lays out anew; learn: LoRA's forward and backward
pass over 256 tokens. Prints processor and wall seconds: the least before, the first compiled pass, and the least after it.
"""

import os
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM

torch.set_num_threads(2)
what = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained(os.environ["FINETUNE_SMOLLM2"], dtype=torch.float32).eval()


def clock():
    """Processor seconds of this process and of compilers that have ended, and wall seconds."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime, time.perf_counter()


def least(compute, times):
    taken = []
    for _ in range(times):
        before = clock()
        compute()
        taken.append([after - since for after, since in zip(clock(), before)])
    return " ".join(f"{min(column):.3f}" for column in zip(*taken))


if what == "learn":
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(model, lora).train()
    tokens = torch.arange(256)[None]
else:
    tokens = torch.arange(8)[:, None]


def passes(which):
    if what == "learn":
        which(input_ids=tokens, labels=tokens).loss.backward()
        model.zero_grad()
        return
    with torch.no_grad():
        which(input_ids=tokens, use_cache=False)


times = 4 if what == "learn" else 10
print("eager", least(lambda: passes(model), times))
if what == "frozen":
    import torch._inductor.config

    torch._inductor.config.freezing = True
compiled = torch.compile(model, dynamic=False)
print("first", least(lambda: passes(compiled), 1), flush=True)
print("compiled", least(lambda: passes(compiled), times))
