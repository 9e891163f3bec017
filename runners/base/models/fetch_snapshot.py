"""Fetches a model of the hub into its cache: fetch_snapshot.py NAME REVISION CACHE.

Prints JSON: the snapshot's folder, and whether the hub answered. Where it does not, the cache's own copy
is given.
"""

import json
import os
import signal
import sys

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

# Weights for other frameworks, which nothing here reads.
OTHERS = ["*.msgpack", "*.h5", "*.ot", "*.tflite", "onnx/*", "openvino/*", "coreml/*", "original/*"]



def stop(number, _):
    """Ends at once, without the files that are half fetched: the library would leave them for ever."""
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            file = os.readlink(f"/proc/self/fd/{descriptor}")
            if file.endswith(".incomplete"):
                os.unlink(file)
        except OSError:
            pass
    os._exit(128 + number)


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, stop)

name, revision, cache = sys.argv[1:]
try:
    HfApi().model_info(name, revision=revision)
    asked = True
except HfHubHTTPError as error:
    if error.response is not None and error.response.status_code < 500:
        raise
    asked = False
except Exception:
    asked = False
folder = snapshot_download(
    name, revision=revision, cache_dir=cache, ignore_patterns=OTHERS, local_files_only=not asked
)
print(json.dumps({"folder": folder, "asked": asked}))
