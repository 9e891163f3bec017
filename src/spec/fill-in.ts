import { holdsSecret, namesSecret, redact } from "../base/redact.js";
import { interpolationIn } from "./interpolation.js";

/** Variables of the environment by name; one that is not set is undefined. */
export interface Variables {
  readonly [name: string]: string | undefined;
}

/** A text with its variables filled in, or what is wrong with it. */
export type Filled =
  | {
      /** What the spec then says: a number or a truth value where the text was one variable alone. */
      readonly value: string | number | boolean;
      /** The variables that were read, with what was put in their place. */
      readonly used: readonly (readonly [name: string, value: string])[];
    }
  | { readonly wrong: string };

const VARIABLE = /\$\{env:([^{}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Integers and floats of YAML 1.2's core schema (YAML 1.2.2, section 10.3.2), finite ones. */
const NUMBER = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/**
 * Fills in `${env:NAME}` and `${env:NAME:-default}`. A text that is one of these and nothing else is
 * then read as YAML reads a plain value: `3` is a number. A variable that is set to nothing counts as
 * not set. Anything else that looks as if it should be filled in is a mistake, and so is a secret: a
 * spec is stored in journals and sent to MLflow.
 *
 * @param setting the key that the text stands under; null where it stands under none
 */
export function fillIn(text: string, setting: string | null, variables: Variables): Filled {
  if (!text.includes("$") && !text.includes("{{") && !text.includes("%("))
    return { value: text, used: [] };
  const other = interpolationIn(text.replace(VARIABLE, "x"));
  if (other !== null) {
    const wrong = `r4ec fills in nothing for ${other}; write the value itself, or \${env:NAME} for a variable of the environment`;
    return { wrong };
  }
  const used: (readonly [string, string])[] = [];
  let wrong: string | null = null;
  const filled = text.replace(VARIABLE, (_, inner: string) => {
    const found = valueOf(inner, setting, variables);
    if ("wrong" in found) wrong ??= found.wrong;
    else used.push([found.name, found.value]);
    return "wrong" in found ? "" : found.value;
  });
  if (wrong !== null) return { wrong };
  if (used.length === 0) return { value: text, used };
  if (redact(filled) !== filled) {
    const names = used.map(([name]) => name).join(" and ");
    return { wrong: `what ${names} holds looks like a secret, which must not stand in a spec` };
  }
  const alone = text.trim().replace(VARIABLE, "") === "" && used.length === 1;
  return { value: alone ? plain(filled.trim()) : filled, used };
}

/** The value of a variable, from what stands between `${env:` and `}`. */
function valueOf(
  inner: string,
  setting: string | null,
  variables: Variables,
): { readonly name: string; readonly value: string } | { readonly wrong: string } {
  const [, name = "", , fallback] = /^([^:]*)(:-([\s\S]*))?$/.exec(inner)?.slice(0, 4) ?? [];
  const whole = `\${env:${inner}}`;
  if (!NAME.test(name)) {
    return { wrong: `${whole} names no variable; write \${env:NAME} or \${env:NAME:-DEFAULT}` };
  }
  if (setting !== null && /_env$/i.test(setting)) {
    const wrong = `${setting} holds the name of a variable, not its value; write ${setting}: ${name}`;
    return { wrong };
  }
  if (namesSecret(name) || (setting !== null && holdsSecret(setting))) {
    const what = namesSecret(name) ? name : setting!;
    const wrong = `${what} looks like a secret, and a spec is stored in journals and sent to MLflow; a setting that ends with _env takes the name of a variable instead`;
    return { wrong };
  }
  const value = variables[name];
  if (value !== undefined && value !== "") return { name, value };
  if (fallback !== undefined) return { name, value: fallback };
  const state = value === undefined ? "is not set" : "is empty";
  return {
    wrong: `the variable ${name} ${state}; set it, or write a default: \${env:${name}:-DEFAULT}`,
  };
}

function plain(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}
