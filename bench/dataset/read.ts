// One timed pass over a file by r4ec's reader, in a process of its own.
import { amazonBooks } from "../../runners/stages/dataset/amazon-books.js";
import { ml1m } from "../../runners/stages/dataset/ml-1m.js";
import type { ReadTask } from "../../runners/stages/dataset/source.js";

const [kind, file] = process.argv.slice(2) as [string, string];
const task: ReadTask = {
  params: {},
  files: { reviews: file, ratings: file },
  work: "",
  downloads: "",
  stop: { draining: false, onDrain: () => undefined, abort: new AbortController().signal },
  note: () => undefined,
  drop: () => undefined,
  progress: () => undefined,
};
const began = performance.now();
const source = kind === "reviews" ? amazonBooks : ml1m;
const ratings = await source.readRatings(task);
const seconds = (performance.now() - began) / 1000;
// Kilobytes on Linux.
const rss = process.resourceUsage().maxRSS / 1000;
console.log(JSON.stringify({ rows: ratings.user.length, seconds, rss }));
