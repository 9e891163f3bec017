"""What a request asks for; for engine.py."""

import zlib

from writing import Refused

UNSET = object()
NONE = float("-inf")  # No limit.
# Fields that may be there as long as they ask for nothing, with the value that asks for nothing.
NEUTRAL = {
    **{"n": 1, "stream": False, "frequency_penalty": 0, "presence_penalty": 0},
    **{"logprobs": False, "echo": False, "user": UNSET, "metadata": UNSET, "store": UNSET},
}
READ = {
    *("model", "messages", "max_tokens", "max_completion_tokens", "guided_regex", "seed"),
    *("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "chat_template_kwargs"),
}


def check_fields(body):
    """Raises Refused at a field that would change the answer and that nobody reads."""
    for name, value in body.items():
        if name in READ or value is None or value == [] or value == {}:
            continue
        if NEUTRAL.get(name) is UNSET or (name in NEUTRAL and value == NEUTRAL[name]):
            continue
        raise Refused(f"{name} is not supported; supported are {', '.join(sorted(READ))}")


def number(body, name, usual, kind, least, most=-NONE):
    """A number out of a request, `usual` where it is missing or null. Raises Refused."""
    value = body.get(name)
    if value is None:
        return usual
    right = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
    if not right or (kind is int and value != int(value)):
        what = "a whole number" if kind is int else "a number"
        limits = "" if least == NONE else f" of at least {least}"
        limits = limits if most == -NONE else f" from {least} to {most}"
        raise Refused(f"{name} must be {what}{limits}")
    return kind(value)


def options_of(body, prompt, penalty):
    """How a request wants its answer written, by the names that writing.py and sampling.py read.

    prompt: its tokens; penalty: the repetition penalty where it names none.
    """
    check_fields(body)
    length = number(body, "max_completion_tokens", 512, int, 1)
    seed = number(body, "seed", 0, int, NONE)
    return {
        "max_tokens": number(body, "max_tokens", length, int, 1),
        "temperature": number(body, "temperature", 0.0, float, 0),
        # 0 of top_p and -1 of top_k are how some clients say that they do not want it.
        "top_p": number(body, "top_p", 1.0, float, 0, 1) or 1.0,
        "top_k": max(0, number(body, "top_k", 0, int, -1)),
        "min_p": number(body, "min_p", 0.0, float, 0, 1),
        # Equal seeds must not make unlike prompts fall alike.
        "seed": zlib.crc32(repr((seed, prompt)).encode()),
        "repetition_penalty": number(body, "repetition_penalty", penalty, float, 0) or penalty,
    }
