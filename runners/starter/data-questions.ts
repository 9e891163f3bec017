import type { Json, JsonObject } from "../../src/base/json.js";
import type { Answers, Choice, Question } from "../../src/contract/starter.js";
import { chosenDataset } from "../stages/dataset/settings.js";
import { tableHeader } from "../stages/dataset/table/header.js";
import { isRecbole } from "../stages/dataset/table/params.js";
import { isFolder } from "../base/files/spec-path.js";
import { absoluteOf, fileQuestion, pathForSpec, type Places } from "./paths.js";

/** The block `dataset` of a spec, in full. */
export function datasetOf(answers: Answers): JsonObject {
  const { data } = answers;
  if (data === "ml-1m") return { id: data, path: answers["folder"]! };
  if (data === "amazon-books")
    return { id: data, reviews: answers["reviews"]!, metadata: answers["metadata"]! };
  if (data !== "table") return { id: "ml-100k" };
  return {
    id: data,
    interactions: columns(answers, ["file", "user", "item", "rating", "time"]),
    ...(answers["items.file"] && {
      items: columns(answers, ["items.file", "items.item", "items.title"]),
    }),
    label: { above: Number(answers["above"]) },
  };
}

/** Settings by the last part of the questions' keys; what was left empty is left out. */
const columns = (answers: Answers, keys: readonly string[]): { readonly [key: string]: Json } =>
  Object.fromEntries(
    keys.flatMap((key) => {
      const value = answers[key];
      return value ? [[key.split(".").at(-1)!, value]] : [];
    }),
  );

/** The first mistake that the data set itself finds at a setting of its block; null: none. */
function mistakeAt(path: string, dataset: JsonObject, { place }: Places): string | null {
  const chosen = chosenDataset({ dataset });
  const found = chosen?.source.check(chosen.block, place) ?? [];
  return found.find((one) => one.path === path)?.message ?? null;
}

/** The questions about the data set. */
export function dataQuestions(places: Places): readonly Question[] {
  const is = (id: string) => (answers: Answers) => answers["data"] === id;
  const amazonFile = (key: "reviews" | "metadata", example: string): Question =>
    fileQuestion(
      { key, ask: `The file of ${key} (${example})`, asked: is("amazon-books") },
      places,
    );
  return [
    {
      key: "data",
      ask: () => "Which data?",
      usual: () => "ml-100k",
      choices: () => [
        { value: "ml-100k", label: "MovieLens-100K", hint: "fetched by itself" },
        { value: "ml-1m", label: "MovieLens-1M", hint: "a folder that you have" },
        { value: "amazon-books", label: "Amazon Books", hint: "two files that you have" },
        { value: "table", label: "a table of mine", hint: "CSV, JSON Lines, Parquet, RecBole" },
      ],
    },
    {
      key: "folder",
      ask: () => "The folder with ratings.dat and movies.dat",
      usual: () => "",
      asked: is("ml-1m"),
      refuse: (answer) => {
        if (answer.trim() === "") return "give the path of a folder";
        if (!isFolder(absoluteOf(answer, places))) return `there is no folder ${answer.trim()}`;
        const path = pathForSpec(answer, places);
        return mistakeAt("dataset.path", { id: "ml-1m", path }, places);
      },
      keep: (answer) => pathForSpec(answer, places),
    },
    amazonFile("reviews", "Books_5.json.gz"),
    amazonFile("metadata", "meta_Books.json.gz"),
    ...tableQuestions(places),
  ];
}

/** The questions about a table of the user's: its file, its columns, and the titles of its items. */
function tableQuestions(places: Places): readonly Question[] {
  const asked = ({ data }: Answers): boolean => data === "table";
  const file = (key: "file" | "items.file", ask: string): Question =>
    fileQuestion(
      {
        key,
        ask,
        asked,
        optional: () => key === "items.file",
        refuse: (name) => {
          const block = key === "file" ? "interactions" : "items";
          const other = block === "items" ? { interactions: { file: "" } } : {};
          const dataset = { id: "table", ...other, [block]: { file: name } };
          return (
            mistakeAt(`dataset.${block}.file`, dataset, places) ??
            // RecBole's files have a column of times by its name, without being asked.
            mistakeAt(`dataset.${block}.time`, dataset, places)
          );
        },
      },
      places,
    );
  const column = (
    key: string,
    ask: string,
    like: RegExp,
    { of = "file", optional = false } = {},
  ): Question => {
    const choices = (answers: Answers): readonly Choice[] => {
      const header = tableHeader({ file: answers[of]! }, places.place) ?? [];
      const names = [...new Set(header)].filter((name) => name !== "");
      if (names.length === 0) return [];
      const leftOut = optional && !isRecbole({ file: answers[of]! });
      const none = leftOut ? [{ value: "", label: "there is none" }] : [];
      return [...names.map((name) => ({ value: name, label: name })), ...none];
    };
    return {
      key,
      ask: () => `The column ${ask}`,
      usual: (answers) => {
        const offered = choices(answers).map(({ value }) => value);
        return offered.find((name) => like.test(name)) ?? (optional ? "" : (offered[0] ?? ""));
      },
      choices,
      asked: (answers) => asked(answers) && answers[of] !== "",
      refuse: (answer) => (answer.trim() === "" && !optional ? "give the name of a column" : null),
    };
  };
  return [
    file("file", "The file of ratings, one line each"),
    column("user", "that names the user", /user|reader|customer/i),
    column("item", "that names the item", /item|movie|book|product|asin/i),
    column("rating", "with the rating", /rating|stars?|score/i),
    column("time", "with the time, for a split by time", /time|date|added/i, { optional: true }),
    {
      key: "above",
      ask: () => "A rating above which number says that the user liked the item?",
      usual: () => "3",
      asked,
      refuse: (answer) =>
        answer.trim() !== "" && Number.isFinite(Number(answer))
          ? null
          : "give a number, such as 3 or 3.5",
    },
    file("items.file", "The file with titles of the items (leave it empty where there is none)"),
    column("items.item", "of that file that names the item", /item|movie|book|product|asin|^id$/i, {
      of: "items.file",
    }),
    column("items.title", "of that file with the title", /title|name/i, { of: "items.file" }),
  ];
}
