"""Embeds texts with sentence-transformers, for sentence-transformers-process.ts.

Usage: python embed.py REQUEST VECTORS

REQUEST is a JSON object: model, revision, pooling (auto, cls, mean), normalize, dimension,
max_tokens, batch_size, threads, texts. Vectors are appended to VECTORS as little-endian float32, a
batch at a time. Standard output gets one JSON object a line: first {"model": {...}} with what was
loaded, then {"places": [...], "dimension": D} for each batch that stands in VECTORS whole. Progress
bars and warnings go to standard error.
"""

import json
import os
import sys

# What libraries print would mix with the protocol.
PROTOCOL = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def say(message):
    PROTOCOL.write(json.dumps(message) + "\n")
    PROTOCOL.flush()


def load(request):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    where = request["model"]
    pooling = request["pooling"]
    revision = request.get("revision")
    if pooling == "auto" and not describes_pooling(where, revision):
        # A plain encoder says nothing; those of the bge family were trained on the first token.
        pooling = "cls" if "bge" in request["model"].lower() else "mean"
    if pooling == "auto":
        return SentenceTransformer(where, revision=revision)
    arguments = {} if revision is None else {"revision": revision}
    body = Transformer(
        where,
        model_kwargs=dict(arguments),
        processor_kwargs=dict(arguments),
        config_kwargs=dict(arguments),
    )
    pool = Pooling(body.get_embedding_dimension(), pooling_mode=pooling)
    return SentenceTransformer(modules=[body, pool])


def describes_pooling(where, revision):
    """Whether the model comes with a modules.json, which says how it pools."""
    if os.path.isdir(where):
        return os.path.exists(os.path.join(where, "modules.json"))
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        hf_hub_download(where, "modules.json", revision=revision)
        return True
    except LocalEntryNotFoundError:
        raise
    except EntryNotFoundError:
        return False


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    import torch

    torch.set_num_threads(max(1, int(request["threads"])))
    model = load(request)
    if request.get("max_tokens") is not None:
        limit = model.max_seq_length
        model.max_seq_length = min(request["max_tokens"], limit or request["max_tokens"])
    modes = [module.pooling_mode for module in model if hasattr(module, "pooling_mode")]
    say(
        {
            "model": {
                "pooling": pooling_name(modes[0]) if modes else "none",
                "max_tokens": model.max_seq_length,
                "dimension": model.get_embedding_dimension(),
                "device": str(model.device),
            }
        }
    )
    texts = request["texts"]
    # Longest first: what doesn't fit into memory shows at once, and batches hold little padding.
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    size = request["batch_size"]
    with open(sys.argv[2], "wb") as out:
        for start in range(0, len(order), size):
            places = order[start : start + size]
            vectors = model.encode(
                [texts[place] for place in places],
                batch_size=size,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            vectors = finish(vectors, request)
            out.write(vectors.tobytes())
            out.flush()
            say({"places": places, "dimension": int(vectors.shape[1])})


def pooling_name(mode):
    """The name of a pooling mode, which is a name or several."""
    return mode if isinstance(mode, str) else "+".join(mode)


def finish(vectors, request):
    """Cut to the dimension asked for, then scaled to length 1, as little-endian float32."""
    import numpy

    vectors = numpy.asarray(vectors, dtype="<f4")
    if request.get("dimension") is not None:
        if request["dimension"] > vectors.shape[1]:
            raise SystemExit(f"the model has {vectors.shape[1]} dimensions, {request['dimension']} are asked for")
        vectors = vectors[:, : request["dimension"]]
    if request["normalize"]:
        lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / numpy.maximum(lengths, 1e-12)
    return numpy.ascontiguousarray(vectors, dtype="<f4")


if __name__ == "__main__":
    main()
