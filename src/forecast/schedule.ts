import type { Fingerprint } from "../base/fingerprint.js";

/** What of a machine stages occupy. */
export interface Capacity {
  readonly cpus: number;
  /** Cards; 0: stages that would take one run on CPUs. */
  readonly cards: number;
}

/** A stage that has still to run, or to end. */
export interface Task {
  readonly id: Fingerprint;
  /** Seconds until it ends, from when it begins; of one that runs, from now. */
  readonly seconds: number;
  readonly running: boolean;
  readonly cpus: number;
  readonly cards: number;
  /** Tasks among the given ones that must end first. */
  readonly needs: readonly Fingerprint[];
}

const TINY = 1e-9;

/**
 * Seconds until all tasks have ended, where each begins as soon as what it needs has ended and there is
 * room, in the given order. Takes O(n log n) steps.
 */
export function playThrough(tasks: readonly Task[], capacity: Capacity): number {
  const open = new Map<Fingerprint, number>();
  const followers = new Map<Fingerprint, Task[]>();
  const known = new Set(tasks.map(({ id }) => id));
  const lines = new Map<string, { head: number; readonly queue: Task[] }>();
  const ends = new Heap();
  const free = { cpus: capacity.cpus, cards: capacity.cards };
  const wanted = (task: Task) => ({
    cpus: Math.min(task.cpus, capacity.cpus),
    cards: Math.min(task.cards, capacity.cards),
  });
  const take = (task: Task, sign: 1 | -1): void => {
    const { cpus, cards } = wanted(task);
    free.cpus -= sign * cpus;
    free.cards -= sign * cards;
  };
  const line = (task: Task): void => {
    const { cpus, cards } = wanted(task);
    const key = `${cpus} ${cards}`;
    const found = lines.get(key);
    if (found === undefined) lines.set(key, { head: 0, queue: [task] });
    else found.queue.push(task);
  };
  let now = 0;
  const begin = (task: Task): void => {
    take(task, 1);
    ends.push({ at: now + task.seconds, task });
  };
  for (const task of tasks) {
    const needs = task.running ? [] : task.needs.filter((need) => known.has(need));
    open.set(task.id, needs.length);
    for (const need of needs) {
      const before = followers.get(need);
      if (before === undefined) followers.set(need, [task]);
      else before.push(task);
    }
    if (task.running) begin(task);
  }
  for (const task of tasks) if (!task.running && open.get(task.id) === 0) line(task);
  for (;;) {
    for (const each of lines.values()) {
      for (let next = each.queue[each.head]; next !== undefined; next = each.queue[each.head]) {
        const { cpus, cards } = wanted(next);
        if (cpus > free.cpus + TINY || cards > free.cards + TINY) break;
        each.head += 1;
        begin(next);
      }
    }
    const ended = ends.pop();
    if (ended === undefined) return now;
    now = ended.at;
    take(ended.task, -1);
    for (const follower of followers.get(ended.task.id) ?? []) {
      const left = open.get(follower.id)! - 1;
      open.set(follower.id, left);
      if (left === 0) line(follower);
    }
  }
}

interface End {
  readonly at: number;
  readonly task: Task;
}

/** The ends of running tasks, the next one first. */
class Heap {
  readonly #ends: End[] = [];

  push(end: End): void {
    const ends = this.#ends;
    let place = ends.push(end) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (ends[parent]!.at <= end.at) break;
      ends[place] = ends[parent]!;
      place = parent;
    }
    ends[place] = end;
  }

  pop(): End | undefined {
    const ends = this.#ends;
    const first = ends[0];
    const last = ends.pop();
    if (first === undefined || last === undefined || ends.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= ends.length) break;
      if (child + 1 < ends.length && ends[child + 1]!.at < ends[child]!.at) child += 1;
      if (ends[child]!.at >= last.at) break;
      ends[place] = ends[child]!;
      place = child;
    }
    ends[place] = last;
    return first;
  }
}
