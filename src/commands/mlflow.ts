import type { CommandModule } from "yargs";
import type { Config } from "../config/config.js";
import type { ServerStatus } from "../tracking/index.js";
import type { GlobalArguments } from "./experiment.js";
import { configOf } from "./experiment.js";
import { printJson, printLine, write } from "../base/terminal.js";
import { jsonOutput } from "../contract/options.js";

interface ServerArguments extends GlobalArguments {
  readonly action: "start" | "status" | "stop";
  readonly json: boolean;
}

/** `mlflow start|status|stop`: the store's own MLflow server. */
export const mlflowCommand = (): CommandModule<object, ServerArguments> => ({
  command: "mlflow <action>",
  describe: "start, look at or stop the local MLflow server of this store",
  builder: (yargs) =>
    yargs
      .positional("action", {
        choices: ["start", "status", "stop"] as const,
        demandOption: true,
        describe: "what to do",
      })
      .option("json", jsonOutput),
  handler: async (args) => {
    const config = await configOf(args);
    const store = config.store.value;
    const { localServerStatus, stopServer } = await import("../tracking/index.js");
    if (args.action === "start") await start(config);
    const stopped = args.action === "stop" ? await stopServer(store) : null;
    const status = await localServerStatus(store);
    if (args.json) await printJson({ ...status, ...(stopped === null ? {} : { stopped }) });
    else if (stopped !== null) await printLine(stopped ? "stopped" : "it was not running");
    else await printLine(statusText(status));
  },
});

async function start(config: Config): Promise<void> {
  const { ensureServer } = await import("../tracking/index.js");
  const { trackingEnvironment } = await import("../toolchain/index.js");
  const url = await ensureServer(config.store.value, () =>
    trackingEnvironment(config, ({ text, transient }) => {
      if (!transient) void write(process.stderr, `${text}\n`);
    }),
  );
  if (!url.ok) throw url.error;
}

function statusText({ running, healthy, url, pid, folder, log }: ServerStatus): string {
  if (!running) return `not running; its data is in ${folder}`;
  if (!healthy) return `process ${pid} runs but does not answer at ${url}; its log is ${log}`;
  return `running at ${url} (process ${pid}); its data is in ${folder}`;
}
