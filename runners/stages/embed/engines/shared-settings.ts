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
    "The length of the vectors. Of a longer vector only the first numbers are kept, which only some models are trained for (Matryoshka); an endpoint is asked for vectors of this length. Null: the model's own length.",
  type: ["integer", "null"],
  minimum: 1,
  default: null,
};

export const max_tokens = {
  description:
    "Texts that are longer than this many tokens are cut; null: the model's own limit (256 for the built-in encoder).",
  type: ["integer", "null"],
  minimum: 1,
  default: null,
};
