"""DIN of DeepCTR-Torch as a backbone of r4ec (docs/program-backbone.md). Needs deepctr-torch 0.3.0."""

import json, sys, numpy as np, torch
from deepctr_torch.callbacks import Callback
from deepctr_torch.inputs import SparseFeat, VarLenSparseFeat
from deepctr_torch.models import DIN

p = json.load(open(sys.argv[1]))
ctr, sizes, E, H = p["ctr"], p["sizes"], p["ctr"]["embedding_dim"], p["ctr"]["history_length"]
torch.set_num_threads(p["threads"])
load = lambda name: np.load(f"{p['data']}/{name}.npy")
values = {"item": sizes["items"]} | {a["name"]: a["values"] for a in sizes["attributes"]}
# The attributes of an item, by its number: DIN looks at those of the target and of the history.
tables = {"item": np.arange(sizes["items"] + 1)}
tables |= dict(zip(list(values)[1:], load("item_attributes").T))

def columns(split):
    item, history = load(f"{split}.item"), load(f"{split}.history_item")
    data = {name: table[item] for name, table in tables.items()}
    data |= {f"hist_{name}": table[history] for name, table in tables.items()}
    ratings, lengths = load(f"{split}.history_rating"), load(f"{split}.history_length")
    return data | {"rating": ratings, "length": lengths}

features = [SparseFeat(name, n + 1, E) for name, n in values.items()]
for name, n in values.items():
    sequence = SparseFeat(f"hist_{name}", n + 1, E, embedding_name=name)
    features.append(VarLenSparseFeat(sequence, H, length_name="length"))
ratings = SparseFeat("rating", sizes["ratings"] + 1, E)
features.append(VarLenSparseFeat(ratings, H, "mean", length_name="length"))

class Tell(Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(json.dumps({"epoch": epoch + 1, "train.loss": float(logs["loss"])}), flush=True)

model = DIN(features, list(values), init_std=p["options"]["init_std"], seed=p["seed"], device=p["device"])
model.compile(torch.optim.Adam(model.parameters(), ctr["learning_rate"]), "binary_crossentropy")
model.fit(columns("train"), load("train.label"), ctr["batch_size"], ctr["epochs"], verbose=0, callbacks=[Tell()])
for name, split in {"valid_predictions": "valid", "predictions": "test"}.items():
    scores = model.predict(columns(split), ctr["batch_size"])
    np.save(f"{p['output']}/{name}.npy", scores.reshape(-1).astype("float32"))
