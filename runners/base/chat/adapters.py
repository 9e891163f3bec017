"""Adapters (LoRA) of one model that a server takes in while it runs; for engine.py.

In float32 an adapter's changes are added to the weights while it is at work, and the weights as
they were are put back afterwards: fewer and larger products. In bfloat16 that sum would lose
changes that are small beside their weight, so there they are computed beside the weights.
"""

import torch


class Adapters:
    def __init__(self, model):
        self.model = model
        self.peft = None
        self.names = []
        self.used = None
        self.before = []
        self.beside = False  # Whether the one at work is computed beside the weights.

    def load(self, name, folder):
        """Takes in an adapter; it is at work after `use`."""
        # PEFT takes it for imported; after a light start (light.py) nobody has.
        import torch.distributed.tensor  # noqa: F401
        from peft import PeftModel

        if name in self.names:
            return
        if self.peft is None:
            self.peft = PeftModel.from_pretrained(self.model, folder, adapter_name=name)
        else:
            self.peft.load_adapter(folder, name)
        self.peft.eval()
        self.names.append(name)
        if not self.beside:
            self.peft.base_model.disable_adapter_layers()

    def use(self, name):
        """Puts an adapter to work, or the model alone where it is None."""
        if name == self.used:
            return
        for weight, value in self.before:
            weight.data.copy_(value)
        self.before = []
        self.used = name
        summed = self.model.dtype == torch.float32 and name is not None and self.is_plain(name)
        self.beside = name is not None and not summed
        if self.beside:
            self.peft.base_model.enable_adapter_layers()
            self.peft.set_adapter(name)
            return
        self.peft.base_model.disable_adapter_layers()
        if summed:
            for layer in self.model.modules():
                if name in getattr(layer, "lora_A", {}):
                    weight = layer.get_base_layer().weight
                    self.before.append((weight, weight.detach().clone()))
                    weight.data.add_(layer.get_delta_weight(name))

    def is_plain(self, name):
        """Whether all that an adapter does can be added to weights of linear layers."""
        config = self.peft.peft_config[name]
        more = [
            *(config.modules_to_save, getattr(config, "trainable_token_indices", None)),
            *(getattr(config, "use_dora", False), getattr(config, "lora_bias", False)),
        ]
        return config.peft_type == "LORA" and getattr(config, "bias", "none") == "none" and not any(more)
