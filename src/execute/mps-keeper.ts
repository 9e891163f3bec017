import { execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { ExitCode } from "../base/exit.js";
import { TREE_VARIABLE, killTree } from "../base/process.js";

/**
 * A process that keeps NVIDIA's MPS daemon running for one sweep: as long as its standard input is open,
 * which ends with the sweep's process, however that ends. Its argument is the daemon's folder, which goes
 * with it.
 */
const folder = process.argv[2]!;
const mark = process.env[TREE_VARIABLE]!;
/** Programs that still compute are given this long, in seconds; the sweep has ended its own before. */
const QUIT_SECONDS = "2";
const QUIT_MILLISECONDS = 4_000;

// The folder goes last: the daemon still writes there while it ends.
const leave = (): never => {
  killTree(mark, "SIGKILL", process.pid);
  rmSync(folder, { recursive: true, force: true });
  process.exit(ExitCode.done);
};

const daemon = spawn("nvidia-cuda-mps-control", ["-f"], { stdio: ["ignore", "ignore", "inherit"] });
daemon.on("error", leave);
daemon.on("exit", leave);

// A terminal's Ctrl-C is the sweep's to act on.
process.on("SIGINT", () => undefined);
process.stdin.on("end", () => {
  const asked = execFile("nvidia-cuda-mps-control");
  asked.on("error", () => undefined);
  asked.stdin?.on("error", () => undefined);
  asked.stdin?.end(`quit -t ${QUIT_SECONDS}\n`);
  setTimeout(leave, QUIT_MILLISECONDS);
});
process.stdin.resume();
