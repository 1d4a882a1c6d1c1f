"""Learning rates of transformers.get_scheduler: reads a list of schedules on stdin, prints their learning rates by step."""
import json
import sys

import torch
from transformers import get_scheduler

names = {"constant": "constant_with_warmup"}


def rates(schedule):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=schedule["learningRate"])
    extra = {
        "cosine_with_min_lr": {"min_lr_rate": schedule["minLrRatio"]},
        "warmup_stable_decay": {"num_decay_steps": schedule["decaySteps"], "min_lr_ratio": schedule["minLrRatio"]},
    }
    kind = schedule["kind"]
    scheduler = get_scheduler(
        names.get(kind, kind),
        optimizer,
        num_warmup_steps=schedule["warmupSteps"],
        num_training_steps=schedule["totalSteps"],
        scheduler_specific_kwargs=extra.get(kind, {}),
    )
    result = []
    for _ in range(schedule["totalSteps"] + 1):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return result


print(json.dumps([rates(schedule) for schedule in json.load(sys.stdin)]))
