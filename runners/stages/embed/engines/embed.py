"""Serves vectors of texts by sentence-transformers, for sentence-transformers-process.ts.

Usage: python embed.py PORT REQUEST

REQUEST is a JSON object: model, revision, pooling (auto, cls, mean), normalize, dimension,
max_tokens, batch_size, threads, share (of a card's memory).

GET  /v1/models  once the model is loaded: its name, and under "model" what was loaded
POST /v1/embed   {"texts": [...]}: their vectors as little-endian float32, one after another
POST /v1/rest    gives a card's memory back, but for the model's

A failure ends the program: its last words on standard error say why.
"""

import http.server
import json
import os
import sys
import threading
import traceback


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


class Embedding:
    """The model, and what is asked of it, one request after another."""

    def __init__(self, request):
        import torch

        torch.set_num_threads(max(1, int(request["threads"])))
        self.card = torch.cuda.is_available()
        if self.card and request["share"] < 1:
            torch.cuda.set_per_process_memory_fraction(request["share"])
        self.torch, self.request, self.lock = torch, request, threading.Lock()
        self.model = load(request)
        if request.get("max_tokens") is not None:
            limit = self.model.max_seq_length
            self.model.max_seq_length = min(request["max_tokens"], limit or request["max_tokens"])

    def description(self):
        modes = [module.pooling_mode for module in self.model if hasattr(module, "pooling_mode")]
        return {
            "pooling": pooling_name(modes[0]) if modes else "none",
            "max_tokens": self.model.max_seq_length,
            "dimension": self.model.get_embedding_dimension(),
            "device": str(self.model.device),
        }

    def vectors(self, texts):
        with self.lock:
            vectors = self.model.encode(
                texts,
                batch_size=self.request["batch_size"],
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return finish(vectors, self.request).tobytes()

    def rest(self):
        if self.card:
            with self.lock:
                self.torch.cuda.empty_cache()


def answers(embedding):
    """The class that answers a connection."""

    class Answers(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def say(self, body, kind="application/json"):
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            listed = {"data": [{"id": "vectors"}], "model": embedding.description()}
            self.say(json.dumps(listed).encode())

        def do_POST(self):
            try:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.path == "/v1/rest":
                    embedding.rest()
                    self.say(b"{}")
                else:
                    vectors = embedding.vectors(json.loads(body)["texts"])
                    self.say(vectors, "application/octet-stream")
            except ConnectionError:
                pass  # Who asked has gone.
            except BaseException as error:
                if isinstance(error, SystemExit):
                    print(error, file=sys.stderr)
                else:
                    traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)

        def log_message(self, *_):
            pass

    return Answers


def main():
    embedding = Embedding(json.loads(sys.argv[2]))
    http.server.ThreadingHTTPServer(
        ("127.0.0.1", int(sys.argv[1])), answers(embedding)
    ).serve_forever()


if __name__ == "__main__":
    main()
