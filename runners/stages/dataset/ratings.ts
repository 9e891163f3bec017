import { Column } from "./column.js";
import { IdTable } from "./ids.js";
import type { TextRows } from "./raw-fields.js";

/** What the ratings of a data set stand for. */
export interface RatingScale {
  /** The largest rating. */
  readonly largest: number;
  /**
   * What rating k stands for, at k - 1, in ascending order; null where a rating is what the file
   * says.
   */
  readonly values: readonly number[] | null;
}

/** Every rating of a data set as columns, in the order of the file. */
export interface Ratings {
  readonly users: IdTable;
  readonly items: IdTable;
  /** Numbers of {@link users}, one a rating. */
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly rating: Uint8Array;
  /** Seconds since 1970. */
  readonly time: Float64Array;
  /** Of PART of split-rule.ts; for a split by column alone. */
  readonly part?: Uint8Array;
  /** Fields of the context, by their order: texts, and the number of each row's. Left out: none. */
  readonly context?: readonly TextRows[];
  /** Left out: ratings are whole numbers from 1 to those of the source. */
  readonly scale?: RatingScale;
}

/** Gathers ratings while a file is read: 17 bytes each, beyond the ids. */
export class RatingColumns {
  readonly users = new IdTable();
  readonly items = new IdTable();
  readonly user = new Column((length) => new Int32Array(length));
  readonly item = new Column((length) => new Int32Array(length));
  readonly rating = new Column((length) => new Uint8Array(length));
  readonly time = new Column((length) => new Float64Array(length));

  take(): Ratings {
    return {
      users: this.users,
      items: this.items,
      user: this.user.take(),
      item: this.item.take(),
      rating: this.rating.take(),
      time: this.time.take(),
    };
  }
}

/** The given rows of ratings, copied: what is left out can be freed. All rows: the ratings themselves. */
export function keepRows(ratings: Ratings, rows: Int32Array): Ratings {
  if (rows.length === ratings.user.length) return ratings;
  const rating = new Uint8Array(rows.length);
  const time = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    rating[at] = ratings.rating[rows[at]!]!;
    time[at] = ratings.time[rows[at]!]!;
  }
  const { part, context } = ratings;
  return {
    ...ratings,
    ...(part === undefined ? {} : { part: Uint8Array.from(rows, (row) => part[row]!) }),
    ...(context === undefined
      ? {}
      : {
          context: context.map(({ texts, value }) => ({
            texts,
            value: rows.map((row) => value[row]!),
          })),
        }),
    user: rows.map((row) => ratings.user[row]!),
    item: rows.map((row) => ratings.item[row]!),
    rating,
    time,
  };
}
