import { readFile } from "node:fs/promises";
import { execa } from "execa";

/** How a program ended. */
export interface Ended {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program in a network namespace of its own, which has its loopback alone: no route leads
 * anywhere. Nothing of this process's environment is handed on. Root may make one; others get one
 * together with a user namespace, where the machine lets them.
 */
export async function withoutNetwork(
  program: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: { readonly [name: string]: string } },
): Promise<Ended> {
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const isolated = (command: readonly string[], options: object) =>
    execa(
      "unshare",
      ["--net", ...asRoot, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...command],
      {
        reject: false,
        ...options,
      },
    );
  const trial = await isolated(["cat", "/proc/net/route", "/proc/net/dev"], {});
  if (trial.failed) {
    throw new Error(
      `this machine lets nobody make a network namespace (unshare --net, ip link), so that nothing can be shown here: ${trial.stderr}`,
    );
  }
  const [route = "", ...rest] = trial.stdout.split("\n");
  const here = await readFile("/proc/self/net/dev", "utf8");
  const devices = rest.filter((line) => /^\s*\w+:/u.test(line));
  if (!route.startsWith("Iface") || devices.length !== 1 || !/^\s*lo:/u.test(devices[0]!)) {
    throw new Error(`the namespace is not without network: ${trial.stdout}\n(outside it: ${here})`);
  }
  const { exitCode, stdout, stderr } = await isolated(program, { cwd, env, extendEnv: false });
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}
