import type { JsonSchema } from "../../../../src/contract/science.js";

/** Schema of a `backbone` that is a program of the user's own. */
export const ownProgramFragment: JsonSchema = {
  type: "object",
  description:
    "A program of your own, in any language and framework: it trains on plain arrays and writes predictions (docs/program-backbone.md).",
  additionalProperties: false,
  required: ["name", "command"],
  properties: {
    name: {
      description:
        "What tables and names of cells call it: letters, digits, dots, dashes and underscores. It must not be an id of r4ec's own.",
      type: "string",
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
      maxLength: 64,
    },
    command: {
      description:
        "The program and its arguments, a list; r4ec adds the path of params.json. No shell reads it. The program is looked up in PATH; with a slash in it, it is a path from the spec's folder.",
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: {
        description: "The program, or an argument.",
        type: "string",
        minLength: 1,
        maxLength: 4096,
      },
    },
    files: {
      description:
        "Files of your own that the program is made of, by their paths from the spec's folder. Their contents (not their paths) decide which results are reused, and the program sees no other file beside them.",
      type: "array",
      maxItems: 256,
      uniqueItems: true,
      default: [],
      items: { description: "Path of a file.", type: "string", minLength: 1, maxLength: 4096 },
    },
    environment: {
      description:
        "A Python environment (conda, venv) in which the program runs: the folder that holds bin/python. The program is looked up in its bin before PATH. It does not decide which results are reused.",
      type: "string",
      minLength: 1,
      maxLength: 4096,
    },
    options: {
      description:
        "The program's own settings, handed to it as they are. Each may be an axis: backbone.options.hidden.",
      type: "object",
      default: {},
    },
  },
};
