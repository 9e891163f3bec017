import type { Finding } from "../../../src/base/diagnostic.js";
import type { Json, JsonObject } from "../../../src/base/json.js";
import type { FileInput, StopSignal } from "../../../src/contract/runner.js";
import type { JsonSchema } from "../../../src/contract/science.js";
import type { SpecPlace } from "../../../src/contract/spec-place.js";
import type { Implicit } from "../../base/artifacts/dataset.js";
import type { FieldInfo } from "../../base/artifacts/raw-fields.js";
import type { Domain } from "../../base/artifacts/domain.js";
import type { WantedWheel } from "../../base/python/wheel.js";
import type { Ratings } from "./ratings.js";

/** `dataset.label`: what a positive sample is. */
export type Label =
  { readonly above: number } | { readonly column: string } | { readonly implicit: ImplicitLabel };

/** `dataset.label.implicit`; what is left out has its default. */
export type ImplicitLabel = JsonObject & Partial<Implicit>;

/** Settings that every data set has. */
export interface CommonSettings {
  /** A rating above it is positive. A data set without a default may say it by `label`. */
  readonly like_above?: number;
  /** What a positive sample is; over `like_above`. */
  readonly label?: Label;
  /** For estimates alone. */
  readonly sizes?: JsonObject & {
    readonly [of in "users" | "items" | "train" | "test"]?: number;
  };
  /** Fewest ratings of a user and of an item that stay. */
  readonly user_core: number;
  readonly item_core: number;
  /** What is done with ratings of an item that the user rated before. */
  readonly repeats?: "keep" | "first";
}

/** A cell's `dataset` block, complete. */
export type DatasetSettings = JsonObject & CommonSettings & { readonly id: string };

/** What a data set's file tells about an item. */
export interface ItemText {
  /** Null where the text can't be used. */
  readonly title: string | null;
  /** One for each of {@link Source.attributeFields}; null where the text can't be used. */
  readonly attributes: readonly (string | null)[];
  readonly genres?: readonly string[];
  /** Texts of the item's fields, in their order among the {@link Source.traits}; left out: none. */
  readonly fields?: readonly string[];
}

/** What a source works with when its data is prepared. */
export interface ReadTask {
  /** What {@link Source.params} gave. */
  readonly params: JsonObject;
  /** Absolute paths, by the names of {@link Source.files}. */
  readonly files: { readonly [name: string]: string };
  /** Folder for what is fetched and can be fetched again. */
  readonly downloads: string;
  /** Folder of the stage, for files that are taken away again. */
  readonly work: string;
  readonly stop: StopSignal;
  note(severity: "warning" | "info", message: string): void;
  /** Counts ratings that are left out, as the metric `dropped.<reason>`; say why by {@link note}. */
  drop(reason: "unreadable" | "unrated", ratings: number): void;
  progress(done: number, total: number, unit: string): void;
}

/** A data set: the one thing that a new one has to write. */
export interface Source {
  readonly id: string;
  /** What messages call it; left out: its id. */
  readonly called?: string;
  /** A sentence for the schema. */
  readonly description: string;
  /** What an item is, for the words of prompts: the name of an entry of prompts/words.yaml. */
  readonly domain: string;
  readonly attributeFields: readonly string[];
  /** The largest rating; ratings are whole numbers from 1. Null: the file shows it. */
  readonly ratings: number | null;
  /** What of this follows from the settings, by what {@link params} gave. Left out: nothing. */
  traits?(params: JsonObject): {
    readonly id: string;
    readonly domain: Domain;
    readonly attributeFields: readonly string[];
    /** Fields of users, items and contexts, in this order; left out: none. */
    readonly fields?: readonly FieldInfo[];
  };
  /** Defaults of the common settings and of its own. */
  readonly defaults: CommonSettings & { readonly [setting: string]: Json };
  /**
   * Its own settings. Its block of the schema shows them as they stand here, and also allows the
   * settings of other sources.
   */
  readonly properties: { readonly [setting: string]: JsonSchema };
  /**
   * Counts that its default settings give, where they are known, under the names of the stage's metrics: what
   * `plan --estimate` reckons with before the data set is prepared.
   */
  readonly sizes: {
    readonly users?: number;
    readonly items?: number;
    readonly "train.samples"?: number;
    readonly "test.samples"?: number;
  };
  /** The wheel that holds it where its settings name no file. Left out: there is none. */
  readonly wheel?: WantedWheel;
  /** The files it reads. */
  files(settings: DatasetSettings, place: SpecPlace): { readonly [name: string]: FileInput };
  /**
   * What decides its content beside files and the common settings.
   *
   * @param place where the spec stands; left out where only {@link traits} are asked for that follow
   *   from settings alone (the domain): no file is looked into then
   */
  params(settings: DatasetSettings, place?: SpecPlace): JsonObject;
  /**
   * Whether an earlier version read these files in another way: see misread.ts. Left out: never.
   *
   * @param params those of the stage
   */
  misread?(files: { readonly [name: string]: FileInput }, params: JsonObject): boolean;
  /** Mistakes that the schema can't see. */
  check(settings: DatasetSettings, place: SpecPlace): readonly Finding[];
  /** Reads every rating. Throws a UserError that names file and line. */
  readRatings(task: ReadTask): Promise<Ratings>;
  /**
   * Reads the texts of wanted items, by raw id. Items left out are not described and leave the
   * sequences; so do those that a setting drops, which are null.
   */
  readItems(
    task: ReadTask,
    wanted: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, ItemText | null>>;
  /**
   * Reads the fields of wanted users, by raw id: texts in the order of the fields. Left out where a
   * data set has no fields of users.
   */
  readUsers?(
    task: ReadTask,
    wanted: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Sequences are ordered by this key of a rating's time, then as the file has them. */
  orderKey(params: JsonObject): (seconds: number) => number;
}
