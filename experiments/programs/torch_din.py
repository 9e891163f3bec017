"""DIN in plain PyTorch as a backbone of r4ec (docs/program-backbone.md). Needs torch and numpy."""
import json, sys
import numpy as np, torch
from torch import nn
import torch.nn.functional as F

p = json.load(open(sys.argv[1]))
ctr, sizes, dev, E = p["ctr"], p["sizes"], p["device"], p["ctr"]["embedding_dim"]
torch.manual_seed(p["seed"]), torch.set_num_threads(p["threads"])
load = lambda name: torch.from_numpy(np.load(f"{p['data']}/{name}.npy")).to(dev)
columns = lambda split: [load(f"{split}.{c}") for c in ("item", "history_item", "history_rating")]

class Din(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.item, self.rating = (nn.Embedding(sizes[n] + 1, E, 0) for n in ("items", "ratings"))
        mlp = lambda i: nn.Sequential(nn.Linear(i, hidden), nn.PReLU(), nn.Linear(hidden, 1))
        self.attention, self.head = mlp(3 * E), mlp(2 * E)
    def forward(self, item, history, ratings):
        target, rows = self.item(item), self.item(history) + self.rating(ratings)
        wide = target[:, None].expand_as(rows)
        weight = self.attention(torch.cat([rows, wide, rows * wide], -1)) * (history > 0)[..., None]
        return self.head(torch.cat([target, (weight * rows).sum(1)], -1))[:, 0]

model, train, label = Din(p["options"]["hidden"]).to(dev), columns("train"), load("train.label")
optimizer = torch.optim.AdamW(model.parameters(), ctr["learning_rate"])
for epoch in range(1, ctr["epochs"] + 1):
    for rows in torch.randperm(len(label), device=dev).split(ctr["batch_size"]):
        loss = F.binary_cross_entropy_with_logits(model(*(c[rows] for c in train)), label[rows])
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    print(json.dumps({"epoch": epoch, "train.loss": loss.item()}), flush=True)
with torch.no_grad():
    for split, name in (("valid", "valid_predictions"), ("test", "predictions")):
        np.save(f"{p['output']}/{name}.npy", model(*columns(split)).sigmoid().cpu().numpy())
