// Hours that people played games: a log with a line for each session, "user;game;hours;day;device",
// and games as JSON, [{"item": "12", "title": "Chess", "tags": ["board", "for two"]}].
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export const source = {
  id: "play-times",
  description: "Hours that people played games, out of a log of sessions.",
  options: {
    type: "object",
    properties: {
      least: { type: "number", default: 0, description: "Hours; shorter sessions are left out." },
    },
  },
  files: ["log", "games"],
  settings: { label: { above: 2 }, words: { one: "game", many: "games", read: "played" } },

  async *interactions({ options, files }) {
    for await (const line of createInterface({ input: createReadStream(files.log) })) {
      const [user, item, hours, day, device] = line.split(";");
      if (Number(hours) < options.least) continue;
      yield { user, item, rating: Math.ceil(Number(hours)), time: new Date(day), device };
    }
  },

  items: ({ files }) => JSON.parse(readFileSync(files.games, "utf8")),
};
