import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";

// CUDA as a program meets it under MPS: it finds its card only where the daemon's pipe is.
const LIBCUDA = `
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int cuInit(unsigned flags) {
  char control[4096] = "";
  const char *folder = getenv("CUDA_MPS_PIPE_DIRECTORY");
  if (folder == NULL) return 100;
  strncat(strncat(control, folder, 4000), "/control", 10);
  const char *hold = getenv("FAKE_MPS_HOLD");
  while (hold != NULL && access(hold, F_OK) == 0) usleep(10000);
  if (access(control, F_OK) != 0 || getenv("FAKE_MPS_FAILS") != NULL) return 805;
  return 0;
}
int cuDeviceGetCount(int *count) {
  const char *visible = getenv("CUDA_VISIBLE_DEVICES");
  *count = visible != NULL && strncmp(visible, "GPU-", 4) == 0 && strchr(visible, ',') == NULL;
  return 0;
}
int cuDeviceGet(int *device, int at) { *device = at; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = &device; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
`;

// The daemon waits at its pipe for a word, which the same program hands over without -f.
const CONTROL = `#!/bin/sh
pipe="$CUDA_MPS_PIPE_DIRECTORY/control"
if [ "$1" = -f ]; then
  mkfifo "$pipe"
  echo "start $$ $CUDA_VISIBLE_DEVICES" >>"$FAKE_MPS_LOG"
  read word <"$pipe"
  echo "$word" >>"$FAKE_MPS_LOG"
else
  cat >"$pipe"
fi
`;

/**
 * Variables of a machine that has NVIDIA's MPS: a stand-in for the daemon and for CUDA, which need a real
 * card. While there is a file of the name in FAKE_MPS_HOLD, nobody hears whether it works. The daemon writes the cards that it was given, its process, and the words that end it into `log`.
 */
export function machineWithMps(
  folder: string,
  log: string,
  PATH: string,
): { readonly [name: string]: string } {
  const own = mkdtempSync(path.join(folder, "mps-"));
  writeFileSync(path.join(own, "cuda.c"), LIBCUDA);
  execFileSync("cc", ["-shared", "-fPIC", "-o", "libcuda.so.1", "cuda.c"], { cwd: own });
  const control = path.join(own, "nvidia-cuda-mps-control");
  writeFileSync(control, CONTROL);
  chmodSync(control, 0o755);
  return {
    PATH: `${own}${path.delimiter}${PATH}`,
    LD_LIBRARY_PATH: own,
    FAKE_MPS_LOG: log,
  };
}
