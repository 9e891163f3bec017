import { isAbsolute } from "node:path";
import type { JsonObject } from "../../../../src/base/json.js";
import { err, ok, type Result } from "../../../../src/base/result.js";
import { loadModule } from "../../../base/modules/load.js";
import { faultOfOptions } from "../../../base/modules/option-fault.js";
import type { Backbone } from "../toolkit/backbone.js";
import { autoint } from "./autoint.js";
import { dcn } from "./dcn.js";
import { dcnv2 } from "./dcnv2.js";
import { deepfm } from "./deepfm.js";
import { dien } from "./dien.js";
import { din } from "./din.js";
import { fibinet } from "./fibinet.js";
import { fignn } from "./fignn.js";
import { gru4rec } from "./gru4rec.js";
import { xdeepfm } from "./xdeepfm.js";

/** The backbones that come with r4ec, by their id. Adding one is a file and a line here. */
export const backbones: { readonly [id: string]: Backbone } = {
  din,
  dien,
  gru4rec,
  dcn,
  dcnv2,
  deepfm,
  xdeepfm,
  autoint,
  fibinet,
  fignn,
};

/**
 * A backbone by its id, or from a module of the user's own by its absolute path: the module exports
 * it as `backbone` or by default. The error is a sentence for the user.
 */
export function loadBackbone(idOrPath: string): Result<Backbone, string> {
  if (Object.hasOwn(backbones, idOrPath)) return ok(backbones[idOrPath]!);
  if (!isAbsolute(idOrPath)) {
    return err(
      `no backbone is called ${idOrPath}: it is one of ${Object.keys(backbones).join(", ")}, or the path of a module`,
    );
  }
  const loaded = loadModule(idOrPath, "a backbone");
  if (!loaded.ok) return loaded;
  const candidate = loaded.value["backbone"] ?? loaded.value["default"];
  const fault = faultOf(candidate);
  return fault === null ? ok(candidate as Backbone) : err(`${idOrPath} ${fault}`);
}

/** {@link loadBackbone} for one that was checked before; throws the error. */
export function loadedBackbone(idOrPath: string): Backbone {
  const result = loadBackbone(idOrPath);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function faultOf(candidate: unknown): string | null {
  if (typeof candidate !== "object" || candidate === null) {
    return "must export a backbone, as `backbone` or by default: an object with id, description, options and build";
  }
  const { id, description, options, build, mixesSamples } = candidate as Record<string, unknown>;
  if (typeof id !== "string" || id === "") return "exports a backbone whose id is not a text";
  if (typeof description !== "string") return "exports a backbone whose description is not a text";
  if (typeof build !== "function") return "exports a backbone whose build is not a function";
  if (mixesSamples !== undefined && typeof mixesSamples !== "function") {
    return "exports a backbone whose mixesSamples is not a function";
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return "exports a backbone whose options are not a JSON Schema";
  }
  return faultOfOptions("backbone", options as JsonObject);
}
