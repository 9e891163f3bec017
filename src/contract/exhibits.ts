import type { Engine, SweepPlan } from "./engine.js";

/** What a report shows of the things that a sweep's stages made, beside their numbers. */
export type Exhibit =
  | {
      readonly kind: "table";
      readonly title: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | {
      /** Texts about one thing, side by side. */
      readonly kind: "texts";
      readonly title: string;
      readonly texts: readonly {
        /** Which stage wrote it, or which step of its work. */
        readonly title: string;
        readonly text: string;
      }[];
    };

/** Looks into artifacts for exhibits. */
export type ExhibitSource = Pick<Engine, "inspect" | "inputOf">;

/** Finds exhibits among the artifacts of a sweep. Artifacts that are gone or damaged are left out. */
export type FindExhibits = (
  plan: SweepPlan,
  artifacts: ExhibitSource,
) => Promise<readonly Exhibit[]>;
