import type { ErrorObject, ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Json } from "../json.js";
import type { JsonSchema } from "../science.js";
import { explain } from "./explain.js";
import type { Problem } from "./problem.js";
import type { SpecSchema } from "./schema.js";
import { follow } from "./settings.js";

/** An error of ajv with the schema and the value it is about. */
export type SchemaError = ErrorObject & {
  readonly parentSchema: JsonSchema;
  readonly data: Json;
};

/** The schema with only the names of axes that are not among `paths`. */
function withPathsOf(root: JsonSchema, paths: ReadonlySet<string>): JsonSchema {
  const short = (def: JsonSchema): JsonSchema => ({
    ...def,
    properties: Object.fromEntries(
      Object.entries(def["properties"] as JsonSchema).map(([path, value]) => [
        path,
        paths.has(path) ? value : {},
      ]),
    ),
  });
  const { axes, point, ...others } = root["$defs"] as { readonly [name: string]: JsonSchema };
  return { ...root, $defs: { ...others, axes: short(axes!), point: short(point!) } };
}

/** Checks values against the schema of a spec, by ajv in strict mode. */
export class Validator {
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  /**
   * `paths`: the dotted paths a spec names, when it is known; the others are then not compiled,
   * which makes reading a spec several times faster.
   */
  constructor(
    readonly schema: SpecSchema,
    paths: ReadonlySet<string> | null = null,
  ) {
    this.#ajv = new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      allErrors: true,
      verbose: true,
      inlineRefs: false,
      // The fragments are ours; a test checks them against the meta-schema.
      validateSchema: paths === null,
    });
    const root = paths === null ? schema.root : withPathsOf(schema.root, paths);
    this.#ajv.addSchema(root as object, "spec");
  }

  /** Everything wrong with a whole spec. */
  spec(value: Json): readonly Problem[] {
    return explain(this, "#", value, []);
  }

  /** Everything wrong with a top-level block of a cell. */
  block(key: string, value: Json): readonly Problem[] {
    return this.fits(`#/properties/${key}`, value)
      ? []
      : explain(this, `#/properties/${key}`, value, [key]);
  }

  fits(pointer: string, value: Json): boolean {
    return this.#validate(pointer)(value) as boolean;
  }

  /** Errors of a value against the schema at `pointer` (`#/...`). */
  errors(pointer: string, value: Json): readonly SchemaError[] {
    const validate = this.#validate(pointer);
    return validate(value) ? [] : ([...(validate.errors ?? [])] as SchemaError[]);
  }

  /** The schema at `pointer` (`#/...`). */
  at(pointer: string): JsonSchema {
    return pointer === "#" ? this.schema.root : follow({ $ref: pointer }, this.schema.root);
  }

  #validate(pointer: string): ValidateFunction {
    let validate = this.#compiled.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `spec${pointer}` });
      this.#compiled.set(pointer, validate);
    }
    return validate;
  }
}
