import { createHash } from "node:crypto";
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { MlflowClient } from "./client.js";
import type { Run } from "./answers.js";
import { answerOf } from "./answers.js";
import { isLoopback } from "../base/outgoing.js";
import { MlflowFailure } from "./failure.js";
import { openFolder } from "../base/folder.js";

/** Something to store with a run: a file, or text or bytes of ours. */
export type ArtifactSource =
  { readonly path: string; readonly file: string; readonly size: number } | OwnSource;

type OwnSource =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly bytes: Uint8Array };

const bytesOf = (source: OwnSource): Uint8Array =>
  "bytes" in source ? source.bytes : Buffer.from(source.text, "utf8");

/** Bytes of an artifact. */
export const sizeOf = (source: ArtifactSource): number =>
  "file" in source ? source.size : bytesOf(source).byteLength;

/** The path under which MLflow lists an artifact that {@link putArtifact} stored. */
export const storedPath = (
  server: string,
  run: Pick<Run, "artifactUri">,
  { path: name }: ArtifactSource,
): string => (targetOf(server, run.artifactUri).kind === "proxy" ? cleanPath(name) : name);

/** True where the server keeps the run's artifacts at a place that it does not pass them on to. */
export const isUnreachable = (server: string, run: Pick<Run, "artifactUri">): boolean =>
  targetOf(server, run.artifactUri).kind === "unreachable";

/**
 * Stores one artifact with a run, through MLflow's proxy, or directly where the server keeps
 * artifacts in a folder of this machine. Sending the same again changes nothing.
 * Throws {@link MlflowFailure}, `refused` where the server keeps artifacts elsewhere and does not
 * pass them on.
 */
export async function putArtifact(
  client: MlflowClient,
  run: Pick<Run, "artifactUri">,
  artifact: ArtifactSource,
): Promise<void> {
  const target = targetOf(client.address.url, run.artifactUri);
  if (target.kind === "unreachable") {
    throw new MlflowFailure(
      "refused",
      `MLflow keeps artifacts at ${target.place} and does not accept uploads (it was started without --serve-artifacts); the artifacts stay in the store`,
    );
  }
  if (target.kind === "folder") {
    const file = path.join(target.folder, artifact.path);
    await openFolder(path.dirname(file));
    if ("file" in artifact) await copyFile(artifact.file, file);
    else await writeFile(file, bytesOf(artifact));
    return;
  }
  const encoded = `${target.prefix}/${cleanPath(artifact.path)}`
    .split("/")
    .filter((segment) => segment !== "")
    .map(encodeURIComponent)
    .join("/");
  const call = {
    method: "PUT",
    path: `/api/2.0/mlflow-artifacts/artifacts/${encoded}`,
    what: `storing the artifact ${artifact.path}`,
    ...("file" in artifact ? { file: artifact.file } : { bytes: bytesOf(artifact) }),
  } as const;
  // MLflow answers with an empty body or an empty object.
  await client.transport.send(call, (body) =>
    body.trim() === "" || answerOf(body) !== undefined ? true : undefined,
  );
}

/** A path that MLflow's proxy takes; one that had to be changed begins its name with a hash. */
function cleanPath(name: string): string {
  const cleaned = name.replace(/[^\p{L}\p{N}_\-. /+=,@()]/gu, "_");
  if (cleaned === name) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  const { dir, base } = path.posix.parse(cleaned);
  return path.posix.join(dir, `${hash}-${base}`);
}

type Target =
  | { readonly kind: "proxy"; readonly prefix: string }
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "unreachable"; readonly place: string };

function targetOf(server: string, uri: string): Target {
  const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(uri);
  if (proxied !== null) return { kind: "proxy", prefix: proxied[1]! };
  // A folder's name means something here only where the server runs here.
  if (isLoopback(server)) {
    if (uri.startsWith("file:")) return { kind: "folder", folder: fileURLToPath(uri) };
    if (path.isAbsolute(uri)) return { kind: "folder", folder: uri };
  }
  return { kind: "unreachable", place: uri.replace(/^([a-z0-9+.-]+:\/\/)[^/@]*@/i, "$1") };
}
