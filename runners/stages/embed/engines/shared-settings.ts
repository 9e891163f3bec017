/*
 * Schemas of the settings that several engines read.
 */

export const normalize = {
  description: "Scale every vector to length 1.",
  type: "boolean",
  default: true,
};

export const dimension = {
  description:
    "Keep only the first so many numbers of a vector (for models trained so that this works), or ask the endpoint for vectors of this length; null: all.",
  type: ["integer", "null"],
  minimum: 1,
  default: null,
};

export const max_tokens = {
  description:
    "Longer texts are cut after so many tokens; null: what the model allows (256 for the built-in encoder).",
  type: ["integer", "null"],
  minimum: 1,
  default: null,
};
