import type { FittedFields } from "../../../../base/fields/fit.js";
import type { ArraysInfo } from "./info.js";

/** What fields are, for a program: where their slots are, and what each id and weight stands for. */
export function describedFields({
  fields,
  count,
}: FittedFields): Pick<ArraysInfo, "fields" | "field_ids"> {
  const next = { user: 0, item: 0, context: 0 };
  const described = fields.map(({ name, of, kind, slots, ids, edges, mean, deviation }) => {
    const first_slot = next[of];
    next[of] += slots;
    return {
      ...{ name, of, kind, first_slot, slots, ids: Object.fromEntries(ids) },
      ...(edges === undefined ? {} : { edges: [...edges] }),
      ...(mean === undefined ? {} : { mean }),
      ...(deviation === undefined ? {} : { deviation }),
    };
  });
  return { fields: described, field_ids: count };
}
