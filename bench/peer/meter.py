"""What the peers share: one way to count tokens and time of TRL's steps, and to tell them."""

import argparse
import json
import resource
import tempfile
import time

import torch
from transformers import TrainerCallback

#: Arguments of every trainer: on the CPU, one log a step, and nothing at random.
COMMON = dict(
    lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch", use_cpu=True, fp16=False,
    logging_steps=1, save_strategy="no", report_to="none", gradient_checkpointing=False, disable_tqdm=True, seed=0,
)


def arguments(**numbers):
    """Of the command line, with whole numbers and their defaults by name. Sets the threads."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--objective")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--checkpointing", action="store_true", help="layers are computed again; TRL's own default, with bf16")
    for name, value in {**numbers, "steps": 6, "threads": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    return given


def common(given):
    """COMMON, and what the command line says of precision and memory."""
    return {**COMMON, "bf16": given.bf16, "gradient_checkpointing": given.checkpointing, "max_steps": given.steps}


class Meter(TrainerCallback):
    """Tokens without padding (TRL's own cumulative count) and the moment at the end of each step, and its losses."""

    def __init__(self):
        self.marks, self.losses = [], []

    def on_log(self, args, state, control, logs=None, **kw):
        if logs and "loss" in logs:
            self.marks.append((time.perf_counter(), logs["num_tokens"]))
            self.losses.append(round(float(logs["loss"]), 5))


def train(trainer, **told):
    """Trains and prints one JSON line: useful tokens/s from the second step on, peak resident memory in MB, the losses."""
    meter = Meter()
    trainer.add_callback(meter)
    trainer.train()
    (began, before), (ended, after) = meter.marks[0], meter.marks[-1]
    print(json.dumps({
        **told, "useful_tokens_per_s": round((after - before) / (ended - began), 1), "losses": meter.losses,
        "seconds_per_step": round((ended - began) / (len(meter.marks) - 1), 3),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))


def folder():
    """A new temporary one; the trainers want a place, and nothing is written there."""
    return tempfile.mkdtemp()
