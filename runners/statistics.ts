import type { Json } from "../src/base/json.js";
import type { FlatSettings, ScienceStatistics } from "../src/contract/statistics.js";

/** A setting; undefined where a cell lacks it, which means its neutral value. */
const at = (settings: FlatSettings, path: string): Json | undefined => settings[path];

const hasKnowledge = (settings: FlatSettings): boolean => {
  const variant = at(settings, "knowledge.variant");
  return variant !== undefined && variant !== "none";
};
const byUsers = (settings: FlatSettings): boolean => at(settings, "dataset.split.by") === "users";
const hasUserId = (settings: FlatSettings): boolean => at(settings, "ctr.user_id") === true;

/** The backbone that knows nothing but how often a user and an item are liked; it needs no id. */
const FLOOR = "bias";
const isFloor = (settings: FlatSettings): boolean => at(settings, "backbone") === FLOOR;

/** What a comparison of CTR cells has to know: their test split is a sample of users. */
export const statistics: ScienceStatistics = {
  unit: { one: "user", many: "users" },
  version: 1,
  reader: async () => (await import("./stages/ctr/influences.js")).ctrInfluences(),
  tested: ["dataset", "split"],
  leftOut: (metric) =>
    metric === "test.gauc" ? "their test samples are all positive or all negative" : null,
  folds: ["dataset.split.fold"],
  control: {
    path: "knowledge.control",
    also: ["knowledge.control_side"],
    applies: hasKnowledge,
  },
  claims: [
    {
      // A vector that is one user's own tells who the user is, whatever it says: so the content
      // helps only where it beats the same vectors dealt to others, and where identity is no gain.
      name: "content helps",
      against: [
        { name: "none", settings: { "knowledge.variant": "none" } },
        {
          name: "shuffled",
          settings: { "knowledge.control": "shuffled", "knowledge.control_side": "both" },
        },
      ],
      impediment: (settings) => {
        if (byUsers(settings)) {
          return hasUserId(settings)
            ? "training has not seen the test users, so a user id makes no sense in this claim (set ctr.user_id: false)"
            : null;
        }
        return hasUserId(settings)
          ? null
          : "with a split by time and no user id, a gain may only come from knowing who the user is (set ctr.user_id: true)";
      },
    },
  ],
  remarks: (cells) => {
    const remarks: string[] = [];
    const some = (is: (settings: FlatSettings) => boolean): boolean => cells.some(is);
    const identified = (one: FlatSettings): boolean =>
      hasKnowledge(one) && !byUsers(one) && !hasUserId(one) && !isFloor(one);
    if (some(identified)) {
      remarks.push(
        "with a split by time and no user id (ctr.user_id), any vector of a user's own tells who the user is, so a gain over none says nothing about content",
      );
    }
    if (!some(isFloor)) {
      remarks.push(
        `backbone: ${FLOOR} is missing, so the result of like rates alone, without a network, is not shown`,
      );
    }
    return remarks;
  },
};
