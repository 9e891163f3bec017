import type { StageTask } from "../../../src/contract/runner.js";
import { watchedCosines } from "../../base/artifacts/cosine.js";
import type { SideVectors } from "../../base/artifacts/vectors.js";
import { sideVectors, writeVectors } from "../../base/artifacts/write-vectors.js";
import { modelLabel } from "../../base/models/model-input.js";
import type { EmbedParams } from "./engines/engine.js";
import type { Sides, SideTexts } from "./sides.js";
import type { VectorLog } from "./vector-log.js";

/**
 * Writes the artifact's two sides and publishes it.
 *
 * @param log holds the vector of every text
 * @param embedded texts that this stage embedded; the others' vectors were kept from before it
 */
export async function publishVectors(
  task: StageTask<EmbedParams>,
  sides: Sides,
  log: VectorLog,
  embedded: number,
): Promise<void> {
  const first = [sides.users, sides.items].flatMap((side) =>
    "texts" in side ? side.texts : [],
  )[0];
  const width = first === undefined ? 1 : log.get(first.key)!.length;
  const filled = (side: SideVectors | SideTexts): SideVectors =>
    "texts" in side
      ? sideVectors(
          side.count,
          width,
          side.texts.map(({ index, key }) => [index, log.get(key)!] as const),
        )
      : side;
  const [users, items] = [filled(sides.users), filled(sides.items)];
  await writeVectors(task.out, { model: modelLabel(task.params.model), users, items });
  await task.publish({
    metrics: {
      "texts.embedded": embedded,
      "users.without_text": users.withoutText,
      "users.dimension": users.width,
      "items.without_text": items.withoutText,
      "items.dimension": items.width,
      ...watchedCosines(task, { users, items }),
    },
  });
}
