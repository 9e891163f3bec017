// The floors of the house: a folder imports only from the floors below its own, and type-only
// imports count. `npm run layers` checks these rules. ARCHITECTURE.md shows the floors.
import { engine, ground, science } from "./scripts/floors.mjs";

const anyOf = (names) => `(?:${names.join("|")})`;

/** A rule for each folder of a tree: no import from a folder beside it or above it. */
const floorRules = (tree, floors) =>
  floors.flatMap((floor, level) =>
    floor.map((folder) => {
      const closed = floors
        .slice(level)
        .flat()
        .filter((name) => name !== folder);
      const folders = closed.length > 0 ? [`^${tree}/${anyOf(closed)}/`] : [];
      return {
        name: `${tree.replace("/", "-")}-${folder}-imports-from-below`,
        comment: `${tree}/${folder} imports only from the floors below it.`,
        severity: "error",
        from: { path: `^${tree}/${folder}/` },
        to: { path: [...folders, `^${tree}/[^/]+\\.ts$`] },
      };
    }),
  );

/** Folders of src and runners that stand on no floor. */
const withoutFloor = {
  path: "^(?:src|runners)/[^/]+/",
  pathNot: [`^src/${anyOf(engine.flat())}/`, `^runners/${anyOf(science.flat())}/`],
};
const needsFloor = "A new folder of src or runners must be given a floor in scripts/floors.mjs.";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...floorRules("src", engine),
    ...floorRules("runners", science),
    ...floorRules("runners/base", ground),
    {
      name: "every-folder-has-a-floor",
      comment: needsFloor,
      severity: "error",
      from: {},
      to: withoutFloor,
    },
    {
      name: "no-folder-without-a-floor",
      comment: needsFloor,
      severity: "error",
      from: withoutFloor,
      to: {},
    },
    {
      name: "engine-knows-no-science",
      comment:
        "The engine (src) reaches the science (runners) only where src/cli.ts joins the two.",
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
      name: "program-knows-no-tests",
      comment: "Nothing that is shipped imports a test, a benchmark or a script.",
      severity: "error",
      from: { path: "^(?:src|runners)/" },
      to: { path: "^(?:test|bench|scripts)/" },
    },
    {
      name: "no-circle",
      comment: "There is no circle of files. Type-only imports count.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphan",
      comment: "A file that nothing imports and that imports nothing is dead.",
      severity: "error",
      from: { orphan: true, pathNot: "(?:\\.d\\.m?ts|-worker\\.mjs)$" },
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
    // As Node and TypeScript resolve packages.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "types", "default"],
    },
  },
};
