import type { JsonSchema } from "../../../src/contract/science.js";
import { SIDES } from "../../base/artifacts/knowledge.js";
import { CONTROLS } from "./settings.js";

/** Settings of a control under `knowledge`. */
export const controlProperties: { readonly [setting: string]: JsonSchema } = {
  control: {
    description:
      "A control in place of the variant's own vectors, to tell what their content adds. off: none; shuffled: each vector goes to another user or item; random: normal numbers at the mean length of the vectors; constant: everyone has their mean. Users and items without a vector stay without. Shuffled and random follow the cell's seed.",
    type: "string",
    enum: ["off", ...CONTROLS],
    default: "off",
  },
  control_side: {
    description: "Whose vectors the control replaces.",
    type: "string",
    enum: ["both", ...SIDES],
    default: "both",
  },
};
