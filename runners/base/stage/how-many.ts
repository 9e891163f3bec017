import type { JsonSchema } from "../../../src/contract/science.js";

/** Schema of a setting that says about how many something is done: about all, or about a number of them. */
export const howMany = (description: string): JsonSchema => ({
  description,
  anyOf: [
    { description: "All of them.", const: "all" },
    { description: "This many of them.", type: "integer", minimum: 0 },
  ],
  default: "all",
});
