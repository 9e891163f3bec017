import { statSync } from "node:fs";
import { UserError } from "../../../../src/base/exit.js";
import { readItems, readUsers, type Dataset } from "../../../base/artifacts/dataset.js";
import { readJsonl } from "../../../base/files/jsonl.js";
import type { FittedFields } from "../../../base/fields/fit.js";
import type { Interactions } from "../data/interactions.js";
import { fieldsGiven, fieldsOfRows, type FieldTexts } from "./given-fields.js";

/** A sample to be scored, as it is in the user's file. */
export interface RawSample {
  readonly user: string;
  readonly item: string;
  /** Values of the context's fields, as they were given, and of the user's. */
  readonly context?: { readonly [field: string]: unknown };
  readonly user_fields?: { readonly [field: string]: unknown };
}

/** Samples as rows of a table of interactions that is made for them. */
export interface Samples {
  readonly raw: readonly RawSample[];
  readonly interactions: Interactions;
  /** Row of each sample. */
  readonly rows: Int32Array;
  /** Samples of users that the data set does not know. */
  readonly strangers: number;
}

/** The row for users that the data set does not know: the padding row, whose knowledge is zeros. */
export const stranger = 0;

/** One interaction of a history given with a sample. */
interface Event {
  readonly item: number;
  readonly rating: number;
}

/**
 * Reads samples from JSON Lines: `{"user", "item"}` with raw ids, and where wanted
 * `"history": [{"item", "rating"}, ...]`, oldest first, in place of the user's last interactions in
 * the data set. Where the data set has fields, `"context": {field: value}` gives those of the context: what is
 * left out there has no value; and `"user_fields"` those of the user, in place of what the data set has. A user whom the data set does not know has to come with a history, and has no
 * knowledge: that of row 0, zeros. Throws a UserError that names the line.
 */
export async function readSamples(
  path: string,
  folder: string,
  dataset: Dataset,
  historyLength: number,
  fields: FittedFields | null = null,
): Promise<Samples> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new UserError(`there is no file of samples at ${path}`);
  }
  const [users, items] = await Promise.all([readUsers(folder), readItems(folder)]);
  const userIndex = new Map(users.map(({ id, index }) => [id, index]));
  const itemIndex = new Map(items.map(({ id, index }) => [id, index]));
  const raw: RawSample[] = [];
  const columns = { user: [] as number[], item: [] as number[], rating: [] as number[] };
  const position: number[] = [];
  const rows: number[] = [];
  const contexts = new Map<number, FieldTexts>();
  const userFields = new Map<number, FieldTexts>();
  let strangers = 0;
  const append = (user: number, { item, rating }: Event, at: number): void => {
    columns.user.push(user);
    columns.item.push(item);
    columns.rating.push(rating);
    position.push(at);
  };
  for await (const { value, line } of readJsonl(path)) {
    const wrong = (what: string): UserError => new UserError(`${path}:${line}: ${what}`);
    const { user, item, history, context, user_fields } = value as Record<string, unknown>;
    const rawId = (id: unknown, what: string): string => {
      if (typeof id !== "string" && typeof id !== "number") throw wrong(`no ${what}`);
      return String(id);
    };
    const itemOf = (id: unknown): number => {
      const found = itemIndex.get(rawId(id, "item"));
      if (found === undefined) throw wrong(`the data set has no item ${String(id)}`);
      return found;
    };
    const userId = userIndex.get(rawId(user, "user")) ?? stranger;
    if (userId === stranger) {
      if (history === undefined) {
        throw wrong(`the data set has no user ${String(user)}: give the sample a history`);
      }
      strangers++;
    }
    const target = itemOf(item);
    const events =
      history === undefined
        ? lastOf(dataset, userId, historyLength)
        : eventsOf(history, itemOf, dataset, wrong);
    const recent = events.slice(-historyLength);
    recent.forEach((event, at) => append(userId, event, at));
    contexts.set(columns.item.length, fieldsGiven(context, "context", fields, wrong));
    if (user_fields !== undefined)
      userFields.set(columns.item.length, fieldsGiven(user_fields, "user", fields, wrong));
    rows.push(columns.item.length);
    append(userId, { item: target, rating: 0 }, recent.length);
    raw.push({
      user: String(user),
      item: String(item),
      ...(context === undefined ? {} : { context: context as Record<string, unknown> }),
      ...(user_fields === undefined ? {} : { user_fields: user_fields as Record<string, unknown> }),
    });
  }
  if (raw.length === 0) throw new UserError(`${path} holds no samples`);
  return {
    raw,
    strangers,
    rows: Int32Array.from(rows),
    interactions: {
      interactionUser: Int32Array.from(columns.user),
      interactionItem: Int32Array.from(columns.item),
      interactionRating: Int32Array.from(columns.rating),
      position: Int32Array.from(position),
      itemAttributes: dataset.itemAttributes,
      attributeFields: dataset.attributeFields,
      likeAbove: dataset.likeAbove,
      ...(fields === null ? {} : fieldsOfRows(fields, columns.user, contexts, userFields)),
    },
  };
}

function lastOf(dataset: Dataset, user: number, count: number): Event[] {
  const end = dataset.offsets[user + 1]!;
  const start = Math.max(dataset.offsets[user]!, end - count);
  return Array.from({ length: end - start }, (_, i) => ({
    item: dataset.interactionItem[start + i]!,
    rating: dataset.interactionRating[start + i]!,
  }));
}

function eventsOf(
  history: unknown,
  itemOf: (id: unknown) => number,
  { ratings, shown, implicit }: Dataset,
  wrong: (what: string) => UserError,
): Event[] {
  if (!Array.isArray(history)) throw wrong("history is not a list of {item, rating}");
  return history.map((entry: unknown) => {
    const { item, rating } = (entry ?? {}) as Record<string, unknown>;
    // Interactions of implicit feedback have no rating.
    if (implicit !== undefined && rating === undefined) return { item: itemOf(item), rating: 1 };
    if (shown !== undefined) {
      const place = shown.values.indexOf(rating as number);
      if (place >= 0) return { item: itemOf(item), rating: place + 1 };
      const values = shown.values.join(", ");
      throw wrong(`a rating in the history is none of the data set's: ${values}`);
    }
    const whole = Number.isInteger(rating) && (rating as number) >= 1;
    if (!whole || (rating as number) > ratings) {
      throw wrong(`a rating in the history is not a whole number from 1 to ${ratings}`);
    }
    return { item: itemOf(item), rating: rating as number };
  });
}
