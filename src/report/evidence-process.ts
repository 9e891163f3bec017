import { ExitCode } from "../base/exit.js";
import type { Science } from "../contract/science.js";
import { EvidenceReader, type FinishedCell } from "../statistics/index.js";
import { Store } from "../store/index.js";

/** What the program is started with. */
export interface EvidenceArguments {
  /** URL of the module that exports `science`. */
  readonly scienceModule: string;
  /** The store's folder. */
  readonly store: string;
}

/** A cell's last stage that has ended. */
export type FinalStage = Omit<FinishedCell, "cell">;

/*
 * A program beside a sweep: works out the influences of the cells that it is sent, one after another, and answers
 * each. It ends with the sweep's process, after the cell at hand.
 */
const { scienceModule, store } = JSON.parse(process.argv[2]!) as EvidenceArguments;
const reader = import(scienceModule).then((module: { readonly science: Science }) => {
  const { statistics } = module.science;
  if (statistics === undefined) throw new Error("the science has no statistics");
  return new EvidenceReader(new Store(store), statistics);
});
let work: Promise<unknown> = reader;

process.on("message", (cell: FinalStage) => {
  work = work.then(async () => {
    // Where it fails, the comparison tries again and says why.
    await (await reader).of(cell).catch(() => undefined);
    if (process.connected) process.send?.("done", undefined, {}, () => undefined);
  });
});
process.on("disconnect", () => void work.finally(() => process.exit(ExitCode.done)));
