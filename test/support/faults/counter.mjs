import { canBefall } from "./disk.mjs";

/**
 * Faults that last: a full disk stays full, one without permission stays so. Others befall one operation.
 */
export const LASTING = new Set(["ENOSPC", "EACCES", "EROFS"]);

// Cells of the shared counter.
const COUNT = 0;
const FIRED_BY = 1;
const DEAD = 2;

/** A counter that threads share. */
export const newCounter = () => new Int32Array(new SharedArrayBuffer(12));
export const fired = (counter) => Atomics.load(counter, FIRED_BY) !== 0;
export const isDead = (counter) => Atomics.load(counter, DEAD) !== 0;
export const count = (counter) => Atomics.load(counter, COUNT);

/**
 * What befalls an operation: the fault at the nth operation that it can befall, whoever does it; a
 * lasting one then befalls every later one of the same role.
 *
 * @param {Int32Array} counter
 * @param {{fault: string, nth: number}} order
 * @param {number} role of the process or thread that asks, from 1
 */
export function judge(counter, { fault, nth }, role, kind) {
  if (isDead(counter)) return "dead";
  if (!canBefall(kind, fault)) return null;
  const seen = Atomics.add(counter, COUNT, 1) + 1;
  if (seen === nth) {
    Atomics.store(counter, FIRED_BY, role);
    if (fault === "kill") Atomics.store(counter, DEAD, 1);
    return fault;
  }
  const lasts = LASTING.has(fault) && Atomics.load(counter, FIRED_BY) === role;
  return lasts ? fault : null;
}
