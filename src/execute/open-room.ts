import type { Fingerprint } from "../base/fingerprint.js";
import type { Plan } from "../plan/index.js";
import { sharesCard } from "../plan/index.js";
import type { Experiment } from "../spec/index.js";
import { CardClaims, CLAIMS_FOLDER } from "./card-claims.js";
import { CardHealth } from "./card-health.js";
import { CardUse } from "./card-use.js";
import { Mps } from "./mps.js";
import type { Machine } from "./open-forecast.js";
import { Room } from "./room.js";

/** The room that a sweep has on this machine, beside others that use its cards. */
export function openRoom(
  machine: Machine,
  { name, resources }: Pick<Experiment, "name" | "resources">,
  say: (line: string) => void,
): Opened {
  if (machine.gpus.length === 0) return roomAlone(machine);
  const claims = openClaims(name, say);
  const use =
    resources.busyGpus === "use"
      ? null
      : new CardUse({ environment: process.env, claims: () => claims?.others() ?? [] });
  // The first stage on a card is not to wait for it.
  void use?.look();
  const room = new Room({ ...machine, claims, use, say });
  return { room, use, health: new CardHealth(machine.gpus) };
}

/** What one has of this machine. */
interface Opened {
  readonly room: Room;
  /** Null: what other programs use of cards is not minded. */
  readonly use: CardUse | null;
  readonly health: CardHealth;
}

/** The room of one whose cards nobody else uses: those that a cluster gave to a job. */
export const roomAlone = ({ cpus, gpus }: Machine): Opened => ({
  room: new Room({ cpus, gpus, claims: null, use: null, say: () => undefined }),
  use: null,
  health: new CardHealth(gpus),
});

/** MPS for a sweep whose stages share cards; null where it has none of these, or where there is no MPS. */
export async function openMps(
  { gpus }: Machine,
  { resources }: Pick<Experiment, "resources">,
  { plan, needed }: { readonly plan: Plan; readonly needed: ReadonlySet<Fingerprint> },
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Mps | null> {
  if (gpus.length === 0 || resources.mps === "off" || resources.cellsPerCard < 2) return null;
  const share = [...needed].some((stage) => sharesCard(plan.stages.get(stage)!));
  return share ? Mps.start(gpus, environment, say) : null;
}

function openClaims(name: string, say: (line: string) => void): CardClaims | null {
  const folder = process.env["R4EC_CARDS"] || CLAIMS_FOLDER;
  try {
    return CardClaims.open(folder, `r4ec sweep ${name}`);
  } catch (error) {
    const reason = (error as Error).message;
    say(`warning: ${folder} cannot be used, so other sweeps do not see the GPUs in use: ${reason}`);
    return null;
  }
}
