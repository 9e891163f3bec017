import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What the machine's nvidia-smi tells of a card. */
export interface FakeCard {
  uuid: string;
  /** MiB, of 80,000. */
  used: number;
  display: boolean;
  memoryErrors: number;
  /** Ids of its instances, where it is cut. */
  instances: string[];
  /** `shown`: only its row says so; `spoils`: nothing is told of any card unless one asks for it alone. */
  lost: "no" | "shown" | "spoils" | "gone";
}

const TOTAL = 80_000;
const LOST = "Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.";

/** A machine with a driver and cards, as far as its nvidia-smi tells: a program in a folder of its own. */
export class FakeMachine {
  readonly cards: FakeCard[];
  /** Programs on the cards: number of the card, pid, MiB. */
  processes: [card: number, pid: number, used: number][] = [];
  readonly #folder: string;

  constructor(folder: string, count: number) {
    this.#folder = mkdtempSync(path.join(folder, "bin-"));
    this.cards = Array.from({ length: count }, () => ({
      uuid: `GPU-${id()}`,
      ...{ used: 0, display: false, memoryErrors: 0, instances: [], lost: "no" },
    }));
    const program = path.join(this.#folder, "nvidia-smi");
    const told = (name: string): string => `. "${this.#folder}/${name}"`;
    writeFileSync(
      program,
      [
        "#!/bin/sh",
        `case "$1" in`,
        `-L) ${told("list")} ;;`,
        `-i) ${told('card-"$2"')} ;;`,
        `--query-gpu=*) ${told("cards")} ;;`,
        `--query-compute-apps=*) ${told("processes")} ;;`,
        "*) exit 2 ;;",
        "esac\n",
      ].join("\n"),
    );
    chmodSync(program, 0o755);
    this.tell();
  }

  /** PATH with the machine's nvidia-smi first. */
  get path(): string {
    return `${this.#folder}${path.delimiter}${process.env["PATH"]}`;
  }

  /** Cuts a card into instances. */
  cut(card: number, instances: number): void {
    this.cards[card]!.instances = Array.from({ length: instances }, () => `MIG-${id()}`);
    this.tell();
  }

  /** From now on nvidia-smi tells of the machine as it is now. */
  tell(): void {
    const write = (name: string, lines: readonly string[], status = 0): void => {
      const said = lines.map((line) => `echo '${line}'`);
      writeFileSync(path.join(this.#folder, name), [...said, `exit ${status}\n`].join("\n"));
    };
    const there = [...this.cards.entries()].filter(([, { lost }]) => lost !== "gone");
    const row = (index: number, card: FakeCard): string =>
      card.lost === "no"
        ? `${index}, ${card.uuid}, ${card.used}, ${TOTAL}, ${card.display ? "Enabled" : "Disabled"}, ${card.memoryErrors}`
        : `${index}, ${card.uuid}, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]`;
    for (const [index, card] of there) {
      const spoilt = card.lost === "spoils";
      write(`card-${card.uuid}`, [spoilt ? LOST : row(index, card)], spoilt ? 15 : 0);
    }
    if (this.cards.length === 0) {
      for (const name of ["list", "cards", "processes"]) write(name, ["no driver"], 9);
      return;
    }
    if (this.cards.some(({ lost }) => lost === "spoils")) write("cards", [LOST], 15);
    else
      write(
        "cards",
        there.map(([index, card]) => row(index, card)),
      );
    write(
      "list",
      there.flatMap(([index, { uuid, instances }]) => [
        `GPU ${index}: NVIDIA H100 80GB HBM3 (UUID: ${uuid})`,
        ...instances.map((one, at) => `  MIG 1g.10gb     Device  ${at}: (UUID: ${one})`),
      ]),
    );
    write(
      "processes",
      this.processes.map(([card, pid, used]) => `${this.cards[card]!.uuid}, ${pid}, ${used}`),
    );
  }
}

const id = (): string => {
  const digits = randomBytes(16).toString("hex");
  return [8, 12, 16, 20, 32].map((end, at) => digits.slice([0, 8, 12, 16, 20][at], end)).join("-");
};

/** PATH of a machine whose nvidia-smi tells of this many GPUs; none: it has no driver. */
export const machineWithCards = (folder: string, count: number): string =>
  new FakeMachine(folder, count).path;
