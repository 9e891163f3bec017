// The floors of the house. The rules (.dependency-cruiser.mjs) and the picture in ARCHITECTURE.md
// (scripts/map.mjs) both follow from these lists.

/** Folders of src, the ground floor first. Folders of one floor do not import each other. */
export const engine = [
  ["base"],
  ["contract"],
  ["spec", "store"],
  ["config", "plan"],
  ["toolchain", "journal"],
  ["forecast"],
  ["cells", "execute", "pack", "statistics"],
  ["report"],
  ["page"],
  ["tracking"],
  ["doctor"],
  ["commands"],
];

/** Folders of runners, the ground floor first. Folders of one floor do not import each other. */
export const science = [["base"], ["stages"], ["composition", "starter"]];

/** Folders of runners/base, the ground floor first. Folders of one floor do not import each other. */
export const ground = [
  ["files", "modules", "python"],
  ["artifacts", "chat"],
  ["fields", "prompts", "stage"],
  ["models"],
];
