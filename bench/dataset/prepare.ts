// One preparation of a table, in a process of its own: prints its seconds and its memory as JSON.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { JsonObject } from "../../src/base/json.js";
import type { StageTask } from "../../src/contract/runner.js";
import { datasetRunner } from "../../runners/stages/dataset/runner.js";
import type { DatasetParams } from "../../runners/stages/dataset/settings.js";
import { datasetStage } from "../../runners/stages/dataset/stage.js";
import { taskOf } from "../task.js";

const [file, core, kind] = process.argv.slice(2) as [string, string, string];
const columns = { file, user: "userId", item: "movieId", time: "timestamp" };
const rated = {
  interactions: { ...columns, rating: "rating" },
  label: { above: 3 },
};
/** The settings of each kind of data set, beside those that all share. */
const kinds: { readonly [kind: string]: JsonObject } = {
  plain: rated,
  fields: {
    ...rated,
    interactions: { ...rated.interactions, fields: ["device"] },
    items: {
      ...{ file: join(dirname(file), "items.csv"), item: "movieId", title: "title" },
      fields: [
        { column: "genres", separator: "|" },
        { column: "year", buckets: 10 },
      ],
    },
    users: {
      ...{ file: join(dirname(file), "users.csv"), user: "userId" },
      fields: ["country", { column: "age", standardise: true }],
    },
  },
  negatives: {
    interactions: columns,
    label: { implicit: { negatives: 4, by: "uniform" } },
  },
};
const cores = { user_core: Number(core), item_core: Number(core) };
const dataset: JsonObject = { id: "table", ...kinds[kind], ...cores };
const request = datasetStage({ dataset }, { folder: "/" });
const folder = await mkdtemp(join(tmpdir(), "r4ec-bench-"));
const metrics: { [name: string]: number } = {};
const task: StageTask<DatasetParams> = {
  ...taskOf({ ...request, inputs: {} }, folder),
  files: Object.fromEntries(Object.entries(request.files).map(([name, { path }]) => [name, path])),
  resources: { gpus: [], threads: 2 },
  publish: (result) => Promise.resolve(void Object.assign(metrics, result.metrics)),
};
const began = performance.now();
try {
  await (await datasetRunner.load()).run([task]);
} finally {
  await rm(folder, { recursive: true, force: true });
}
const seconds = (performance.now() - began) / 1000;
// Kilobytes on Linux.
const rss = process.resourceUsage().maxRSS / 1000;
const cpu = process.cpuUsage();
console.log(JSON.stringify({ seconds, rss, cpu: (cpu.user + cpu.system) / 1e6, metrics }));
