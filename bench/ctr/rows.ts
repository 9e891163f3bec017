import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { backbones } from "../../runners/stages/ctr/backbones/index.js";
import type { BenchData } from "./data.js";
import type { Work } from "./measure.js";
import { MeasuredProcess } from "./measured-process.js";

/** What a row is compared with: processes that work together in their turns. */
export interface Other {
  readonly name: string;
  readonly processes: readonly MeasuredProcess[];
}

/** A row of the benchmark's table. */
export interface Row {
  readonly name: string;
  /** Processes of ours, which work at the same time. */
  readonly ours: readonly Work[];
  other(
    python: string,
    ours: readonly MeasuredProcess[],
    seconds: number,
    start: (works: readonly Work[]) => Promise<MeasuredProcess[]>,
  ): Promise<Other>;
}

/** PyTorch's ways to run a step, all tried. */
export const compileModes = ["eager", "default", "reduce-overhead"] as const;

/** The rows of docs/performance.md, for a CPU or a CUDA card. */
export function rowsOf(
  device: "cpu" | "cuda",
  data: BenchData,
  modes: readonly string[] = compileModes,
  without: readonly string[] = [],
): Row[] {
  const gpu = device === "cuda";
  const work = (backbone: string, hea: boolean, more: Partial<Work> = {}): Work => ({
    dataset: data.dataset,
    embed: hea ? data.embed : null,
    device,
    backbone,
    batch: 512,
    replicas: 1,
    engine: "graph",
    xla: gpu,
    what: "train",
    without,
    ...more,
  });
  const label = (hea: boolean): string => (hea ? "HEA" : "no knowledge");
  const rows: Row[] = [];
  for (const hea of [false, true]) {
    for (const backbone of gpu ? ["din"] : ["din", "autoint", "dcnv2"]) {
      const ours = work(backbone, hea);
      const name = `${device} ${backbone}, ${label(hea)}, training`;
      rows.push({ name, ours: [ours], other: againstPeer(ours, device, modes) });
    }
  }
  if (gpu) {
    const fused = work("din", true, { replicas: 32 });
    const name = "cuda 32 cells of one shape, HEA, in all";
    rows.push({
      name,
      ours: [fused],
      other: againstPeer({ ...fused, replicas: 1 }, device, modes),
    });
    const mapped = "cuda 32 cells of one shape, HEA, in all, against vmap";
    rows.push({ name: mapped, ours: [fused], other: againstPeer(fused, device, modes) });
  } else {
    // As a sweep runs them: a core each.
    const cores = availableParallelism();
    const name = `cpu 8 cells of one shape, no knowledge, ${cores} at a time, in all`;
    const ours = Array.from({ length: cores }, () => work("din", false, { threads: 1 }));
    rows.push({ name, ours, other: against("one after another", work("din", false)) });
    const fused = work("din", false, { replicas: 8 });
    const fusedName = "cpu 8 cells of one shape, no knowledge, as one graph";
    rows.push({
      name: fusedName,
      ours: [fused],
      other: against("one after another", work("din", false)),
    });
  }
  if (gpu) {
    const shapes = ["din", "dcnv2", "autoint", "deepfm"].map((id) =>
      work(id, true, { replicas: 8 }),
    );
    const alone = against("one group alone", shapes[0]!);
    rows.push({
      name: "cuda 4 groups of different shapes on one card",
      ours: shapes,
      other: alone,
    });
  }
  for (const hea of [false, true]) {
    const scoring = work("din", hea, { what: "score" });
    const name = `${device} din, ${label(hea)}, scoring`;
    rows.push({ name, ours: [scoring], other: against("training", work("din", hea)) });
  }
  for (const hea of [false, true]) {
    for (const backbone of Object.keys(backbones)) {
      rows.push({
        name: `${device} ${backbone}, ${label(hea)}, user id`,
        ours: [work(backbone, hea, { userId: true })],
        other: against("no user id", work(backbone, hea)),
      });
    }
  }
  for (const backbone of Object.keys(backbones)) {
    const eager = against("its own eager", work(backbone, false, { engine: "eager", xla: false }));
    rows.push({
      name: `${device} ${backbone}, traced`,
      ours: [work(backbone, false)],
      other: eager,
    });
  }
  return rows;
}

/** Another way of r4ec's own to do the work. */
const against =
  (name: string, other: Work): Row["other"] =>
  async (_python, _ours, _seconds, start) => ({ name, processes: await start([other]) });

/**
 * PyTorch in each of its modes, the fastest of which is kept; several replicas as one model, by
 * torch.func.vmap over stacked parameters.
 */
const againstPeer =
  (
    { dataset, embed, backbone, batch, replicas }: Work,
    device: "cpu" | "cuda",
    modes: readonly string[],
  ): Row["other"] =>
  async (python, _ours, seconds) => {
    const path = fileURLToPath(new URL("./peer.py", import.meta.url)).replace("/dist/", "/");
    let best: { name: string; process: MeasuredProcess; rate: number } | undefined;
    for (const mode of modes) {
      const task = { dataset, embed, backbone, batch, replicas, device, compile: mode };
      const process = await MeasuredProcess.start(python, [path, JSON.stringify(task)]).catch(
        () => undefined,
      );
      if (process === undefined) continue;
      const rate = await process.rate(seconds);
      if (best === undefined || rate > best.rate) {
        best?.process.stop();
        const way = replicas > 1 ? "PyTorch's vmap" : "PyTorch";
        best = { name: mode === "eager" ? way : `${way}, compile ${mode}`, process, rate };
      } else process.stop();
    }
    if (best === undefined) throw new Error(`${python} could not run the PyTorch peer`);
    return { name: best.name, processes: [best.process] };
  };
