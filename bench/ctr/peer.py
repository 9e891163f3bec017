"""The benchmark's peer: the same CTR models written by hand in PyTorch, as fast as PyTorch goes
without changing what is computed: all data resident on the device, batches gathered by row number,
fused AdamW, torch.compile where it helps. Speaks lines of JSON: the task as its argument, `ready`
once compiled, then for every line on stdin a window of work and what it took.

Where the task has `replicas`, so many models train at once, each on rows of its own: their parameters are
stacked, and torch.func.vmap maps the loss over them, as PyTorch's guide to model ensembling has it."""

import json
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

E = 32
H = 5


class Dice(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=0)
        p = torch.sigmoid((x - mean) * torch.rsqrt(var + 1e-9))
        return x * (self.alpha + (1 - self.alpha) * p)


def mlp(width, sizes):
    layers = []
    for size in sizes:
        layers += [nn.Linear(width, size), nn.ReLU()]
        width = size
    return nn.Sequential(*layers)


class Hea(nn.Module):
    """2 shared and 6 own experts a side (128-32), each side's eight as one product."""

    def __init__(self, dim, shared=2, own=6, hidden=128, out=32):
        super().__init__()
        self.count, self.hidden, self.shared_count = shared + own, hidden, shared
        self.shared = nn.Linear(dim, shared * hidden)
        self.own = nn.ModuleList(nn.Linear(dim, own * hidden) for _ in range(2))
        self.gate = nn.ModuleList(nn.Linear(dim, shared + own) for _ in range(2))
        self.shared_out = nn.Parameter(torch.randn(shared, hidden, out) * 0.1)
        self.shared_bias = nn.Parameter(torch.zeros(shared, 1, out))
        self.own_out = nn.ParameterList(torch.randn(own, hidden, out) * 0.1 for _ in range(2))
        self.own_bias = nn.ParameterList(torch.zeros(own, 1, out) for _ in range(2))

    def forward(self, side, x):
        weight = torch.cat([self.shared.weight, self.own[side].weight, self.gate[side].weight])
        bias = torch.cat([self.shared.bias, self.own[side].bias, self.gate[side].bias])
        both = F.linear(x, weight, bias)
        hidden, gate = both.split([self.count * self.hidden, self.count], dim=1)
        hidden = F.relu(hidden).view(-1, self.count, self.hidden).transpose(0, 1)
        out = torch.cat([self.shared_out, self.own_out[side]])
        bias = torch.cat([self.shared_bias, self.own_bias[side]])
        experts = F.relu(torch.baddbmm(bias, hidden, out))
        return torch.einsum("ebo,be->bo", experts, gate.softmax(1))


class Ctr(nn.Module):
    def __init__(self, task, sizes):
        super().__init__()
        items, attributes, ratings, dim = sizes
        self.item = nn.Embedding(items + 1, E)
        self.attribute = nn.Embedding(attributes + 1, E)
        self.rating = nn.Embedding(ratings + 1, E)
        for table in (self.item, self.attribute, self.rating):
            nn.init.xavier_normal_(table.weight)
        self.kind = task["backbone"]
        self.hea = Hea(dim) if dim else None
        knowledge = 64 if dim else 0
        fields = 5 * E + knowledge
        if self.kind == "din":
            self.project = nn.Linear(3 * E, 2 * E)
            self.attend = nn.Sequential(
                nn.Linear(8 * E, 32), Dice(), nn.Linear(32, 16), Dice(), nn.Linear(16, 1)
            )
            self.final = mlp(4 * E + knowledge, [200, 80])
            self.logit = nn.Linear(80, 1)
        elif self.kind == "dcnv2":
            self.cross = nn.ModuleList(nn.Linear(fields, fields) for _ in range(3))
            self.deep = mlp(fields, [200, 80])
            self.final = mlp(80 + fields, [200, 80])
            self.logit = nn.Linear(80, 1)
        elif self.kind == "autoint":
            width = 64
            self.qkv = nn.ModuleList(
                nn.Linear(E if i == 0 else width, (4 if i == 0 else 3) * width, bias=False)
                for i in range(3)
            )
            self.logit = nn.Linear(width * (5 + (2 if dim else 0)), 1)
        else:
            raise SystemExit(f"no peer of {self.kind}")

    def forward(self, item, attribute, h_item, h_attribute, h_rating, user_vector, item_vector):
        target = torch.cat([self.item(item), self.attribute(attribute)], -1)
        history = torch.cat(
            [self.item(h_item), self.attribute(h_attribute), self.rating(h_rating)], -1
        )
        knowledge = []
        if self.hea is not None:
            knowledge = [self.hea(0, user_vector), self.hea(1, item_vector)]
        if self.kind == "din":
            keys = self.project(history)
            query = target.unsqueeze(1).expand_as(keys)
            weight = self.attend(torch.cat([query, keys, query - keys, query * keys], -1))
            interest = (weight * keys).sum(1)
            x = self.final(torch.cat([interest, target, *knowledge], -1))
        else:
            x0 = torch.cat([target, history.mean(1), *knowledge], -1)
            if self.kind == "dcnv2":
                x = x0
                for layer in self.cross:
                    x = x0 * layer(x) + x
                x = self.final(torch.cat([self.deep(x0), x], -1))
            else:
                x = x0.view(x0.shape[0], -1, E)
                for layer in self.qkv:
                    parts = layer(x).split(64, -1)
                    scores = torch.matmul(parts[0], parts[1].transpose(1, 2)) / 8.0
                    out = torch.matmul(scores.softmax(-1), parts[2])
                    x = F.relu(out + (parts[3] if len(parts) == 4 else x))
                x = x.flatten(1)
        return self.logit(x).squeeze(-1)


def main():
    task = json.loads(sys.argv[1])
    device = task["device"]
    torch.manual_seed(1)
    if device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
    load = lambda name: torch.from_numpy(np.load(f"{task['dataset']}/{name}.npy")).to(device)
    info = json.load(open(f"{task['dataset']}/dataset.json"))
    user, item, rating = (load(f"interaction_{n}").long() for n in ("user", "item", "rating"))
    attributes = load("item_attributes").long()[:, 0]
    label = (rating > info["like_above"]).float()
    rows = load("train").long()
    users = items = None
    dim = 0
    if task.get("embed"):
        users, items = (
            torch.from_numpy(np.load(f"{task['embed']}/{n}.npy")).to(device)
            for n in ("users", "items")
        )
        dim = users.shape[1]
    replicas = task.get("replicas", 1)
    make = lambda: Ctr(task, (info["items"], info["attributes"], info["ratings"], dim)).to(device)
    model = make()
    parameters = dict(model.named_parameters())
    if replicas > 1:
        stacked, _ = torch.func.stack_module_state([make() for _ in range(replicas)])
        parameters = {name: value.detach().requires_grad_() for name, value in stacked.items()}
    optimizer = torch.optim.AdamW(parameters.values(), lr=1e-3, weight_decay=0.0, fused=True)
    back = torch.arange(-H, 0, device=device)

    def loss_with(own, batch):
        target = item[batch]
        past = batch.unsqueeze(1) + back
        h_item = item[past]
        vectors = (None, None) if users is None else (users[user[batch]], items[target])
        inputs = (target, attributes[target], h_item, attributes[h_item], rating[past], *vectors)
        logits = model(*inputs) if own is None else torch.func.functional_call(model, own, inputs)
        return F.binary_cross_entropy_with_logits(logits, label[batch])

    def loss_of(batch):
        if replicas == 1:
            return loss_with(None, batch)
        return torch.func.vmap(loss_with)(parameters, batch).sum()

    mode = task["compile"]
    if mode != "eager":
        loss_of = torch.compile(loss_of, mode=None if mode == "default" else mode, dynamic=False)
    size = task["batch"]
    whole = rows.shape[0] // size
    state = {"order": None, "at": whole}

    def shuffled():
        return rows[torch.randperm(rows.shape[0], device=device)]

    def step():
        if state["at"] >= whole:
            one = replicas == 1
            state["order"] = shuffled() if one else torch.stack([shuffled() for _ in range(replicas)])
            state["at"] = 0
        at = state["at"] * size
        state["at"] += 1
        if mode == "reduce-overhead":
            torch.compiler.cudagraph_mark_step_begin()
        loss = loss_of(state["order"][..., at : at + size])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    began = time.perf_counter()
    step()
    wait()
    compiled = time.perf_counter() - began
    for _ in range(20):
        step()
    wait()
    print(json.dumps({"ready": True, "compile_seconds": compiled}), flush=True)
    for line in sys.stdin:
        limit = float(line)
        began = time.perf_counter()
        steps = 0
        while time.perf_counter() - began < limit:
            for _ in range(8):
                step()
            steps += 8
            if device == "cuda" and steps % 64 == 0:
                wait()
        wait()
        print(json.dumps({"samples": steps * size * replicas, "seconds": time.perf_counter() - began}), flush=True)


main()
