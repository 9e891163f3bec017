import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Reply, ScriptedServer, Seen } from "../openai-server.js";
import { scriptedServer } from "../openai-server.js";
import { newFolder, removeFolders } from "../stage.js";
import { writeFilms } from "./dataset.js";

/** What tests of think, reflect and refine by an endpoint stand on. */
export interface InferBench {
  /** Folder of the data set of {@link writeFilms}. */
  readonly dataset: string;
  /** The endpoint of the test that runs. */
  readonly server: ScriptedServer;
  /** Starts the endpoint of a test; it goes when the test ends. */
  serve(script: (seen: Seen, number: number) => Reply): Promise<ScriptedServer>;
}

/** For the top of a file or of a block: a data set for all its tests, and for each an empty cache of texts. */
export function inferBench(): InferBench {
  let dataset: string;
  let server: ScriptedServer | undefined;
  beforeAll(async () => {
    dataset = await writeFilms();
  });
  beforeEach(async () => {
    process.env["R4EC_TEXT_CACHE"] = await newFolder();
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  afterAll(async () => {
    delete process.env["R4EC_TEXT_CACHE"];
    await removeFolders();
  });
  return {
    get dataset() {
      return dataset;
    },
    get server() {
      if (server === undefined) throw new Error("this test has started no endpoint");
      return server;
    },
    serve: async (script) => (server = await scriptedServer(script)),
  };
}
