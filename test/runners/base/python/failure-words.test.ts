import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { faultOf } from "../../../../runners/base/python/failure.js";
import { classOfWords } from "../../../../runners/base/python/failure-words.js";

/** Messages as the programs write them, by class. */
const WORDS: readonly (readonly [string | null, string])[] = [
  [
    "gpu_memory",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB",
  ],
  [
    "gpu_memory",
    "[rank1]: torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20 MiB",
  ],
  [
    "gpu_memory",
    "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`",
  ],
  [
    "gpu_memory",
    "OOM when allocating tensor with shape[4096,4096] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
  ],
  [
    "gpu_memory",
    "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 17179869184 bytes. [Op:__inference]",
  ],
  ["gpu_memory", "Invalid TF_Status: 8\nMessage: failed to allocate memory"],
  [
    "gpu_memory",
    "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1310720,128] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
  ],
  ["gpu_memory", "Invalid TF_Status: 13\nMessage: Dst tensor is not initialized."],
  ["gpu_memory", "Invalid TF_Status: 13\nMessage: No blas support for stream"],
  ["gpu_memory", "RuntimeError: cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"],
  [
    "memory",
    "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9,9] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu",
  ],
  [
    "memory",
    "OOM when allocating tensor with shape[999999,999999] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu",
  ],
  ["memory", "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 7.28 TiB for an array"],
  ["memory", "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"],
  ["memory", "terminate called after throwing an instance of 'std::bad_alloc'"],
  [
    "network",
    "requests.exceptions.ConnectionError: (MaxRetryError('HTTPSConnectionPool(host=..., port=443)'))",
  ],
  ["network", "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: ..."],
  [
    "network",
    "pip._vendor.requests.exceptions.RetryError: HTTPConnectionPool(host='127.0.0.1', port=5999): Max retries exceeded with url: /x.whl (Caused by ResponseError('too many 503 error responses'))",
  ],
  [
    "network",
    "ERROR: Could not find a version that satisfies the requirement a-model==1.0 (from versions: none)",
  ],
  [
    null,
    "ERROR: Could not find a version that satisfies the requirement a==1.0 (from versions: 0.9)",
  ],
  ["disk", "OSError: [Errno 28] No space left on device: 'checkpoint-10/optimizer.pt'"],
  ["disk", "PermissionError: [Errno 13] Permission denied: 'checkpoint-10'"],
  [
    "disk",
    'safetensors_rust.SafetensorError: Error while serializing: IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })',
  ],
  [
    "disk",
    "RuntimeError: [enforce fail at inline_container.cc:863] . PytorchStreamWriter failed writing file data/5: file write failed",
  ],
  ["gpu", "RuntimeError: CUDA error: uncorrectable ECC error encountered"],
  ["gpu", "torch.AcceleratorError: CUDA error: CUDA-capable device(s) is/are busy or unavailable"],
  ["gpu", "RuntimeError: No CUDA GPUs are available"],
  ["gpu", "RuntimeError: CUDA error: unspecified launch failure"],
  [
    "gpu",
    "Internal: failed initializing StreamExecutor for CUDA device ordinal 0: Internal: failed call to cuDevicePrimaryCtxRetain: CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable ECC error encountered",
  ],
  [
    "gpu",
    "InternalError: cudaSetDevice() on GPU:0 failed. Status: all CUDA-capable devices are busy or unavailable",
  ],
  // TensorFlow says so on every machine without a card.
  [
    null,
    "E external/local_xla/xla/stream_executor/cuda/cuda_platform.cc:51] failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
  ],
  [null, "RuntimeError: CUDA error: an illegal memory access was encountered"],
  [null, "FileNotFoundError: [Errno 2] No such file or directory: 'model'"],
  [null, "ValueError: Input contains NaN."],
  [null, "KeyError: 'instruction'"],
  [null, "ValueError: Target modules {'memory'} not found in the base model."],
  [null, "RuntimeError: expected scalar type Half but found Float"],
];

describe("failures", () => {
  it("are told apart in what programs really write", () => {
    for (const [of, words] of WORDS) {
      expect([words, classOfWords(`Traceback (most recent call last):\n${words}\n`)]).toEqual([
        ...[words, of],
      ]);
    }
  });

  it("of Python's own memory are seen in its real traceback", () => {
    let stderr = "";
    try {
      execFileSync("python3", ["-c", "bytearray(1 << 62)"], { stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      stderr = String((error as { stderr: Buffer }).stderr);
    }
    expect(stderr).toContain("MemoryError");
    expect(faultOf({ exitCode: 1, signal: null, stderrTail: stderr })).toEqual({
      ...{ kind: "machine", class: "memory" },
    });
  });

  it("that the program itself found are not the machine's", () => {
    const end = { exitCode: 1, signal: null, stderrTail: "ValueError: Input contains NaN." };
    expect(faultOf(end)).toEqual({ kind: "spec" });
    expect(faultOf({ ...end, exitCode: null, signal: "SIGKILL", stderrTail: "" })).toEqual({
      ...{ kind: "machine", class: "lost" },
    });
    expect(faultOf({ ...end, forMemory: true })).toEqual({ kind: "machine", class: "memory" });
  });
});
