"""The peer on pairs: LoRA by TRL's DPOTrainer or RewardTrainer on the same model, pairs, order and hyperparameters.

    python trl_pairs.py --objective dpo|reward --model DIR --data pairs.jsonl [--batch 4 --steps 6 --bf16 --checkpointing --threads 2]

pairs.jsonl: {"prompt", "chosen", "rejected"}, taken in file order; dropout is 0. Prints what `meter.train` prints.
"""

import json

import torch
from datasets import Dataset
from meter import arguments, common, folder, train
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

a = arguments(batch=4)
reward = a.objective == "reward"
tokenizer = AutoTokenizer.from_pretrained(a.model)
if reward:
    model = AutoModelForSequenceClassification.from_pretrained(a.model, num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
else:
    model = AutoModelForCausalLM.from_pretrained(a.model, dtype=torch.float32)


def messages(row):
    return {
        "prompt": [{"role": "user", "content": row["prompt"]}],
        "chosen": [{"role": "assistant", "content": row["chosen"]}],
        "rejected": [{"role": "assistant", "content": row["rejected"]}],
    }


rows = [messages(json.loads(line)) for line in open(a.data, encoding="utf-8")][: a.batch * a.steps]
own = dict(
    **common(a), output_dir=folder(), per_device_train_batch_size=a.batch, max_length=512, learning_rate=2e-5,
    train_sampling_strategy="sequential",
)
lora = LoraConfig(
    r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="SEQ_CLS" if reward else "CAUSAL_LM",
    modules_to_save=["score"] if reward else None,
)
trainer = (RewardTrainer if reward else DPOTrainer)(
    model=model, processing_class=tokenizer, train_dataset=Dataset.from_list(rows), peft_config=lora,
    args=RewardConfig(**own) if reward else DPOConfig(**own, beta=0.1),
)
train(trainer, peer="trl", objective=a.objective, bf16=a.bf16, checkpointing=a.checkpointing)
