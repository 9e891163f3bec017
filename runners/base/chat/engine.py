"""The engine of r4ec's own server: answers that grow side by side, each begun as soon as there is
room for it.

A thread of its own reads what waits (prompts, and the literals of guides) in large pieces and then
lengthens all answers together. On a card it looks at the new tokens after a burst of steps only: waiting for
each would leave the card idle. What an answer that has ended wrote beyond its end is dropped.
"""

import concurrent.futures
import queue
import threading

import torch

from adapters import Adapters
from asked import options_of
from columns import bytes_a_column
from sampling import KINDS, draw_surely, narrows
from slots import Slots, warm_up
from writing import Pick, Refused, Vocabulary, Writer, parse_guide

FREE_SHARE = 0.7  # Of the memory that is free; the rest is for what a step computes.
READING = {"cuda": 16384, "cpu": 2048}  # Tokens of padded prompts that are read at once.
GATHERING = 0.03  # Seconds without a new request after which the first ones are answered.
PATIENCE = 2.0  # Seconds without any request after which the memory for answers is given back.
GRAIN = 256


class Job:
    """A request that waits for its answer."""

    def __init__(self, writer, parts, adapter):
        self.writer, self.adapter = writer, adapter
        self.steps = writer.steps(parts)
        self.done = concurrent.futures.Future()
        # Literals may go a little beyond max_tokens.
        self.columns = len(writer.prompt) + writer.options["max_tokens"] + 64
        self.wish = None
        self.text = []

    def go_on(self, said=None):
        """Tells the writer what it got; False where the answer is finished."""
        try:
            self.wish = self.steps.send(said)
            return True
        except StopIteration:
            self.wish = None
            return False


class Engine:
    """The model, answering requests."""

    def __init__(self, model, tokenizer, options):
        """options: batch (answers at once), repetition_penalty, max_context, memory (share of the card),
        burst (steps between two looks at what was written) and recorder (makes what records steps for
        a set of slots, steps.py; None: they are not recorded) and warm (whether it tries a step before the
        first request: a card loads its programs when they are first used)."""
        self.model, self.options = model, options
        self.vocabulary = Vocabulary(tokenizer, model)
        self.adapters = Adapters(model)
        self.size = model.get_output_embeddings().weight.shape[0]
        self.cuda = model.device.type == "cuda"
        self.slots = None
        self.rows = {}  # Answers by the rows of their slots.
        self.waiting = []
        self.arrived = queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def submit(self, body, adapter):
        """Lets a request wait: a future of its writer, at its end. Raises Refused."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Refused("messages must be a list that is not empty")
        template = body.get("chat_template_kwargs") or {}
        prompt = self.vocabulary.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, **template
        )["input_ids"]
        options = options_of(body, prompt, self.options["repetition_penalty"])
        most = self.options["max_context"]
        if len(prompt) + options["max_tokens"] > most:
            raise Refused(
                f"{len(prompt)} prompt tokens and {options['max_tokens']} to write are more than "
                f"{most} (--max-context)"
            )
        guide = body.get("guided_regex")
        parts = None if guide is None else parse_guide(guide)
        job = Job(Writer(self.vocabulary, prompt, options), parts, adapter)
        self.arrived.put(job)
        return job.done

    def load(self, name, folder):
        """Lets the engine take in an adapter: a future of the moment when it has."""
        done = concurrent.futures.Future()
        self.arrived.put((done, name, folder))
        return done

    def work(self):
        if self.options["warm"]:
            with torch.inference_mode():
                warm_up(self.model, self.size)
        while True:
            try:
                with torch.inference_mode():
                    self.turn()
            except Exception as error:  # Told to each that was being answered, as status 500.
                for job in self.rows.values():
                    job.done.set_exception(error)
                self.rows = {}
                self.free()

    def turn(self):
        """Takes in what has arrived, reads what must be read, lengthens the answers."""
        self.gather()
        if not self.rows and not self.waiting:
            return
        self.admit()
        while any(job.wish is not None and not job.text for job in self.rows.values()):
            self.read()
        if self.rows:
            self.lengthen()

    def gather(self):
        idle = not self.rows and not self.waiting
        while len(self.waiting) < self.options["batch"]:
            patience = GATHERING if self.waiting else None if self.slots is None else PATIENCE
            try:
                job = self.arrived.get(block=idle, timeout=patience)
            except queue.Empty:
                if idle and not self.waiting:
                    self.free()
                return
            if isinstance(job, tuple):
                self.take_in(*job)
            # One whose client has gone is left out.
            elif job.done.set_running_or_notify_cancel():
                self.waiting.append(job)

    def free(self):
        """Gives memory back that others may need while nobody asks; the model stays."""
        self.slots = None
        if self.cuda:
            torch.cuda.empty_cache()

    def take_in(self, done, name, folder):
        try:
            self.adapters.load(name, folder)
            done.set_result(None)
        except Exception as error:
            done.set_exception(error)

    def admit(self):
        """Gives waiting requests a slot, in their order, up to the first that has to wait longer."""
        if not self.rows and self.waiting:
            self.adapters.use(self.waiting[0].adapter)
            self.make_slots(max(job.columns for job in self.waiting))
        if self.slots is None:
            return
        free = [row for row in range(self.slots.count) if row not in self.rows]
        while free and self.waiting:
            job = self.waiting[0]
            if job.columns > self.slots.columns or job.adapter != self.adapters.used:
                return
            del self.waiting[0]
            if job.go_on():
                self.rows[free.pop(0)] = job
            else:
                job.done.set_result(job.writer)

    def make_slots(self, columns):
        """Slots for texts of so many tokens; those that are there stay where they are long enough."""
        if self.slots is not None and columns <= self.slots.columns:
            return
        self.free()  # Before the new ones take theirs.
        limit = self.options["max_context"] + 64
        columns = -(-max(columns, min(limit, columns * 5 // 4)) // GRAIN) * GRAIN
        count = self.options["batch"]
        if self.cuda:
            free, total = torch.cuda.mem_get_info()
            mine = self.options["memory"] * total - torch.cuda.memory_allocated()
            room = FREE_SHARE * min(free, mine)
            count = max(1, min(count, int(room / (bytes_a_column(self.model) * columns))))
        record = self.options["recorder"]
        few = self.options["burst"] > 1
        self.slots = Slots(self.model, count, columns, self.size, few, record and record())

    def read(self):
        """Reads what stands before the wishes, and fulfils or begins them."""
        wishing = [row for row, job in self.rows.items() if job.wish is not None and not job.text]
        wishing.sort(key=lambda row: len(self.rows[row].writer.sequence) - self.rows[row].writer.cached)
        most = READING["cuda" if self.cuda else "cpu"]
        while wishing:
            rows, texts, begins = [], [], []
            while wishing:
                writer = self.rows[wishing[0]].writer
                sequence = writer.sequence
                # Scores are those after a token that is read: of one that was, once more.
                begin = min(writer.cached, len(sequence) - 1)
                if rows and (len(rows) + 1) * (len(sequence) - begin) > most:
                    break
                rows.append(wishing.pop(0))
                texts.append(sequence[begin:])
                begins.append(begin)
            scores = self.slots.read(rows, texts, begins)
            for row, token in zip(rows, self.first_tokens(scores, rows)):
                self.begin(row, token)

    def first_tokens(self, scores, rows):
        """A token for each of the rows that have been read, out of those that its wish allows."""
        vocabulary = self.vocabulary
        jobs = [self.rows[row] for row in rows]
        for place, job in enumerate(jobs):
            job.writer.cached = len(job.writer.sequence)
            if isinstance(job.wish, Pick):
                allowed = torch.tensor(job.wish.tokens, device=scores.device)
                kept = scores[place, allowed]
                scores[place] = -torch.inf
                scores[place, allowed] = kept
            elif job.wish.guided:
                # At least one character stands in a place for free text.
                scores[place, vocabulary.barred] = -torch.inf
        best = scores.argmax(-1)
        asked = [job.writer.options for job in jobs]
        if any(options["temperature"] > 0 for options in asked):
            given = lambda kind, values: torch.tensor(values, dtype=kind, device=scores.device)  # noqa: E731
            chance = {
                name: given(kind, [options[name] for options in asked])
                for name, (kind, _) in KINDS.items()
            }
            drawn = given(torch.long, [job.writer.draws for job in jobs])
            tokens = draw_surely(scores, chance, drawn, any(map(narrows, asked)))
            best = torch.where(chance["temperature"] > 0, tokens, best)
        for job in jobs:
            job.writer.draws += 1
        return best.tolist()

    def begin(self, row, token):
        """A row's first token after reading: all it wished for, or the first of its text."""
        job = self.rows[row]
        if isinstance(job.wish, Pick):
            self.settle(row, token)
        elif self.ends(job.wish, token):
            self.settle(row, ([], True))
        elif job.wish.limit == 1:
            self.settle(row, ([token], False))
        else:
            job.text = [token]
            options = {**job.writer.options, "drawn": job.writer.draws}
            self.slots.start(row, token, len(job.writer.sequence), options)

    def ends(self, wish, token):
        vocabulary = self.vocabulary
        return token in vocabulary.end_set or (wish.guided and token in vocabulary.tag_set)

    def settle(self, row, said):
        """Tells a row's writer what came of its wish; frees the row where the answer is finished."""
        job = self.rows[row]
        if not job.go_on(said):
            del self.rows[row]
            job.done.set_result(job.writer)

    def lengthen(self):
        self.close_ranks()
        jobs = self.rows
        count = max(jobs) + 1
        furthest = max(len(job.writer.sequence) + len(job.text) for job in jobs.values())
        left = max(job.wish.limit - len(job.text) for job in jobs.values())
        new = self.slots.write(
            count,
            min(left, self.options["burst"]),
            furthest,
            [job.writer.options for job in jobs.values()],
            self.adapters.used,
        )
        for row, job in list(jobs.items()):
            self.take(row, job, [tokens[row] for tokens in new])

    def take(self, row, job, tokens):
        """Takes a row's new tokens, up to its end."""
        for token in tokens:
            job.writer.draws += 1
            ended = self.ends(job.wish, token)
            if not ended:
                job.text.append(token)
            if ended or len(job.text) >= job.wish.limit:
                text, job.text = job.text, []
                # The last one may not have been read.
                job.writer.cached = len(job.writer.sequence) + len(text) - 1
                self.slots.stop(row)
                self.settle(row, (text, ended))
                return

    def close_ranks(self):
        """Moves answers down where that makes the steps smaller."""
        size = self.slots.sizes.rows(len(self.rows))
        for row in sorted(self.rows, reverse=True):
            if row < size:
                return
            free = next(each for each in range(size) if each not in self.rows)
            self.slots.move(row, free)
            self.rows[free] = self.rows.pop(row)
