import type { ErrorObject, ValidateFunction } from "ajv";
import type * as AjvPackage from "ajv/dist/2020.js";
import { lazily } from "../base/lazily.js";
import type { Json, JsonObject } from "../base/json.js";
import type { JsonSchema } from "../contract/science.js";
import { Interpreter } from "./interpreter.js";
import type { SpecSchema } from "./schema.js";
import { follow } from "./settings.js";

const ajvPackage = lazily<typeof AjvPackage>("ajv/dist/2020.js");

/** An error of ajv with the schema and the value it is about. */
export type SchemaError = ErrorObject & {
  readonly parentSchema: JsonSchema;
  readonly data: Json;
};

/** The schema with only the names of axes that are not among `paths`, or (`named: false`) without those. */
function withPathsOf(
  root: JsonSchema,
  paths: ReadonlySet<string>,
  { named }: { named: boolean },
): JsonSchema {
  const short = (def: JsonSchema): JsonSchema => ({
    ...def,
    properties: Object.fromEntries(
      Object.entries(def["properties"] as JsonSchema)
        .filter(([path]) => named || paths.has(path))
        .map(([path, value]) => [path, paths.has(path) ? value : {}]),
    ),
  });
  const { axes, point, space, ...others } = root["$defs"] as {
    readonly [name: string]: JsonSchema;
  };
  return {
    ...root,
    $defs: { ...others, axes: short(axes!), point: short(point!), space: short(space!) },
  };
}

/** The schema of a spec's top-level keys alone. */
const outlineOf = (root: JsonSchema): JsonSchema => ({
  type: "object",
  additionalProperties: false,
  required: root["required"]!,
  properties: Object.fromEntries(
    Object.keys(root["properties"] as JsonObject).map((key) => [key, {}]),
  ),
  patternProperties: root["patternProperties"]!,
});

/** A pointer with the schema's name: `#/...` is of the spec. */
const nameOf = (pointer: string): string => (pointer.startsWith("#") ? `spec${pointer}` : pointer);

/**
 * Checks values against the schema of a spec, by ajv in strict mode. ajv compiles the schema first, which
 * takes longer than all else in reading a spec, and most specs are right. So a value is first looked at by
 * an interpreter, which says no more than yes or no; where it says no, ajv decides and says why.
 */
export class Validator {
  readonly #root: JsonSchema;
  #ajv: AjvPackage.Ajv2020 | null = null;
  readonly #interpreter: Interpreter;
  #pointers: Map<Json, string> | null = null;
  readonly #compiled = new Map<string, ValidateFunction>();

  /**
   * `paths`: the dotted paths a spec names, when it is known; the others are then not compiled,
   * which makes reading a spec several times faster.
   */
  constructor(
    readonly schema: SpecSchema,
    readonly paths: ReadonlySet<string> | null = null,
  ) {
    const { root } = schema;
    this.#root = paths === null ? root : withPathsOf(root, paths, { named: true });
    // No spec that has these paths alone asks for the names of others.
    const spec = paths === null ? root : withPathsOf(root, paths, { named: false });
    this.#interpreter = new Interpreter({ spec, outline: outlineOf(root) });
  }

  #openAjv(): AjvPackage.Ajv2020 {
    const ajv = new (ajvPackage().Ajv2020)({
      strict: true,
      allowUnionTypes: true,
      // A block that takes any key may list some: an axis of these has the schema of its setting.
      allowMatchingProperties: true,
      allErrors: true,
      verbose: true,
      inlineRefs: false,
      code: { optimize: false },
      // The fragments are ours; a test checks them against the meta-schema.
      validateSchema: this.paths === null,
    });
    ajv.addSchema(this.#root as object, "spec");
    ajv.addSchema(outlineOf(this.#root) as object, "outline");
    return ajv;
  }

  /** Whether a value fits the schema at `pointer` (`#/...`, or `outline#`). */
  fits(pointer: string, value: Json): boolean {
    const compiled = this.#compiled.get(pointer);
    if (compiled === undefined && this.#interpreter.accepts(nameOf(pointer), value)) return true;
    return this.#validate(pointer)(value) as boolean;
  }

  /** Errors of a value against the schema at `pointer` (`#/...`). */
  errors(pointer: string, value: Json): readonly SchemaError[] {
    const validate = this.#validate(pointer);
    return validate(value) ? [] : ([...(validate.errors ?? [])] as SchemaError[]);
  }

  /** Where an object of the schema stands in it (`#/...`); equal places are as good as each other. */
  pointerTo(part: JsonSchema): string {
    if (this.#pointers === null) {
      this.#pointers = new Map();
      const visit = (value: Json, at: string): void => {
        if (typeof value !== "object" || value === null || this.#pointers!.has(value)) return;
        this.#pointers!.set(value, at);
        for (const [key, inner] of Object.entries(value)) {
          const escaped = key.replaceAll("~", "~0").replaceAll("/", "~1");
          visit(inner as Json, `${at}/${encodeURIComponent(escaped)}`);
        }
      };
      visit(this.schema.root, "#");
    }
    const pointer = this.#pointers.get(part);
    if (pointer === undefined) throw new Error("not a part of the schema");
    return pointer;
  }

  /** The schema at `pointer` (`#/...`). */
  at(pointer: string): JsonSchema {
    return pointer === "#" ? this.schema.root : follow({ $ref: pointer }, this.schema.root);
  }

  #validate(pointer: string): ValidateFunction {
    let validate = this.#compiled.get(pointer);
    if (validate === undefined) {
      this.#ajv ??= this.#openAjv();
      validate = this.#ajv.compile({ $ref: nameOf(pointer) });
      this.#compiled.set(pointer, validate);
    }
    return validate;
  }
}
