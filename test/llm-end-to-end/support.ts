import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { answerTo } from "../support/faults/chat.mjs";
import {
  scriptedServer,
  type Reply,
  type ScriptedServer,
  type Seen,
} from "../support/openai-server.js";
import { tinyQwen2 } from "../support/tiny-model.js";
import { testToolchain, testTrackingEnvironment } from "../support/toolchain.js";

const program = fileURLToPath(new URL("../../bin/r4ec.js", import.meta.url));

/** A folder with specs in it, and the real command line working there. */
export interface Bench {
  readonly folder: string;
  readonly store: string;
  write(name: string, text: string): Promise<void>;
  r4ec(
    ...args: string[]
  ): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

/** `more`: further variables of the command line. */
export async function openBench(more: { readonly [name: string]: string } = {}): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), "r4ec-llm-"));
  const store = path.join(folder, "store");
  const r4ec: Bench["r4ec"] = async (...args) => {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args], {
      cwd: folder,
      reject: false,
      env: { ...environmentOf(store), ...more },
    });
    return { exitCode, stdout, stderr };
  };
  return {
    folder,
    store,
    write: (name, text) => writeFile(path.join(folder, name), text),
    r4ec,
    close: async () => {
      await r4ec("mlflow", "stop");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What both knowledge pipelines of the tiny model need. */
export interface PipelineBench {
  readonly bench: Bench;
  readonly teacher: ScriptedServer;
  /** The Python of the tracking environment. */
  readonly python: string;
}

/**
 * Opens a bench with the tiny model, a teacher by script, and `spec.yaml`, which `spec` writes for the model's place
 * and the teacher's address. `more`: further variables of the command line.
 */
export async function openPipeline(
  spec: (model: string, teacherUrl: string) => string,
  more: { readonly [name: string]: string } = {},
): Promise<PipelineBench> {
  const bench = await openBench(more);
  const teacher = await scriptedServer(scriptedTeacher);
  const { python } = await testTrackingEnvironment();
  const environment = (await testToolchain("llm")).paths.environments["llm"]!;
  const model = await tinyQwen2(environment, bench.folder);
  await bench.write("spec.yaml", spec(`./${path.basename(model)}`, teacher.baseUrl));
  return { bench, teacher, python };
}

/** Variables of the command line in tests: a store of its own, no GPU, the local MLflow. */
export const environmentOf = (store: string) => ({
  ...{ R4EC_STORE: store, R4EC_GPUS: "none", NO_COLOR: "1" },
  ...{ R4EC_MLFLOW_URI: "", MLFLOW_TRACKING_URI: "", HF_HUB_OFFLINE: "1" },
});

/**
 * A teacher by script: it foresees that everything is liked, finds what was wrong with what it
 * wrote where that turns out wrong, and then foresees the contrary.
 */
export const scriptedTeacher = ({ prompt }: Seen): Reply => ({
  kind: "text",
  text: answerTo(prompt),
});
