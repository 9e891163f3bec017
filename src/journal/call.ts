import type { StageState } from "./state.js";

/** Names the call of a runner that a running stage belongs to: stages of one call have the same name. */
export const callOf = ({ job, worker }: Pick<StageState, "job" | "worker">): string =>
  `${job?.id ?? ""}/${worker}`;
