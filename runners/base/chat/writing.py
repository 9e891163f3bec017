"""How an answer is written and what a guide lets it be; for engine.py.

A guide is a regular expression made of literals, `[^<]+` for free text and `(a|b)` for a choice.
Literals are written as they are, the model fills in free text up to the next `<`, and takes the
alternative that it finds likelier (or, above temperature 0, by their odds). Free text that
max_tokens would cut ends with its last whole sentence.
"""

import re

FREE_TEXT = "[^<]+"
SPECIAL = set("()|[]{}*+?.^$\\")
ESCAPES = {"n": "\n", "t": "\t"}


class Refused(Exception):
    """A request that cannot be answered: status 400."""


class Free:
    """A place for free text."""


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


class Vocabulary:
    """What writers need to know of a model's tokens."""

    def __init__(self, tokenizer, model):
        self.tokenizer = tokenizer
        configured = model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        self.end_set = {end for end in [*ends, tokenizer.eos_token_id] if end is not None}
        self.ends = sorted(self.end_set)
        size = model.get_input_embeddings().num_embeddings
        vocabulary = tokenizer.get_vocab()
        self.tags = sorted(id for text, id in vocabulary.items() if "<" in text and id < size)
        self.tag_set = set(self.tags)
        self.barred = self.ends + self.tags

    def encode(self, text):
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def decode(self, tokens, **options):
        return self.tokenizer.decode(tokens, **options)


class Pick:
    """Wants one of some tokens after what has been written."""

    def __init__(self, tokens):
        self.tokens = tokens


class Text:
    """Wants free text of `limit` tokens at most; `guided`: of one at least, and up to a tag."""

    def __init__(self, limit, guided):
        self.limit = limit
        self.guided = guided


class Writer:
    """Writes one answer.

    `steps` is a generator. It yields what it wants (Pick, Text) after `sequence`, and is sent the token
    that was picked, or the tokens of the text and whether it came to its own end.
    """

    def __init__(self, vocabulary, prompt, options):
        self.vocabulary = vocabulary
        self.prompt = prompt
        self.options = options
        self.written = []
        self.ended = False
        self.draws = 0  # So often has chance been asked.
        self.cached = 0  # So many leading tokens of `sequence` has the model read.

    def steps(self, parts):
        """Writes what `parts` lets through, or, where it is None, free text to its end."""
        if parts is None:
            tokens, self.ended = yield Text(self.options["max_tokens"], False)
            self.written.extend(tokens)
        else:
            yield from self.follow(parts)
            self.ended = True

    @property
    def sequence(self):
        return self.prompt + self.written

    @property
    def left(self):
        return self.options["max_tokens"] - len(self.written)

    def after_sentence(self, tokens):
        """The tokens up to the end of the last whole sentence; all where none ends."""
        for length in range(len(tokens), 0, -1):
            text = self.vocabulary.decode(tokens[:length])
            if re.search(r"[^\W\d][\"')\]]*[.!?][\"')\]]*\s*$", text):
                return tokens[:length]
        return tokens

    def choose(self, alternatives):
        """The alternative whose text, up to its first free place, is likelier where they part."""
        heads = [self.vocabulary.encode(head_of(parts)) for parts in alternatives]
        open_, depth = list(range(len(heads))), 0
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
                before = len(self.written)
                self.written.extend(heads[open_[0]][:depth])
                picked = yield Pick(tokens)
                self.forget(before)
                open_ = following[picked]
            if len(open_) == 1:
                return open_[0]
            depth += 1

    def forget(self, length):
        """Takes back what was written beyond a length; what is written next may be the same again."""
        del self.written[length:]
        self.cached = min(self.cached, len(self.prompt) + length)

    def follow(self, parts):
        for place, part in enumerate(parts):
            if isinstance(part, str):
                self.written.extend(self.vocabulary.encode(part))
            elif isinstance(part, tuple):
                chosen = yield from self.choose(part)
                yield from self.follow(part[chosen])
            else:
                rest = self.vocabulary.encode("".join(map(longest, parts[place + 1 :])))
                tokens, ended = yield Text(max(1, self.left - len(rest)), True)
                self.written.extend(tokens if ended else self.after_sentence(tokens))
                self.cached = min(self.cached, len(self.prompt) + len(self.written))
