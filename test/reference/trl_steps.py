"""What the references by TRL's trainers share: how they are asked and answer, one thread, and what each step logs."""
import json, os, sys

# Libraries print to standard output; the answer is all that goes there.
_told = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import torch
from transformers import PrinterCallback, TrainerCallback

torch.set_num_threads(1)
given = json.load(sys.stdin)

#: Arguments of every trainer: on the CPU in 32 bits, one log a step, and nothing at random.
common = dict(
    lr_scheduler_type="constant", warmup_steps=0, weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch", bf16=False,
    fp16=False, use_cpu=True, logging_steps=1, save_strategy="no", report_to="none", gradient_checkpointing=False,
    disable_tqdm=True, seed=0,
)


class Steps(TrainerCallback):
    """Keeps what each step logs."""

    def __init__(self):
        self.logs = []

    def on_log(self, args, state, control, logs=None, **kw):
        if logs and "loss" in logs:
            self.logs.append({name: float(value) for name, value in logs.items()})


def watch(trainer):
    """What the trainer's steps will log, in place of printing it."""
    trainer.remove_callback(PrinterCallback)
    steps = Steps()
    trainer.add_callback(steps)
    return steps


def answer(value):
    json.dump(value, _told)
    _told.close()
