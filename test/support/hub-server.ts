import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import { loopbackServer } from "./loopback.js";

/** A file of a model as somebody asked for it. */
export interface AskedFile {
  readonly method: string;
  readonly file: string;
  /** Byte from which it was asked for. */
  readonly from: number;
}

/** A server that speaks as much of the Hugging Face hub's protocol as fetching a model needs. */
export interface HubServer {
  /** What HF_ENDPOINT is to be. */
  readonly address: string;
  /** Files in the order in which they were asked for. */
  readonly asked: readonly AskedFile[];
  /** The connection ends after so many bytes of each answer with a file; null: it does not. */
  cutAfter: number | null;
  /** After these bytes the connection stays open, and nothing more comes. */
  hangs: boolean;
  close(): Promise<void>;
}

/** The one model of a {@link HubServer}. */
export interface HubModel {
  /** `ORG/NAME` */
  readonly name: string;
  /** Names of its one revision, a tag or a branch. */
  readonly revisions: readonly string[];
  /** Folder of its files. */
  readonly folder: string;
  /** The token that reads it; left out: anybody may. */
  readonly token?: string;
}

const sha = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

/** Starts a hub with one model on loopback. */
export async function hubServer(model: HubModel): Promise<HubServer> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(model.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(model.folder, file), await readFile(file));
  }
  const commit = sha([...files.values()].map(sha).join("")).slice(0, 40);
  const asked: AskedFile[] = [];
  const hub = { cutAfter: null as number | null, hangs: false };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = decodeURIComponent(new URL(request.url ?? "", "http://hub").pathname);
    const fail = (status: number, code: string): void => {
      response.writeHead(status, { "x-error-code": code, "x-error-message": code }).end();
    };
    const [, api, kind, revision, file = ""] =
      new RegExp(
        `^/(api/models/)?${model.name}(?:/(revision|tree|resolve)/([^/]+)(?:/(.+))?)?$`,
      ).exec(url) ?? [];
    if (!url.includes(model.name)) return fail(401, "RepoNotFound");
    if (model.token !== undefined && request.headers.authorization !== `Bearer ${model.token}`) {
      return fail(401, "GatedRepo");
    }
    if (revision !== undefined && ![...model.revisions, commit].includes(revision)) {
      return fail(404, "RevisionNotFound");
    }
    if (api !== undefined && kind !== "resolve") {
      const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
      const tree = [...files].map(([name, { length }]) => ({
        ...{ type: "file", path: name, size: length, oid: sha(name) },
      }));
      const about = { id: model.name, modelId: model.name, sha: commit, siblings };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(kind === "tree" ? tree : about));
      return;
    }
    const bytes = files.get(file);
    if (bytes === undefined) return fail(404, "EntryNotFound");
    const from = Number(/^bytes=(\d+)-/u.exec(request.headers.range ?? "")?.[1] ?? 0);
    asked.push({ method: request.method ?? "", file, from });
    response.writeHead(from > 0 ? 206 : 200, {
      "x-repo-commit": commit,
      "accept-ranges": "bytes",
      etag: `"${sha(bytes)}"`,
      "content-length": bytes.length - from,
      ...(from > 0 ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (request.method === "HEAD") return void response.end();
    const end = hub.cutAfter === null ? bytes.length : from + hub.cutAfter;
    if (end >= bytes.length) return void response.end(bytes.subarray(from));
    response.write(bytes.subarray(from, end), () => {
      if (!hub.hangs) response.destroy();
    });
  };

  const { address, close } = await loopbackServer(answer);
  return Object.assign(hub, { address, asked, close });
}
