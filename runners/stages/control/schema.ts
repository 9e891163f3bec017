import type { JsonSchema } from "../../../src/contract/science.js";
import { SIDES } from "../../base/artifacts/knowledge.js";
import { CONTROLS } from "./settings.js";

/** Settings of a control under `knowledge`. */
export const controlProperties: { readonly [setting: string]: JsonSchema } = {
  control: {
    description:
      "A control replaces the variant's vectors, to show what their content adds. off: no control; shuffled: each user or item gets the vector of another one; random: normally distributed vectors, scaled to the mean length of the variant's; constant: all get the mean vector. Users and items without a vector still have none. shuffled and random depend on the cell's seed.",
    type: "string",
    enum: ["off", ...CONTROLS],
    default: "off",
  },
  control_side: {
    description: "The side whose vectors the control replaces: users, items, or both.",
    type: "string",
    enum: ["both", ...SIDES],
    default: "both",
  },
};
