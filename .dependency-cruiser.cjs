// The floors of the house: each folder imports only from the floors below its own. Type-only imports
// count. ARCHITECTURE.md shows the picture that follows from these rules.

/** The engine's floors, the ground first. A folder that stands on no floor is refused. */
const engine = [
  ["base"],
  ["contract"],
  ["spec", "store"],
  ["config", "plan"],
  ["toolchain", "journal"],
  ["cells", "execute"],
  ["report"],
  ["tracking"],
  ["doctor"],
  ["commands"],
];

/** The science's floors, the ground first. Folders of one floor do not import each other. */
const science = ["base", "stages", "composition"];

const anyOf = (names) => `(?:${names.join("|")})`;

/** A rule for each floor of src: no import from its own floor's other folders or from above. */
const engineRules = engine.flatMap((floor, level) =>
  floor.map((folder) => {
    const closed = [
      ...engine
        .slice(level)
        .flat()
        .filter((name) => name !== folder),
    ];
    return {
      name: `src-${folder}-imports-from-below`,
      comment: `src/${folder} imports only from the floors below it.`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: [...(closed.length > 0 ? [`^src/${anyOf(closed)}/`] : []), "^src/[^/]+\\.ts$"] },
    };
  }),
);

const scienceRules = science.map((folder, level) => ({
  name: `runners-${folder}-imports-from-below`,
  comment: `runners/${folder} imports only from the floors below it.`,
  severity: "error",
  from: { path: `^runners/${folder}/` },
  to: {
    path: [
      ...(level + 1 < science.length ? [`^runners/${anyOf(science.slice(level + 1))}/`] : []),
      "^runners/[^/]+\\.ts$",
    ],
  },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...engineRules,
    ...scienceRules,
    {
      name: "every-folder-has-a-floor",
      comment: "A new folder of src or runners must be given a floor in this file.",
      severity: "error",
      from: {},
      to: {
        path: "^(?:src|runners)/[^/]+/",
        pathNot: [`^src/${anyOf(engine.flat())}/`, `^runners/${anyOf(science)}/`],
      },
    },
    {
      name: "engine-knows-no-science",
      comment: "The engine (src) reaches the science (runners) only where cli.ts joins the two.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli\\.ts$" },
      to: { path: "^runners/" },
    },
    {
      name: "science-knows-the-contract-alone",
      comment: "The science (runners) imports nothing of the engine but its base and the contract.",
      severity: "error",
      from: { path: "^runners/" },
      to: { path: "^src/", pathNot: "^src/(?:base|contract)/" },
    },
    {
      name: "stages-stand-alone",
      comment:
        "A stage imports no other stage: what stages hand to each other is in runners/base/artifacts.",
      severity: "error",
      from: { path: "^runners/stages/([^/]+)/" },
      to: { path: "^runners/stages/", pathNot: "^runners/stages/$1/" },
    },
    {
      name: "no-circle",
      comment: "No circle of files, type-only imports included.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphan",
      comment: "A file that nothing imports and that imports nothing is dead.",
      severity: "error",
      from: { orphan: true, pathNot: "\\.d\\.ts$" },
      to: {},
    },
    {
      name: "resolvable",
      comment: "Every import leads to a file or a package that is there.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
};
