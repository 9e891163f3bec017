import type { Runner } from "../../../src/contract/runner.js";
import { sizeOf, sizesOnly } from "../../base/stage/cost-model.js";
import type { ProfileParams } from "./stage.js";

/** Text without an LLM, from titles, attributes and ratings. */
export const profileRunner: Runner<ProfileParams> = {
  name: "profile",
  version: 1,
  toolchain: () => [],
  resources: () => ({ cpus: 1, gpus: 0 }),
  estimate: ({ inputs: { dataset } }) =>
    sizesOnly({
      "users.texts": sizeOf(dataset, "users"),
      "items.texts": sizeOf(dataset, "items"),
    }),
  load: async () => (await import("./program.js")).program,
};
