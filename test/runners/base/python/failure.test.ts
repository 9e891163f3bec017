import { expect, test } from "vitest";
import { pythonError } from "../../../../runners/base/python/failure.js";

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
