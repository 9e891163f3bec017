import { fileURLToPath } from "node:url";
import { MeasuredProcess } from "../ctr/measured-process.js";
import type { SweepRun } from "./run.js";
import { shapeName } from "./run.js";

/** What the peer trains on. */
export interface PeerData {
  readonly dataset: string;
  readonly embed: string;
  readonly device: "cpu" | "cuda";
}

/** The peer's speed on cells of one shape, in its best mode. */
interface PeerSpeed {
  readonly shape: string;
  readonly mode: string;
  readonly samplesPerSecond: number;
  readonly compileSeconds: number;
}

/** The models that bench/ctr/peer.py has. */
const models = ["din", "dcnv2", "autoint"];
/** Seconds of a measurement. */
const WINDOW = 2;

/**
 * The seconds that PyTorch would take for the cells of a sweep, one after another in one process, compiling
 * each shape once: the passes of every shape by the speed of that shape. Where the peer lacks the backbone,
 * its DIN stands for it, whose speed is about the median of the peer's models.
 */
export async function peerSeconds(
  python: string,
  modes: readonly string[],
  { passesOf }: SweepRun,
  data: PeerData,
): Promise<{ readonly seconds: number; readonly speeds: readonly PeerSpeed[] }> {
  const speeds = new Map<string, PeerSpeed>();
  let seconds = 0;
  for (const [shape, passes] of passesOf) {
    const [, name, knowledge, batch] = /^(\S+) (.+) (\d+)$/.exec(shape)!;
    const backbone = models.includes(name!) ? name! : "din";
    const hea = knowledge === "HEA";
    const like = shapeName(backbone, hea, Number(batch));
    const speed =
      speeds.get(like) ??
      (await best(python, modes, like, {
        dataset: data.dataset,
        embed: hea ? data.embed : null,
        device: data.device,
        backbone,
        batch: Number(batch),
      }));
    speeds.set(like, speed);
    seconds += passes / speed.samplesPerSecond + speed.compileSeconds;
  }
  return { seconds, speeds: [...speeds.values()] };
}

async function best(
  python: string,
  modes: readonly string[],
  shape: string,
  task: object,
): Promise<PeerSpeed> {
  const path = fileURLToPath(new URL("../ctr/peer.py", import.meta.url)).replace("/dist/", "/");
  const measured: PeerSpeed[] = [];
  for (const mode of modes) {
    const process = await MeasuredProcess.start(python, [
      path,
      JSON.stringify({ ...task, compile: mode }),
    ]);
    const samplesPerSecond = await process.rate(WINDOW);
    process.stop();
    measured.push({ shape, mode, samplesPerSecond, compileSeconds: process.compileSeconds });
  }
  return measured.reduce((a, b) => (b.samplesPerSecond > a.samplesPerSecond ? b : a));
}
