import path from "node:path";
import type { ArtifactState, Engine, FoundArtifact } from "../contract/engine.js";
import type { Fingerprint } from "../base/fingerprint.js";
import type { Manifest } from "./manifest.js";
import { Store } from "./store.js";

/** An artifact as the science sees it. */
export const foundArtifact = (store: Store, manifest: Manifest): FoundArtifact => ({
  folder: store.artifactFolder(manifest.fingerprint),
  facts: manifest,
});

/** The store that an artifact's folder is part of. */
export const storeOf = (folder: string): Store =>
  new Store(path.resolve(path.dirname(folder), "..", ".."));

/** What a store has, as the science asks for it. */
export const artifactsIn = (store: Store): Pick<Engine, "inspect" | "inputOf"> => ({
  async inspect(fingerprint): Promise<ArtifactState> {
    const seen = await store.inspect(fingerprint);
    switch (seen.state) {
      case "sound":
        return { state: "made", artifact: foundArtifact(store, seen.manifest) };
      case "absent":
        return { state: "missing" };
      case "damaged":
        return { state: "damaged", reason: seen.reason };
    }
  },
  async inputOf({ folder, facts }, input) {
    const fingerprint: Fingerprint | undefined = facts.inputs[input];
    if (fingerprint === undefined) return null;
    const word = `the input ${input} of ${facts.label}`;
    return (await storeOf(folder).open(fingerprint, word)).folder;
  },
});
