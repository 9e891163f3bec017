import type { Json } from "../base/json.js";

/** A mistake in settings, by the place in the document. */
export interface Problem {
  /** Keys and list indices from the root of the spec. */
  readonly where: readonly string[];
  /** Whether the key or the value is wrong. */
  readonly at: "key" | "value";
  readonly message: string;
  /** The key that a block lacks, where that is the mistake. */
  readonly missing?: string;
}

/** How a place in the document is called in messages: `model.layers[1]`. Inside a sweep: the setting. */
export function labelOf(where: readonly string[]): string {
  return inSetting(where).reduce(
    (label, part) =>
      /^\d+$/.test(part) ? `${label}[${part}]` : label === "" ? part : `${label}.${part}`,
    "",
  );
}

/** The dotted path of the setting at a place in the document; null at the root. */
export function settingAt(where: readonly string[]): string | null {
  const parts = inSetting(where);
  const list = parts.findIndex((part, index) => index > 0 && /^\d+$/.test(part));
  return parts.slice(0, list === -1 ? undefined : list).join(".") || null;
}

// sweep.grid."model.rate".0 is about model.rate.
function inSetting(where: readonly string[]): readonly string[] {
  const [head, block] = where;
  if (head === "sweep") {
    if (block === "grid" && where.length > 2) return [where[2]!, ...where.slice(4)];
    if (block === "sample" && where[2] === "space" && where.length > 3) {
      return [where[3]!, ...where.slice(where[4] === "choice" ? 6 : 4)];
    }
    if (block === "zip" && where.length > 3) return [where[3]!, ...where.slice(5)];
    if ((block === "include" || block === "exclude") && where.length > 3) return where.slice(3);
  }
  if (head === "compare" && block === "baseline" && where.length > 2) return where.slice(2);
  if (head === "compare" && block === "claims" && where.length > 3) return where.slice(3);
  return where;
}

/** A value as a message shows it: `"fast"`, `12`, `a list`, `a mapping`. */
export function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
