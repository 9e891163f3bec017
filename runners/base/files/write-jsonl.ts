import { open } from "node:fs/promises";
import type { Json } from "../../../src/base/json.js";

/** Writes values as JSON Lines, streamed. Syncing to disk is the artifact store's business. */
export async function writeJsonl(
  path: string,
  values: Iterable<Json | object> | AsyncIterable<Json | object>,
): Promise<void> {
  const file = await open(path, "w");
  try {
    let text = "";
    for await (const value of values) {
      text += JSON.stringify(value) + "\n";
      if (text.length > 1 << 18) {
        await file.writeFile(text);
        text = "";
      }
    }
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
