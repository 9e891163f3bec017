"""DIN in plain PyTorch as a backbone of r4ec (docs/program-backbone.md). Needs torch and numpy."""

import json, sys, numpy as np, torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as loss_of

p = json.load(open(sys.argv[1]))
ctr, sizes, E = p["ctr"], p["sizes"], p["ctr"]["embedding_dim"]
torch.manual_seed(p["seed"]), torch.set_num_threads(p["threads"])
load = lambda name: torch.from_numpy(np.load(f"{p['data']}/{name}.npy")).to(p["device"])
columns = lambda split: [load(f"{split}.{c}") for c in ("item", "history_item", "history_rating")]

class Din(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.item, self.rating = (nn.Embedding(sizes[n] + 1, E, 0) for n in ("items", "ratings"))
        mlp = lambda i: nn.Sequential(nn.Linear(i, hidden), nn.PReLU(), nn.Linear(hidden, 1))
        self.attention, self.head = mlp(4 * E), mlp(2 * E)
        for table in (self.item, self.rating): nn.init.normal_(table.weight, std=0.05)
    def forward(self, item, history, ratings):
        rows = self.item(history) + self.rating(ratings)
        target = self.item(item)[:, None].expand_as(rows)
        weight = self.attention(torch.cat([rows, target, rows - target, rows * target], -1))
        pooled = (weight * rows * (history > 0)[..., None]).sum(1)
        return self.head(torch.cat([target[:, 0], pooled], -1))[:, 0]

model, train, label = Din(p["options"]["hidden"]).to(p["device"]), columns("train"), load("train.label")
optimizer = torch.optim.AdamW(model.parameters(), ctr["learning_rate"])
for epoch in range(1, ctr["epochs"] + 1):
    for rows in torch.randperm(len(label)).split(ctr["batch_size"]):
        loss = loss_of(model(*(column[rows] for column in train)), label[rows])
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    print(json.dumps({"epoch": epoch, "train.loss": loss.item()}), flush=True)
for name, split in {"valid_predictions": "valid", "predictions": "test"}.items():
    np.save(f"{p['output']}/{name}.npy", model(*columns(split)).sigmoid().detach().cpu().numpy())
