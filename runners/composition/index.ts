import type { Runner } from "../../src/contract/runner.js";
import { centerRunner } from "../stages/center/runner.js";
import { controlRunner } from "../stages/control/runner.js";
import { embedRunner } from "../stages/embed/runner.js";
import { ownFilesRunner } from "../stages/own-files/runner.js";
import { packagedModelRunner } from "../stages/packaged-model/runner.js";
import { profileRunner } from "../stages/profile/runner.js";

export { cardsOfKnowledge } from "./cards.js";
export { checkKnowledge } from "./check.js";
export { knowledgeFragment } from "./schema.js";
export { expandKnowledge, neutralKnowledge } from "./settings.js";
export { knowledgeStage } from "./stage.js";
export { ignoredKnowledge } from "./ignored.js";

/** Runners of the stages between the data set and the CTR model that ask no LLM. */
export const knowledgeRunners: readonly Runner[] = [
  profileRunner,
  ownFilesRunner,
  packagedModelRunner,
  embedRunner,
  centerRunner,
  controlRunner,
];
