"""How many tokens a second a server of a language model writes, asked as a think stage asks it; for index.ts.

Usage: python measure.py [--ways greedy,sampled,top-p] [--prompts 200] [--concurrency 256]
                         [--max-tokens 90] [--rounds 2] [--texts FILE] -- COMMAND ...

COMMAND starts the server; {port} stands for its port. Prompts are those of experiments/llm-demo.yaml
about users and items that are made up, answers are guided. Prints a JSON object a line: the start in
seconds, then each round of each way. Every round asks other prompts. Only Python's own library is used.
"""

import argparse
import http.client
import json
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "experiments" / "llm-demo-prompts"
TITLES = """Toy Story|GoldenEye|Four Rooms|Get Shorty|Copycat|Twelve Monkeys|Babe|Dead Man Walking|Richard III|Seven
The Usual Suspects|Mighty Aphrodite|The Postman|Braveheart|Taxi Driver|Rumble in the Bronx|Apollo 13|Batman Forever
Crimson Tide|Desperado|The Doom Generation|Free Willy 2|Hackers|Judge Dredd|The Net|Strange Days|Clerks|Dolores Claiborne
Eat Drink Man Woman|Exotica|Ed Wood|Hoop Dreams|I.Q.|Star Wars|Legends of the Fall|Natural Born Killers|Outbreak
The Professional|Pulp Fiction|Priest|Quiz Show|The Shawshank Redemption|Stargate|The Lion King|The Mask|Maverick""".replace(
    "\n", "|"
).split("|")
# What a request says of chance, by way.
WAYS = {
    "greedy": {"temperature": 0},
    "sampled": {"temperature": 0.5},
    "top-p": {"temperature": 0.5, "top_p": 0.95},
}
LEADS = {"user": 'This user likes movies such as "', "item": "This movie is"}


def prompts(count, seed):
    """Pairs of a prompt and the guide of its answer; half of them about users, half about items."""
    chance = random.Random(seed)
    templates = {
        side: (TEMPLATES / f"{side}-think.student.txt").read_text() for side in ("user", "item")
    }

    def history():
        rated = [
            f'["{title} ({chance.randint(1970, 1998)})", {chance.randint(1, 5)}]'
            for title in chance.sample(TITLES, 10)
        ]
        return "[" + ", ".join(rated) + "]"

    made = []
    for place in range(count):
        side = "user" if place % 2 == 0 else "item"
        words = {
            **{"thing": "movie", "things": "movies", "like_above": "3"},
            **{"title": f"{chance.choice(TITLES)} ({chance.randint(1970, 1998)})"},
            **{"history": history(), "liking_history": history(), "disliking_history": history()},
        }
        text = templates[side]
        for name, value in words.items():
            text = text.replace("{{" + name + "}}", value)
        made.append((text, LEADS[side] + "[^<]+"))
    return made


class Server:
    def __init__(self, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        filled = [each.replace("{port}", str(self.port)) for each in command]
        self.process = subprocess.Popen(filled, stdout=sys.stderr)

    def until_up(self):
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with status {self.process.returncode}")
            try:
                return self.request("GET", "/v1/models")["data"][0]["id"]
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            read = json.loads(answer.read())
            if answer.status != 200:
                raise SystemExit(f"the server answered {answer.status}: {read}")
            return read
        finally:
            connection.close()

    def end(self):
        self.process.terminate()
        self.process.wait()


def ask_all(server, model, asked, way, arguments):
    """Asks all prompts, so many at the same time: their answers and the seconds it took."""
    answers = [None] * len(asked)
    places = iter(range(len(asked)))
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                place = next(places, None)
            if place is None:
                return
            prompt, guide = asked[place]
            body = {
                "model": model,
                "messages": [{"role": "user", "content": prompt}],
                "max_tokens": arguments.max_tokens,
                "repetition_penalty": 1.15,
                "guided_regex": guide,
                **WAYS[way],
            }
            answers[place] = server.request("POST", "/v1/chat/completions", json.dumps(body))

    threads = [threading.Thread(target=work) for _ in range(min(arguments.concurrency, len(asked)))]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if None in answers:
        raise SystemExit("not every prompt was answered")
    return answers, seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--max-tokens", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--texts", default=None, help="a file for the texts of the first round")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    say = lambda **values: print(json.dumps(values), flush=True)  # noqa: E731
    begin = time.perf_counter()
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    server = Server(command)
    first = None
    try:
        model = server.until_up()
        say(start_seconds=round(time.perf_counter() - begin, 2))
        for number in range(arguments.rounds):
            for way in arguments.ways.split(","):
                asked = prompts(arguments.prompts, number)
                answers, seconds = ask_all(server, model, asked, way, arguments)
                first = first or answers
                read, written = (
                    sum(answer["usage"][f"{kind}_tokens"] for answer in answers)
                    for kind in ("prompt", "completion")
                )
                say(
                    way=way,
                    round=number + 1,
                    prompts=len(answers),
                    concurrency=arguments.concurrency,
                    seconds=round(seconds, 2),
                    tokens_read=read,
                    tokens_written=written,
                    written_a_second=round(written / seconds, 1),
                )
    finally:
        server.end()
    if arguments.texts is not None:
        texts = [answer["choices"][0]["message"]["content"] for answer in first]
        Path(arguments.texts).write_text(json.dumps(texts, indent=1))


if __name__ == "__main__":
    main()
