import type { Device } from "../device.js";
import type { Ways } from "../toolkit/expression.js";
import type { Value } from "../toolkit/value.js";

/**
 * One rewrite: the ways that it puts in the place of some of `below`, which are the ways without it.
 * It may call `below` where it does not apply.
 */
export type Rewriting = (below: Ways<Value>, device: Device) => Partial<Ways<Value>>;
