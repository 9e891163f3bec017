"""A small OpenAI-compatible server for one causal language model and its adapters, for served.ts.

Usage: python serve.py --model MODEL --port PORT [--revision REVISION] [--adapter FOLDER] [--batch N]
                       [--memory 1.0] [--repetition-penalty 1.0] [--max-context N]

GET /v1/models, POST /v1/chat/completions (no streaming) and, as vLLM has it, POST
/v1/load_lora_adapter. Up to --batch requests are answered side by side (256 on a card, else 8), in
--memory of the card, each with its prompt of --max-context tokens at most (what the model's own
configuration says). Beside the usual fields it reads `repetition_penalty` (over what has been
written, not over the prompt) and `guided_regex` (writing.py). `model` names an adapter, or the model.
"""

import argparse
import asyncio
import time
import uuid

from start import ahead, load_engine
from writing import Refused

GIVEN = "adapter"  # Name of the adapter that the command names.


class Service:
    """A model, its adapters, and the names by which requests choose among them."""

    def __init__(self, arguments):
        self.name = arguments.model.rstrip("/").split("/")[-1]
        self.engine = load_engine(arguments)
        # One that the command names answers wherever no other adapter is asked for.
        self.usual = GIVEN if arguments.adapter else None
        if arguments.adapter:
            # By the engine's own thread, which may be trying the model.
            self.engine.load(GIVEN, arguments.adapter).result()

    def adapter_of(self, name):
        """The adapter that a request's `model` stands for. Raises Refused."""
        if name in self.engine.adapters.names:
            return name
        if name in (None, "", self.name):
            return self.usual
        known = ", ".join([self.name, *self.engine.adapters.names])
        raise Refused(f"there is no model {name}; there are: {known}")

    def completion(self, writer):
        text = self.engine.vocabulary.decode(writer.written, skip_special_tokens=True)
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


def application(service):
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def models(request):
        names = [service.name, *service.engine.adapters.names]
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "r4ec"} for name in names
        ]
        return JSONResponse({"object": "list", "data": listed})

    async def load(request):
        body = await request.json()
        await asyncio.wrap_future(service.engine.load(body["lora_name"], body["lora_path"]))
        return JSONResponse({"loaded": body["lora_name"]})

    async def complete(request):
        try:
            body = await request.json()
            adapter = service.adapter_of(body.get("model"))
            writer = await asyncio.wrap_future(service.engine.submit(body, adapter))
            return JSONResponse(service.completion(writer))
        except Refused as error:
            return JSONResponse({"error": {"message": str(error)}}, status_code=400)

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/load_lora_adapter", load, methods=["POST"]),
            Route("/v1/chat/completions", complete, methods=["POST"]),
        ]
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter", default=None)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--batch", type=int, default=None)
    parser.add_argument("--memory", type=float, default=1.0)
    parser.add_argument("--repetition-penalty", type=float, default=1.0)
    parser.add_argument("--max-context", type=int, default=None)
    parser.add_argument("--revision", default=None)
    arguments = parser.parse_args()
    ahead(arguments.model)
    import uvicorn

    uvicorn.run(
        application(Service(arguments)),
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
