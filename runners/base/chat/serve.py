"""A small OpenAI-compatible server for one causal language model, for runners/llm/served.ts.

Usage: python serve.py --model FOLDER --port PORT [--adapter FOLDER] [--batch 8]
                       [--repetition-penalty 1.0] [--max-context 4096]

GET /v1/models and POST /v1/chat/completions (no streaming). Requests that wait at the same time are
answered together, up to --batch of them. Beside the usual fields it reads `repetition_penalty` (over
what has been written, not over the prompt) and `guided_regex` (writing.py).
"""

import argparse
import asyncio
import concurrent.futures
import queue
import threading
import time
import uuid
import zlib

import torch
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from writing import Refused, Vocabulary, Writer, parse_guide

GATHERING = 0.03  # Seconds without a new request after which those that wait are answered.


class Job:
    """A request that waits for its answer."""

    def __init__(self, writer, parts):
        self.writer = writer
        self.steps = writer.steps(parts)
        self.done = concurrent.futures.Future()


class Batch:
    """Writers whose answers grow side by side, a row of the model's batch each.

    What a row has read stands in columns of the cache. `seen` tells which of them are the row's own:
    the others are where its prompt is shorter than the longest one, or what it has dropped since.
    """

    def __init__(self, engine, jobs):
        self.engine = engine
        self.jobs = jobs
        self.wishes = [next(job.steps) for job in jobs]
        self.cache = DynamicCache()
        self.seen = torch.zeros(len(jobs), 0, dtype=torch.long)

    def run(self):
        # Prompts are of many lengths: the shorter ones are filled up. Later each step reads what the
        # shortest wish allows, since most rows want a single token.
        width = max((len(tokens) for _, tokens in self.wishes), default=0)
        while self.jobs:
            self.advance(self.step(width))
            width = min((len(tokens) for _, tokens in self.wishes), default=0)

    def step(self, width):
        """Reads the next `width` tokens of each row; gives the scores after them."""
        size = len(self.jobs)
        tokens = torch.zeros(size, width, dtype=torch.long)
        own = torch.zeros(size, width, dtype=torch.long)
        for row, (dropped, wished) in enumerate(self.wishes):
            if dropped > 0:
                self.seen[row, self.seen[row].nonzero()[-dropped:, 0]] = 0
            first = wished[:width]
            tokens[row, width - len(first) :] = torch.tensor(first)
            own[row, width - len(first) :] = 1
            self.wishes[row] = (0, wished[width:])
        positions = self.seen.sum(1, keepdim=True) + own.cumsum(1) - own
        self.seen = torch.cat([self.seen, own], 1)
        device = self.engine.device
        out = self.engine.model(
            input_ids=tokens.to(device),
            attention_mask=self.seen.to(device),
            position_ids=positions.to(device),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return out.logits[:, -1].float()

    def advance(self, scores):
        """Hands the scores to the rows that have read all they wished for; ends those at their end."""
        going = []
        for row, job in enumerate(self.jobs):
            if not self.wishes[row][1]:
                try:
                    self.wishes[row] = job.steps.send(scores[row])
                except StopIteration:
                    job.done.set_result(job.writer)
                    continue
            going.append(row)
        if len(going) == len(self.jobs):
            return
        self.jobs = [self.jobs[row] for row in going]
        self.wishes = [self.wishes[row] for row in going]
        if going:
            self.seen = self.seen[going]
            self.cache.batch_select_indices(torch.tensor(going, device=self.engine.device))


class Engine:
    """The model, answering the requests that wait together."""

    def __init__(self, arguments):
        self.name = arguments.model.rstrip("/").split("/")[-1]
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        kind = torch.bfloat16 if self.device == "cuda" else torch.float32
        source = arguments.adapter or arguments.model
        try:
            tokenizer = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError):
            tokenizer = AutoTokenizer.from_pretrained(arguments.model)
        model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=kind)
        self.vocabulary = Vocabulary(tokenizer, model)
        if arguments.adapter:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, arguments.adapter)
            if kind == torch.float32:  # Fewer and larger products; in bfloat16 that would round.
                model = model.merge_and_unload()
        self.model = model.to(self.device).eval()
        self.batch = arguments.batch
        self.repetition_penalty = arguments.repetition_penalty
        self.max_context = arguments.max_context
        self.waiting = queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def submit(self, body):
        """Lets a request wait: a future of its writer, at its end. Raises Refused."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Refused("messages must be a list that is not empty")
        prompt = self.vocabulary.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True
        )["input_ids"]
        options = {
            "max_tokens": int(body.get("max_tokens") or body.get("max_completion_tokens") or 512),
            "temperature": float(body.get("temperature") or 0),
            "top_p": float(body.get("top_p") or 1),
            # Equal seeds must not make unlike prompts fall alike; torch reads 32 bits of a seed.
            "seed": zlib.crc32(repr((int(body.get("seed") or 0), prompt)).encode()),
            "repetition_penalty": float(body.get("repetition_penalty") or self.repetition_penalty),
        }
        if len(prompt) + options["max_tokens"] > self.max_context:
            raise Refused(
                f"{len(prompt)} prompt tokens and {options['max_tokens']} to write are more than "
                f"{self.max_context} (--max-context)"
            )
        guide = body.get("guided_regex")
        parts = None if guide is None else parse_guide(guide)
        job = Job(Writer(self.vocabulary, prompt, options), parts)
        self.waiting.put(job)
        return job.done

    def work(self):
        while True:
            # One whose client has gone is left out.
            jobs = [job for job in self.gather() if job.done.set_running_or_notify_cancel()]
            try:
                with torch.inference_mode():
                    Batch(self, jobs).run()
            except Exception as error:  # Told to each that still waits, as status 500.
                for job in jobs:
                    if not job.done.done():
                        job.done.set_exception(error)

    def gather(self):
        """Waits for a request, and for those that come right after it."""
        jobs = [self.waiting.get()]
        while len(jobs) < self.batch:
            try:
                jobs.append(self.waiting.get(timeout=GATHERING))
            except queue.Empty:
                break
        return jobs

    def completion(self, writer):
        text = self.vocabulary.decode(writer.written, skip_special_tokens=True)
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.name,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "stop" if writer.ended else "length",
                }
            ],
            "usage": {
                "prompt_tokens": len(writer.prompt),
                "completion_tokens": len(writer.written),
                "total_tokens": len(writer.prompt) + len(writer.written),
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
            writer = await asyncio.wrap_future(engine.submit(await request.json()))
            return engine.completion(writer)
        except Refused as error:
            return JSONResponse({"error": {"message": str(error)}}, status_code=400)

    return app


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter", default=None)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repetition-penalty", type=float, default=1.0)
    parser.add_argument("--max-context", type=int, default=4096)
    arguments = parser.parse_args()
    engine = Engine(arguments)
    uvicorn.run(
        application(engine),
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
