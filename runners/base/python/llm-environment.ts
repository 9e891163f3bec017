import { packageFile } from "../../../src/base/package.js";
import type { PythonPart } from "../../../src/contract/python-part.js";

const TORCH = "2.13.0";
const [WANTED, PINNED] = ["llm.in", "llm.txt"].map((name) =>
  packageFile(`runners/base/python/requirements/${name}`),
) as [string, string];
const LISTS = ["-r", WANTED, "-c", PINNED];

/** LLaMA-Factory and sentence-transformers: what stages with a language model of one's own run in. */
export const LLM_ENVIRONMENT: PythonPart = {
  part: "llm",
  name: "llamafactory-0.9.5",
  title: "LLaMA-Factory 0.9.5",
  contents: "LLaMA-Factory 0.9.5, sentence-transformers, torch",
  without: "it is installed when a stage needs it",
  lists: [WANTED, PINNED],
  byFlavour: true,
  steps: (flavour) => [
    flavour === "gpu" || process.platform !== "linux"
      ? [LISTS]
      : [
          // A CPU build where the package index has one; else from PyTorch's own index; else the
          // CUDA build, which runs on the CPU too but brings 3 GB that nothing uses.
          [`torch==${TORCH}+cpu`, ...LISTS],
          ["--torch-backend", "cpu", ...LISTS],
          LISTS,
        ],
    // It asks for a user interface, audio and video packages that training and prediction never load.
    [["--no-deps", "llamafactory==0.9.5"]],
  ],
  modules: {
    // LLaMA-Factory imports it at start, uses it for audio alone, and no CPU build of it exists.
    "torchaudio.py":
      '"""Stands in for torchaudio: imported by LLaMA-Factory, used for audio only."""\n',
  },
  trial:
    "import torch, transformers, datasets, peft, trl, gguf, sentence_transformers, llamafactory.data",
  programs: ["llamafactory-cli"],
  uses: {
    tune: {
      does: "fine-tuning",
      modules: ["torch", "transformers", "datasets", "peft", "trl", "llamafactory"],
    },
    answer: {
      does: "inference by LLaMA-Factory",
      modules: ["torch", "transformers", "datasets", "peft", "llamafactory"],
    },
    serve: {
      does: "r4ec's own server of a model",
      modules: ["torch", "transformers", "peft", "starlette", "uvicorn"],
    },
    embed: {
      does: "embedding by sentence-transformers",
      modules: ["torch", "sentence_transformers", "huggingface_hub", "numpy"],
    },
    convert: {
      does: "reading a model out of a GGUF file",
      modules: ["torch", "transformers", "gguf"],
    },
  },
};
