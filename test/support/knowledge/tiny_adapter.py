"""Makes a LoRA adapter with random weights for a model, as if it had been trained.

Usage: python tiny_adapter.py MODEL OUT
"""

import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

model, out = sys.argv[1:]
torch.manual_seed(1)
base = AutoModelForCausalLM.from_pretrained(model)
tuned = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
with torch.no_grad():
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            weight.normal_(std=0.5)
tuned.save_pretrained(out)
