import type { YAMLError } from "yaml";

/** What a mistake in the YAML means, in plain words; null for one that another one explains. */
export function syntaxMessage(error: YAMLError): string | null {
  const text = error.message;
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
      return "a mapping cannot begin here: put it on a line of its own, or quote a value that holds a colon";
    case "MULTILINE_IMPLICIT_KEY":
      return "this line is indented more than the one before it, which already has a value";
    case "BAD_INDENT":
      return text.includes("same column")
        ? "this line is not indented like its siblings"
        : `bad indentation: ${lower(text)}`;
    case "MISSING_CHAR":
      return text.includes("Implicit map keys")
        ? "a colon and a value are missing after this key"
        : `not closed: ${lower(text)}`;
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
