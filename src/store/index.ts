export type { ArtifactFile, Manifest } from "./manifest.js";
export { MANIFEST_FILE } from "./manifest.js";
export { resultOf } from "./manifest.js";
export type { Inspection } from "./artifact.js";
export { Store } from "./store.js";
export type { Lock, LockHolder } from "../base/lock.js";
export { lockHolder, tryLock, waitForLock } from "../base/lock.js";
export { isDiskError, isErrno, makeFolder, writeDurable } from "../base/durable.js";
export { hostName, killTree, TREE_VARIABLE } from "../base/process.js";
