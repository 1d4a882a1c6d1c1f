"""The peer that learns from rewards: LoRA by TRL's GRPOTrainer on the same model, prompts and hyperparameters.

    python trl_grpo.py --model DIR --data prompts.jsonl [--group 8 --steps 6 --longest 32 --bf16 --checkpointing --threads 2]

prompts.jsonl: {"prompt"}, one a step in file order; each gets `group` answers of at most `longest` tokens, worth 1 for each
letter of the alphabet's first half among their letters. Prints what `meter.train` prints.
"""

import json

import torch
from datasets import Dataset
from meter import arguments, common, folder, train
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

a = arguments(group=8, longest=32)


def letters(completions, **_):
    texts = [one[0]["content"] for one in completions]
    return [sum("a" <= letter <= "m" for letter in text) / max(1, len(text)) for text in texts]


prompts = [json.loads(line)["prompt"] for line in open(a.data, encoding="utf-8")][: a.steps]
trainer = GRPOTrainer(
    model=AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32),
    processing_class=AutoTokenizer.from_pretrained(a.model),
    reward_funcs=letters,
    train_dataset=Dataset.from_list([{"prompt": [{"role": "user", "content": text}]} for text in prompts]),
    peft_config=LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"),
    args=GRPOConfig(
        **common(a), output_dir=folder(), per_device_train_batch_size=a.group, num_generations=a.group,
        max_completion_length=a.longest, learning_rate=2e-5, beta=0.0, shuffle_dataset=False,
    ),
)
train(trainer, peer="trl", objective="grpo", bf16=a.bf16, checkpointing=a.checkpointing)
