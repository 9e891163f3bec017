"""Turns a GGUF file into an ordinary model folder, for runners/stages/packaged-model/program.ts.

Usage: python convert_gguf.py FOLDER FILE OUT
"""

import sys

from transformers import AutoModelForCausalLM, AutoTokenizer

folder, file, out = sys.argv[1:]
AutoTokenizer.from_pretrained(folder, gguf_file=file).save_pretrained(out)
AutoModelForCausalLM.from_pretrained(folder, gguf_file=file).save_pretrained(out)
