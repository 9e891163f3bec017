import { expect, test } from "vitest";
import {
  memoryAdvice,
  ProgramFailure,
  pythonError,
} from "../../../../runners/base/python/failure.js";

test("the last error of the process that failed first is the message", () => {
  const stderr = [
    "W1124 22:43:43.904000 18222 torch/distributed/run.py:852] starting",
    "[rank0]: Traceback (most recent call last):",
    "[rank0]: KeyError: 'nope'",
    "[rank0]: During handling of the above exception, another exception occurred:",
    "[rank0]: ValueError: Target modules {'nope'} not found",
    "[rank1]: Traceback (most recent call last):",
    "[rank1]: RuntimeError: Connection closed by peer",
    "subprocess.CalledProcessError: Command '['torchrun']' returned non-zero exit status 1.",
    "",
  ].join("\n");
  expect(pythonError(stderr)).toBe("ValueError: Target modules {'nope'} not found");
  expect(pythonError("torch.OutOfMemoryError: CUDA out of memory.\n0%|  | 0/3\n")).toBe(
    "torch.OutOfMemoryError: CUDA out of memory.",
  );
  expect(pythonError("Killed\n")).toBe("Killed");
});

const batch = { path: "knowledge.embed.batch_size", value: 64 };
const ended = (stderrTail: string, signal: string | null = null) => ({
  exitCode: signal === null ? 1 : null,
  signal,
  stderrTail,
});

test.each([
  "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
  "RuntimeError: CUDA error: out of memory",
  "RuntimeError: [enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 bytes.",
  "RuntimeError: DefaultCPUAllocator: not enough memory: you tried to allocate 80 bytes.",
  "MemoryError",
  "OSError: [Errno 12] Cannot allocate memory",
])("a batch that does not fit into memory names the setting that makes it smaller: %s", (line) => {
  const failure = new ProgramFailure("sentence-transformers", ended(line), batch);
  expect(failure.message).toMatch(/; set knowledge\.embed\.batch_size below 64$/);
  const least = memoryAdvice(ended(line), { ...batch, value: 1 });
  expect(least).toBe(
    "; knowledge.embed.batch_size is 1 already: take a smaller model, or a machine with more memory",
  );
});

test("a kill may be for want of memory, another error is not", () => {
  expect(memoryAdvice(ended("", "SIGKILL"), batch)).toBe(
    "; if the machine was out of memory: set knowledge.embed.batch_size below 64",
  );
  for (const other of ["ValueError: bad", "OSError: no such model", ""]) {
    expect(memoryAdvice(ended(other), batch)).toBe("");
  }
});
