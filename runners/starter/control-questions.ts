import type { Question } from "../../src/contract/starter.js";

/** Most replicates that are offered: more seeds narrow an interval hardly any further. */
const MOST_SEEDS = 100;

/** The questions about what makes a result believable. */
export const controlQuestions: readonly Question[] = [
  {
    key: "controls",
    ask: () => "What should the vectors be compared with, beside none?",
    usual: () => "shuffled",
    asked: ({ study }) => study !== "models",
    choices: () => [
      { value: "shuffled", label: "vectors of other users and items", hint: "shuffled" },
      { value: "shuffled random", label: "those, and random vectors" },
      { value: "random", label: "random vectors" },
      { value: "", label: "nothing", hint: "a gain then does not show that content helps" },
    ],
  },
  {
    key: "seeds",
    ask: () => "How many seeds? Results are averaged over them",
    usual: () => "3",
    refuse: (answer) => {
      const seeds = Number(answer);
      return answer.trim() !== "" && Number.isInteger(seeds) && seeds >= 1 && seeds <= MOST_SEEDS
        ? null
        : `give a whole number from 1 to ${MOST_SEEDS}`;
    },
  },
];
