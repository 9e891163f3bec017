import type { Queue } from "./queue.js";
import { Slurm } from "./slurm.js";

/** The cluster systems that r4ec knows, by the word that `executor` of a spec names them with. */
const SYSTEMS: { readonly [name: string]: () => Queue } = {
  slurm: () => new Slurm(),
};

/** The queue of a cluster system. */
export function queueNamed(name: string): Queue {
  const make = Object.hasOwn(SYSTEMS, name) ? SYSTEMS[name] : undefined;
  if (make === undefined) throw new Error(`no cluster system is called ${name}`);
  return make();
}
