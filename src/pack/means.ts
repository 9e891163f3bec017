import type { PythonPart } from "../contract/python-part.js";
import type { Supply } from "../contract/supply.js";
import type { Say } from "../toolchain/parts.js";

/** What packing, and installing from a pack, use. */
export interface Means {
  /** Absolute toolchain folder. */
  readonly toolchain: string;
  /** Folder of fetched files. */
  readonly downloads: string;
  /** Every Python environment that can be carried. */
  readonly environments: readonly PythonPart[];
  readonly supplies: readonly Supply[];
  readonly say: Say;
  readonly signal?: AbortSignal | undefined;
}

/** `3.11` of `3.11.7`: what wheels are made for. */
export const minorOf = (version: string): string => version.split(".").slice(0, 2).join(".");
