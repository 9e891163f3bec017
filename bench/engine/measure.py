"""Runs a command and writes what it took as JSON into a file: measure.py FILE COMMAND [ARGUMENT...]

Seconds of the wall clock, CPU seconds (user and system) of all its processes, and the largest resident set of one
of them in bytes.
"""

import json
import resource
import subprocess
import sys
import time

file, *command = sys.argv[1:]
began = time.monotonic()
status = subprocess.run(command).returncode
wall = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(file, "w") as out:
    cpu = used.ru_utime + used.ru_stime
    json.dump({"status": status, "wall": wall, "cpu": cpu, "bytes": used.ru_maxrss * 1024}, out)
