import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Reply, Seen } from "../support/openai-server.js";

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

export async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), "r4ec-llm-"));
  const store = path.join(folder, "store");
  const r4ec: Bench["r4ec"] = async (...args) => {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args], {
      cwd: folder,
      reject: false,
      env: environmentOf(store),
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

/** Variables of the command line in tests: a store of its own, no GPU, the local MLflow. */
export const environmentOf = (store: string) => ({
  ...{ R4EC_STORE: store, R4EC_GPUS: "none", NO_COLOR: "1" },
  ...{ R4EC_MLFLOW_URI: "", MLFLOW_TRACKING_URI: "", HF_HUB_OFFLINE: "1" },
});

/**
 * A teacher by script: it foresees that everything is liked, finds what was wrong with what it
 * wrote where that turns out wrong, and then foresees the contrary.
 */
export function scriptedTeacher({ prompt }: Seen): Reply {
  const about = prompt.includes("<Target User History>") ? "item" : "user";
  const thing = /<Target Book>|Book Knowledge>/u.test(prompt) ? "book" : "movie";
  const kind = thing === "book" ? "Book" : "Movie";
  const tag = about === "user" ? "User Preference" : `${kind} Knowledge`;
  const who = about === "user" ? "the user" : "the target user";
  const text = (answer: string): Reply => ({ kind: "text", text: answer });
  if (prompt.includes("<Final Judgement>")) {
    const what = about === "user" ? "user preference" : `${thing} knowledge`;
    return text(
      `<Final Judgement>the ${what} is not reasonable</Final Judgement>\n` +
        "<Reflection>It rests on one rating alone and overlooks what was disliked.</Reflection>",
    );
  }
  const refines = prompt.includes("<Reflection>");
  const knowledge = refines
    ? "Likes quiet stories with people in them, and stays away from loud ones."
    : "Likes stories of adventure with a happy end.";
  return text(
    `<${tag}>${knowledge}</${tag}>\n` +
      `<Final Verdict>${who} will ${refines ? "not " : ""}like the target ${thing}</Final Verdict>`,
  );
}
