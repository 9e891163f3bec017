import type { YAMLError } from "yaml";

/**
 * What a mistake in the YAML means, in plain words; null for one that another one explains.
 *
 * @param source the text that the error's positions are in
 */
export function syntaxMessage(error: YAMLError, source: string): string | null {
  const text = error.message;
  const [line, next] = linesAt(source, error.pos[0]);
  if (error.code === "RESOURCE_EXHAUSTION" || /call stack/i.test(text)) {
    return "this is nested too deeply to be read";
  }
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "tabs cannot indent YAML; use spaces";
    case "MULTIPLE_DOCS":
      return "a spec is one YAML document; remove everything from this --- on";
    case "NON_STRING_KEY":
      return "a key must be plain text";
    case "TAG_RESOLVE_FAILED":
      return `tags are not used in a spec; remove it (${lower(text)})`;
    case "BLOCK_AS_IMPLICIT_KEY":
      return /:(\s|$)/.test(line.fromHere)
        ? "a mapping cannot begin here: put it on a line of its own, or quote a value that holds a colon"
        : "the line below is indented more than this one, which already has a value";
    case "MULTILINE_IMPLICIT_KEY":
      return next.indent > line.indent
        ? "this line is indented more than the one before it, which already has a value"
        : colonMissing(line.fromHere);
    case "BAD_INDENT":
      if (/^flow (map|seq)/i.test(text)) return notClosed(text);
      return text.includes("same column")
        ? "this line is not indented like its siblings"
        : `bad indentation: ${lower(text)}`;
    case "MISSING_CHAR":
      if (text.includes("Implicit map keys") && /\S\s+\S/.test(line.fromHere))
        return colonMissing(line.fromHere);
      return text.includes("Implicit map keys")
        ? "a colon and a value are missing after this key"
        : notClosed(text);
    case "BAD_SCALAR_START":
      return `${lower(text)}; quote the value`;
    case "UNEXPECTED_TOKEN":
      return `unexpected text here (${lower(text)})`;
    case "BAD_DQ_ESCAPE":
      return `${lower(text)} in a double-quoted string; use single quotes to keep backslashes as they are`;
    case "IMPOSSIBLE":
      return null;
    default:
      return lower(text);
  }
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** A `{` or `[` that nothing closes; the parser's words for others. */
function notClosed(text: string): string {
  if (!/^flow (map|seq)/i.test(text)) return `not closed: ${lower(text)}`;
  const [opened, closing] = text.includes("map") ? ["{", "}"] : ["[", "]"];
  return `not closed: a ${opened} that begins before this place lacks its ${closing}`;
}

/** A line `dataset small`, whose first word was meant to be a key. */
function colonMissing(line: string): string {
  const [key, ...value] = line.trim().split(/\s+/);
  return value.length === 0
    ? "this line has no colon: a setting is KEY: VALUE"
    : `this line has no colon: write ${key!}: ${value.join(" ")}`;
}

interface Line {
  /** Characters before its text. */
  readonly indent: number;
  /** Its text from the error's place on, without a comment. */
  readonly fromHere: string;
}

/** The line of a place, and the next one. */
function linesAt(source: string, at: number): readonly [Line, Line] {
  const start = source.lastIndexOf("\n", at - 1) + 1;
  const [line = "", next = ""] = source.slice(start).split(/\r?\n/, 2);
  const indentOf = (text: string): number => text.length - text.trimStart().length;
  const fromHere = line.slice(at - start).replace(/\s#.*$/, "");
  return [
    { indent: indentOf(line), fromHere },
    { indent: indentOf(next), fromHere: next },
  ];
}
