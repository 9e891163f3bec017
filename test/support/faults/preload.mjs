// For `node --import`: a real process of r4ec whose disk fails, as R4EC_TEST_FAULT orders:
// {root, counts, fired, role, fault, nth}. `role` is controller or worker. Each operation of a role is a
// byte in the file `counts`.role; the fault's file `fired` is there once it has befallen an operation.

import fs from "node:fs";
import { isMainThread } from "node:worker_threads";
import { LASTING } from "./counter.mjs";
import { canBefall, installDisk } from "./disk.mjs";

const order = JSON.parse(process.env.R4EC_TEST_FAULT ?? "null");
const main = process.argv[1] ?? "";
const role = /execute\/worker\.js$/.test(main)
  ? "worker"
  : /r4ec\.js$/.test(main)
    ? "controller"
    : null;

if (order !== null && role !== null && isMainThread) {
  const { appendFileSync, existsSync, readFileSync, writeFileSync } = { ...fs };
  const { root, counts, fired, fault, nth } = order;
  const judge = (kind) => {
    if (fault !== null && (role !== order.role || !canBefall(kind, fault))) return null;
    if (existsSync(fired)) return LASTING.has(fault) ? fault : null;
    appendFileSync(`${counts}.${role}`, `${kind} `);
    const seen = readFileSync(`${counts}.${role}`, "utf8").trim().split(" ").length;
    if (fault === null || seen !== nth) return null;
    writeFileSync(fired, "");
    return fault;
  };
  await installDisk(root, judge, () => process.kill(process.pid, "SIGKILL"));
}
