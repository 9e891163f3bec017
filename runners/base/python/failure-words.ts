import type { FailureClass } from "../../../src/contract/runner.js";

/** What TensorFlow, XLA, PyTorch and CUDA's libraries say where a card's memory is full. */
const GPU_MEMORY = [
  /CUDA out of memory|CUDA (?:driver )?error: out of memory|CUDA_ERROR_OUT_OF_MEMORY/u,
  /torch\.(?:cuda\.)?OutOfMemoryError/u,
  /CU(?:BLAS|DNN|SOLVER|SPARSE)_STATUS_ALLOC_FAILED/u,
  /OOM when allocating tensor(?![^\n]*by allocator (?:mklcpu|cpu))/u,
  // tfjs-node gives TensorFlow's code (8: RESOURCE_EXHAUSTED) and, on a line of its own, its message.
  /Invalid TF_Status: 8\b(?!\n[^\n]*by allocator (?:mklcpu|cpu))/u,
  // What a full card leads to where it is noticed late: a copy without a place to go, a library
  // without room for its handle.
  /Dst tensor is not initialized|No (?:blas|dnn) support for stream/iu,
  /CU(?:BLAS|DNN|SOLVER|SPARSE)_STATUS_NOT_INITIALIZED/u,
  /RESOURCE_EXHAUSTED: (?:Out of memory|Failed to allocate)|Out of memory while trying to allocate/u,
  /NCCL[^\n]*out of memory/iu,
];
/**
 * What CUDA, TensorFlow and PyTorch say where a card is out of order or not to be had. A program that does
 * wrong on a card may bring about some of it too: whose fault it is shows on another card.
 */
const GPU = [
  /CUDA_ERROR_(?:ECC_UNCORRECTABLE|NVLINK_UNCORRECTABLE|HARDWARE_STACK_ERROR|DEVICE_UNAVAILABLE)/u,
  /CUDA_ERROR_(?:NO_DEVICE|INVALID_DEVICE|SYSTEM_NOT_READY|NOT_INITIALIZED|LAUNCH_FAILED|UNKNOWN)\b/u,
  /uncorrectable (?:ECC|NVLink) error|hardware stack error/iu,
  /CUDA-capable devices?(?:\(s\))? (?:is\/)?are busy or unavailable/u,
  /no CUDA-capable device is detected|No CUDA GPUs are available|CUDA driver initialization failed/u,
  /CUDA (?:driver )?error: (?:unspecified launch failure|unknown error|initialization error)/u,
  /CUDA (?:driver )?error: (?:invalid device ordinal|system not yet initialized)/u,
  /GPU is lost|fallen off the bus/u,
];
/** What Python, NumPy, PyTorch, TensorFlow and C++ say where the machine's memory is full. */
const MEMORY = [
  /^(?:\[rank\d+\]:\s*)?(?:numpy\S*\.)?_?(?:Array)?MemoryError\b/mu,
  /DefaultCPUAllocator: (?:can't allocate memory|not enough memory)/u,
  /std::bad_alloc|Cannot allocate memory|OOM when allocating tensor/u,
];
/** What Python, PyTorch and safetensors say where a disk is full or fails, by error numbers of Linux. */
const DISK = [
  /(?:OS|IO|Permission)Error: \[Errno (?:5|13|28|30|122)\]/u,
  /No space left on device|Disk quota exceeded|PytorchStreamWriter failed writing file/u,
];
/**
 * What Python's clients of HTTP, the hub and pip say where a network or a server does not answer. pip says that it
 * found no version at all also where its index answers 429 or 5xx, and that a wheel is invalid where it broke off.
 */
const NETWORK = [
  /^(?:\[rank\d+\]:\s*)?(?:[\w.]+\.)?(?:ConnectionError|ConnectTimeout|ConnectError|ReadTimeout|ReadTimeoutError|RemoteDisconnected|ConnectionResetError|NewConnectionError|MaxRetryError|IncompleteRead|ChunkedEncodingError|ProtocolError|RemoteProtocolError|RetryError)\b/mu,
  /after connection broken by '|\(from versions: none\)/u,
  /^ERROR: Wheel '[^\n]* is invalid|incomplete-download|not enough bytes were received/mu,
  /Temporary failure in name resolution|Name or service not known/u,
  /\b(?:429|500|502|503|504) (?:Client|Server) Error\b/u,
];

/** The class of a failure by an error's message or the last lines of a program; null: neither says. */
export function classOfWords(words: string): FailureClass | null {
  const says = (patterns: readonly RegExp[]): boolean =>
    patterns.some((pattern) => pattern.test(words));
  if (says(GPU_MEMORY)) return "gpu_memory";
  if (says(MEMORY)) return "memory";
  if (says(DISK)) return "disk";
  if (says(NETWORK)) return "network";
  // TensorFlow begins so on every machine without a card, and goes on without one.
  const later = words.replace(/^[^\n]*failed call to cuInit[^\n]*$/gmu, "");
  return GPU.some((pattern) => pattern.test(later)) ? "gpu" : null;
}
