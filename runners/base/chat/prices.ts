/** Schema of a setting `prices`. */
export const PRICES = {
  type: "object",
  description: "What the endpoint charges, in US dollars per million tokens.",
  default: {},
  additionalProperties: false,
  properties: {
    prompt: { type: "number", minimum: 0, default: 0, description: "Per million prompt tokens." },
    completion: {
      type: "number",
      minimum: 0,
      default: 0,
      description: "Per million completion tokens.",
    },
  },
} as const;
