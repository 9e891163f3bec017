"""A small OpenAI-compatible server for one causal language model, for runners/llm/served.ts.

Usage: python serve.py --model FOLDER --port PORT [--adapter FOLDER] [--repetition-penalty 1.0]
                       [--max-context 4096]

GET /v1/models and POST /v1/chat/completions (no streaming), one request at a time. Beside the usual
fields it reads `repetition_penalty` (over what has been written, not over the prompt) and
`guided_regex`, for expressions made of literals, `[^<]+` for free text and `(a|b)` for a choice:
literals are written as they are, the model fills in free text up to the next `<`, and takes the
alternative that it finds likelier (or, above temperature 0, by their odds). Free text that max_tokens
would cut ends with its last whole sentence.
"""

import argparse
import re
import threading
import time
import uuid
import zlib

import torch
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

FREE_TEXT = "[^<]+"
SPECIAL = set("()|[]{}*+?.^$\\")
ESCAPES = {"n": "\n", "t": "\t"}


class Refused(Exception):
    """A request that cannot be answered: status 400."""


def parse_guide(pattern):
    """A guide as a list of str (literal), Free and tuples of alternatives, each again such a list."""

    def sequence(at, nested):
        parts, literal = [], ""
        while at < len(pattern) and not (nested and pattern[at] in "|)"):
            char = pattern[at]
            if pattern.startswith(FREE_TEXT, at) or char == "(":
                if literal:
                    parts.append(literal)
                    literal = ""
                if char == "(":
                    choice, at = alternatives(at + 1)
                    parts.append(choice)
                else:
                    parts.append(Free())
                    at += len(FREE_TEXT)
            elif char == "\\" and at + 1 < len(pattern):
                following = pattern[at + 1]
                if following.isalnum() and following not in ESCAPES:
                    raise Refused(f"guided_regex: \\{following} is not supported")
                literal += ESCAPES.get(following, following)
                at += 2
            elif char in SPECIAL:
                raise Refused(f"guided_regex: {char!r} at {at} is not supported")
            else:
                literal += char
                at += 1
        if literal:
            parts.append(literal)
        return parts, at

    def alternatives(at):
        if pattern.startswith("?:", at):
            at += 2
        found = []
        while True:
            parts, at = sequence(at, True)
            found.append(parts)
            if at >= len(pattern):
                raise Refused("guided_regex: a group is not closed")
            at += 1
            if pattern[at - 1] == ")":
                return tuple(found), at

    return sequence(0, False)[0]


class Free:
    """A place for free text."""


class Writer:
    """Writes one answer, token by token."""

    def __init__(self, engine, prompt, options):
        self.engine = engine
        self.options = options
        self.cache = DynamicCache()
        self.written = []
        self.random = torch.Generator(device="cpu").manual_seed(options["seed"])
        self.scores = None
        self.read(prompt)

    @property
    def left(self):
        return self.options["max_tokens"] - len(self.written)

    def read(self, tokens):
        """Takes tokens in; afterwards `scores` are those of the next one."""
        ids = torch.tensor([tokens], device=self.engine.device)
        out = self.engine.model(
            input_ids=ids, past_key_values=self.cache, use_cache=True, logits_to_keep=1
        )
        self.scores = out.logits[0, -1].float()

    def write(self, tokens):
        self.read(tokens)
        self.written.extend(tokens)

    def literal(self, text):
        tokens = self.engine.encode(text)
        if tokens:
            self.write(tokens)

    def pick(self, scores):
        temperature = self.options["temperature"]
        if temperature <= 0:
            return int(scores.argmax())
        odds = torch.softmax(scores / temperature, -1).cpu()
        top_p = self.options["top_p"]
        if top_p < 1:
            ordered, places = odds.sort(descending=True)
            beyond = ordered.cumsum(-1) - ordered > top_p
            odds[places[beyond]] = 0
        return int(torch.multinomial(odds, 1, generator=self.random))

    def free(self, limit, stops_at_tag):
        """Writes free text of `limit` tokens at most; True where it came to its own end."""
        engine, penalty = self.engine, self.options["repetition_penalty"]
        own, before, tokens = set(), len(self.written), []
        while len(tokens) < limit:
            scores = self.scores.clone()
            if penalty != 1 and own:
                seen = torch.tensor(sorted(own), device=scores.device)
                scores[seen] = torch.where(
                    scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty
                )
            if stops_at_tag and not tokens:
                # At least one character stands in a place for free text.
                scores[engine.ends] = -torch.inf
                scores[engine.tags] = -torch.inf
            token = self.pick(scores)
            if token in engine.end_set or (stops_at_tag and token in engine.tag_set):
                return True
            own.add(token)
            tokens.append(token)
            self.write([token])
        if stops_at_tag:
            self.cut_after_sentence(before, tokens)
        return False

    def cut_after_sentence(self, before, tokens):
        for length in range(len(tokens), 0, -1):
            text = self.engine.tokenizer.decode(tokens[:length])
            if not re.search(r"[^\W\d][\"')\]]*[.!?][\"')\]]*\s*$", text):
                continue
            dropped = len(tokens) - length
            if dropped > 0:
                # The last kept token is read once more, for the scores after it.
                self.cache.crop(self.cache.get_seq_length() - dropped - 1)
                del self.written[before + length - 1 :]
                self.write([tokens[length - 1]])
            return

    def choose(self, alternatives):
        """The alternative whose text, up to its first free place, is likelier where they part."""
        heads = [self.engine.encode(head_of(parts)) for parts in alternatives]
        return self.narrow(heads, list(range(len(heads))), 0)

    def narrow(self, heads, open_, depth):
        while True:
            following = {}
            for place in open_:
                token = heads[place][depth] if depth < len(heads[place]) else None
                following.setdefault(token, []).append(place)
            if len(following) == 1 and None not in following:
                if len(open_) == 1:
                    return open_[0]
            elif None in following or len(open_) == 1:
                return (following.get(None) or open_)[0]
            tokens = sorted(following)
            if len(tokens) > 1:
                scores = self.peek(heads[open_[0]][:depth])
                masked = torch.full_like(scores, -torch.inf)
                masked[tokens] = scores[tokens]
                open_ = following[self.pick(masked)]
            if len(open_) == 1:
                return open_[0]
            depth += 1

    def peek(self, tokens):
        """Scores after some more tokens, which are not kept."""
        if not tokens:
            return self.scores
        before, scores = self.cache.get_seq_length(), self.scores
        self.read(tokens)
        found, self.scores = self.scores, scores
        self.cache.crop(before)
        return found

    def follow(self, parts):
        for place, part in enumerate(parts):
            if isinstance(part, str):
                self.literal(part)
            elif isinstance(part, tuple):
                self.follow(part[self.choose(part)])
            else:
                rest = self.engine.encode("".join(map(longest, parts[place + 1 :])))
                self.free(max(1, self.left - len(rest)), True)


def head_of(parts):
    head = ""
    for part in parts:
        if not isinstance(part, str):
            break
        head += part
    return head


def longest(part):
    """The most that a part's literals can add."""
    if isinstance(part, str):
        return part
    if isinstance(part, tuple):
        return max(("".join(map(longest, each)) for each in part), key=len)
    return ""


class Engine:
    """The model, answering one request at a time."""

    def __init__(self, arguments):
        self.name = arguments.model.rstrip("/").split("/")[-1]
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        kind = torch.bfloat16 if self.device == "cuda" else torch.float32
        source = arguments.adapter or arguments.model
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError):
            self.tokenizer = AutoTokenizer.from_pretrained(arguments.model)
        self.model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=kind)
        if arguments.adapter:
            from peft import PeftModel

            self.model = PeftModel.from_pretrained(self.model, arguments.adapter)
        self.model = self.model.to(self.device).eval()
        self.defaults = {"repetition_penalty": arguments.repetition_penalty}
        self.max_context = arguments.max_context
        configured = self.model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        self.end_set = {end for end in [*ends, self.tokenizer.eos_token_id] if end is not None}
        self.ends = sorted(self.end_set)
        size = self.model.get_input_embeddings().num_embeddings
        vocabulary = self.tokenizer.get_vocab()
        self.tags = sorted(id for text, id in vocabulary.items() if "<" in text and id < size)
        self.tag_set = set(self.tags)
        self.lock = threading.Lock()

    def encode(self, text):
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def answer(self, body):
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Refused("messages must be a list that is not empty")
        prompt = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True
        )["input_ids"]
        options = {
            "max_tokens": int(body.get("max_tokens") or body.get("max_completion_tokens") or 512),
            "temperature": float(body.get("temperature") or 0),
            "top_p": float(body.get("top_p") or 1),
            # Equal seeds must not make unlike prompts fall alike; torch reads 32 bits of a seed.
            "seed": zlib.crc32(repr((int(body.get("seed") or 0), prompt)).encode()),
            "repetition_penalty": float(
                body.get("repetition_penalty") or self.defaults["repetition_penalty"]
            ),
        }
        if len(prompt) + options["max_tokens"] > self.max_context:
            raise Refused(
                f"{len(prompt)} prompt tokens and {options['max_tokens']} to write are more than "
                f"{self.max_context} (--max-context)"
            )
        guide = body.get("guided_regex")
        parts = None if guide is None else parse_guide(guide)
        with self.lock, torch.inference_mode():
            writer = Writer(self, prompt, options)
            if parts is None:
                ended = writer.free(options["max_tokens"], False)
            else:
                writer.follow(parts)
                ended = True
        text = self.tokenizer.decode(writer.written, skip_special_tokens=True)
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.name,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "stop" if ended else "length",
                }
            ],
            "usage": {
                "prompt_tokens": len(prompt),
                "completion_tokens": len(writer.written),
                "total_tokens": len(prompt) + len(writer.written),
            },
        }


def application(engine):
    app = FastAPI()

    @app.get("/v1/models")
    def models():
        listed = {"id": engine.name, "object": "model", "created": 0, "owned_by": "r4ec"}
        return {"object": "list", "data": [listed]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request):
        try:
            return await run_in_threadpool(engine.answer, await request.json())
        except Refused as error:
            return JSONResponse({"error": {"message": str(error)}}, status_code=400)

    return app


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter", default=None)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--repetition-penalty", type=float, default=1.0)
    parser.add_argument("--max-context", type=int, default=4096)
    arguments = parser.parse_args()
    engine = Engine(arguments)
    uvicorn.run(application(engine), host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
