#!/usr/bin/env node
/**
 * A real Slurm on this machine alone: one controller and several nodes, all on loopback, with GPUs that are
 * names without hardware. Everything it writes lies in one folder. Tests start it, and so can you:
 *
 *   node scripts/slurm.mjs up FOLDER [--nodes 2] [--cpus 4] [--gpus 2] [--memory 8000] [--keep 300] [--cgroup]
 *   . FOLDER/env.sh
 *   node scripts/slurm.mjs down FOLDER
 *
 * Debian's packages are installed where they are missing (that needs root). A node takes jobs of the user
 * who started it. `--keep`: seconds for which the queue remembers a job that has ended. `--cgroup`: memory
 * limits by cgroups, so that a job which needs more ends as OUT_OF_MEMORY.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { ENVIRONMENT } from "./exit-status.mjs";

const run = promisify(execFile);
const PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"];
/** Their sockets have paths in it, which the system allows 107 bytes. */
const LONGEST_FOLDER = 70;

const isInstalled = () =>
  run("dpkg-query", ["--show", "--showformat=${Status}\n", ...PACKAGES]).then(
    ({ stdout }) =>
      stdout
        .trim()
        .split("\n")
        .every((status) => status.endsWith("ok installed")),
    () => false,
  );

/** Installs Slurm by apt where it is not there. Its services are not started: nothing here uses them. */
async function install() {
  if (await isInstalled()) return;
  const policy = "/usr/sbin/policy-rc.d";
  const mine = !existsSync(policy);
  const wait = ["-o", "DPkg::Lock::Timeout=600"];
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  if (mine) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const get = ["install", "--yes", "--no-install-recommends", ...PACKAGES];
    await run("apt-get", [...wait, ...get], environment).catch(async () => {
      // The lists of packages are missing or old.
      await run("apt-get", [...wait, "update"], environment);
      await run("apt-get", [...wait, ...get], environment);
    });
  } finally {
    if (mine) await rm(policy, { force: true });
  }
}

/** As many free ports. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer());
  const ports = [];
  for (const server of servers) {
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push(server.address().port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

const namesOf = (nodes) => Array.from({ length: nodes }, (_, index) => `n${index + 1}`);

function slurmConf(folder, ports, { nodes, cpus, gpus, memory, keep, cgroup }) {
  const user = os.userInfo().username;
  const host = os.hostname().split(".")[0];
  const at = (...parts) => path.join(folder, ...parts);
  return [
    "ClusterName=loopback",
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${ports[0]}`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    "AuthType=auth/munge",
    `AuthInfo=socket=${at("munge.socket")}`,
    `StateSaveLocation=${at("state")}`,
    `SlurmdSpoolDir=${at("spool", "%n")}`,
    `SlurmctldPidFile=${at("slurmctld.pid")}`,
    `SlurmdPidFile=${at("slurmd-%n.pid")}`,
    `SlurmctldLogFile=${at("log", "slurmctld.log")}`,
    `SlurmdLogFile=${at("log", "slurmd-%n.log")}`,
    `PlugStackConfig=${at("plugstack.conf")}`,
    "MailProg=/bin/true",
    "ProctrackType=proctrack/linuxproc",
    `TaskPlugin=${cgroup ? "task/cgroup" : "task/none"}`,
    "SwitchType=switch/none",
    "MpiDefault=none",
    "ReturnToService=2",
    // A controller that was killed knows an older state of its jobs until the nodes tell it theirs.
    "SlurmdTimeout=30",
    "BatchStartTimeout=10",
    // A machine of two cores may stand for nodes of many.
    "SlurmdParameters=config_overrides",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_Core_Memory",
    "SchedulerType=sched/backfill",
    "SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0",
    "PreemptType=preempt/partition_prio",
    "PreemptMode=REQUEUE",
    "JobAcctGatherType=jobacct_gather/linux",
    "JobAcctGatherFrequency=task=1",
    ...(cgroup ? [] : ["JobAcctGatherParams=OverMemoryKill"]),
    "AccountingStorageType=accounting_storage/none",
    `MinJobAge=${keep}`,
    "KillWait=2",
    "DefMemPerCPU=400",
    "MaxArraySize=2001",
    "GresTypes=gpu",
    ...namesOf(nodes).map(
      (name, index) =>
        `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[index + 1]} CPUs=${cpus} RealMemory=${memory} Gres=gpu:fake:${gpus} State=UNKNOWN`,
    ),
    "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1",
    // Its jobs take the place of the others': those of `all` are requeued, those of `cheap` are ended.
    "PartitionName=first Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=off",
    "PartitionName=cheap Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=CANCEL",
    "",
  ].join("\n");
}

async function writeSettings(folder, options) {
  const ports = await freePorts(options.nodes + 1);
  await mkdir(path.join(folder, "munge"), { mode: 0o700 });
  for (const name of ["log", "state", "spool", "gpu"]) await mkdir(path.join(folder, name));
  await writeFile(path.join(folder, "munge", "key"), randomBytes(128), { mode: 0o600 });
  for (let gpu = 0; gpu < options.gpus; gpu++) {
    // A plain file is refused: a card has a device, and a link to one is enough.
    await symlink("/dev/null", path.join(folder, "gpu", `${gpu}`));
  }
  const files = path.join(folder, "gpu", options.gpus === 1 ? "0" : `[0-${options.gpus - 1}]`);
  const gres = namesOf(options.nodes).map(
    (name) => `NodeName=${name} Name=gpu Type=fake File=${files}`,
  );
  await writeFile(path.join(folder, "slurm.conf"), slurmConf(folder, ports, options));
  await writeFile(path.join(folder, "gres.conf"), ["AutoDetect=off", ...gres, ""].join("\n"));
  await writeFile(path.join(folder, "plugstack.conf"), "");
  const cgroup = "CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nConstrainRAMSpace=yes\n";
  await writeFile(path.join(folder, "cgroup.conf"), cgroup);
  const exported = `export SLURM_CONF=${path.join(folder, "slurm.conf")}\n`;
  await writeFile(path.join(folder, "env.sh"), exported);
}

/** Variables for the commands of Slurm. */
export const environmentOf = (folder) => ({ SLURM_CONF: path.join(folder, "slurm.conf") });

const ask = (folder, program, ...args) =>
  run(program, args, { env: { ...process.env, ...environmentOf(folder) }, timeout: 20_000 });

/** Pid of a daemon of this folder, or null where it does not run. */
async function daemon(folder, name) {
  const pid = Number(await readFile(path.join(folder, `${name}.pid`), "utf8").catch(() => ""));
  if (!(pid > 0)) return null;
  const command = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
  return command.includes(`${folder}/`) ? pid : null;
}

async function until(condition, what, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

/**
 * Resumes the nodes that Slurm has drained, as an administrator would. A controller that was killed comes back
 * with the state of up to five seconds before (its SAVE_MAX_WAIT): it gives ids of jobs a second time, a node
 * refuses the copy of a job that it runs, and is drained for a "Duplicate jobid".
 */
export async function resumeNodes(folder) {
  const { stdout } = await ask(folder, "sinfo", "--noheader", "--Node", "--format=%N %T");
  const drained = stdout
    .split("\n")
    .flatMap((line) => /^(\S+) (?:drain|down)/.exec(line)?.[1] ?? []);
  for (const node of new Set(drained)) {
    const update = ask(folder, "scontrol", "update", `nodename=${node}`, "state=resume");
    // It may be back by itself.
    await update.catch(() => undefined);
  }
}

/** Starts the controller, which may have been killed. */
export async function startController(folder) {
  if ((await daemon(folder, "slurmctld")) === null)
    await ask(folder, "slurmctld", "-f", path.join(folder, "slurm.conf"));
  const areUp = () =>
    ask(folder, "sinfo", "--noheader", "--Node", "--partition=all", "--format=%T").then(
      ({ stdout }) => /^(?:(?:idle|mixed|allocated|completing)\s+)+$/.test(stdout),
      () => false,
    );
  await until(async () => {
    if (await areUp()) return true;
    await resumeNodes(folder).catch(() => undefined);
    return false;
  }, "the nodes of Slurm to be up");
}

/** Ends the controller as a crash does. */
export async function killController(folder) {
  const pid = await daemon(folder, "slurmctld");
  if (pid === null) throw new Error("there is no slurmctld to kill");
  process.kill(pid, "SIGKILL");
  await until(async () => (await daemon(folder, "slurmctld")) === null, "slurmctld to be gone");
}

/** Starts a Slurm in a folder, which must not be there yet or be empty. */
export async function up(folder, options) {
  if (folder.length > LONGEST_FOLDER)
    throw new Error(`the folder's path is longer than ${LONGEST_FOLDER} characters: ${folder}`);
  await install();
  await mkdir(folder, { recursive: true });
  if (!existsSync(path.join(folder, "slurm.conf"))) await writeSettings(folder, options);
  const munge = (name) => path.join(folder, "munge", name);
  if ((await daemon(folder, "munged")) === null) {
    // --force: the folders above, /tmp above all, may be open to all.
    const place = (name, file) => `--${name}=${file}`;
    await ask(
      folder,
      "munged",
      "--force",
      place("socket", path.join(folder, "munge.socket")),
      place("pid-file", path.join(folder, "munged.pid")),
      place("key-file", munge("key")),
      place("log-file", munge("log")),
      place("seed-file", munge("seed")),
    );
  }
  const conf = path.join(folder, "slurm.conf");
  const controller = (await daemon(folder, "slurmctld")) === null;
  if (controller) await ask(folder, "slurmctld", "-f", conf);
  const nodes = [...(await readFile(conf, "utf8")).matchAll(/^NodeName=(\S+)/gm)];
  for (const [, name] of nodes) {
    await mkdir(path.join(folder, "spool", name), { recursive: true });
    if ((await daemon(folder, `slurmd-${name}`)) === null)
      await ask(folder, "slurmd", "-f", conf, "-N", name);
  }
  await startController(folder);
}

/** Pids of processes that were started from this Slurm's jobs. */
async function leftovers(folder) {
  const mark = `SLURM_CONF=${path.join(folder, "slurm.conf")}`;
  const found = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
    const all = environment.split("\0");
    if (all.includes(mark) && all.some((one) => one.startsWith("SLURM_JOB_ID=")))
      found.push(Number(name));
  }
  return found;
}

/** Ends what {@link up} started, jobs first, and removes the folder. */
export async function down(folder) {
  if ((await daemon(folder, "slurmctld")) !== null) {
    const user = os.userInfo().username;
    await ask(folder, "scancel", `--user=${user}`).catch(() => undefined);
    const empty = () =>
      ask(folder, "squeue", "--noheader").then(
        ({ stdout }) => stdout.trim() === "",
        () => true,
      );
    await until(empty, "the queue to be empty", 15).catch(() => undefined);
  }
  const signal = (pid, name) => {
    try {
      process.kill(pid, name);
    } catch {
      // It is gone.
    }
  };
  const pids = await readdir(folder).catch(() => []);
  const daemons = pids.filter((name) => name.endsWith(".pid")).map((name) => name.slice(0, -4));
  for (const name of ["TERM", "KILL"]) {
    for (const one of daemons) {
      const pid = await daemon(folder, one);
      if (pid !== null) signal(pid, `SIG${name}`);
    }
    const gone = async () => {
      for (const one of daemons) if ((await daemon(folder, one)) !== null) return false;
      return true;
    };
    if (
      await until(gone, "the daemons to end", 15).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  for (const pid of await leftovers(folder)) signal(pid, "SIGKILL");
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function main() {
  const number = (value) => ({ type: "string", default: String(value) });
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      nodes: number(2),
      cpus: number(4),
      gpus: number(2),
      memory: number(8000),
      keep: number(300),
      cgroup: { type: "boolean", default: false },
    },
  });
  const [what, where] = positionals;
  if (where === undefined || (what !== "up" && what !== "down"))
    throw new Error("usage: node scripts/slurm.mjs up|down FOLDER");
  const folder = path.resolve(where);
  if (what === "down") return down(folder);
  const { cgroup, ...numbers } = values;
  const counts = Object.entries(numbers).map(([name, value]) => [name, Number(value)]);
  await up(folder, { ...Object.fromEntries(counts), cgroup });
  console.log(`Slurm is up; next: . ${path.join(folder, "env.sh")}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(error.stderr || error.message);
    process.exitCode = ENVIRONMENT;
  });
}
