"""Runs a program on a terminal of its own and types into it.

Called as: terminal.py STEPS PROGRAM ARGUMENT..., where STEPS is a JSON list of [TEXT, KEYS]: once the
screen has shown TEXT (after the text of the step before), KEYS are typed. Writes {"screen", "status"} as
JSON: all that the program wrote, and its exit status, or minus the signal that ended it.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
screen, seen = b"", 0
until = time.monotonic() + 30
while time.monotonic() < until:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        read = os.read(terminal, 65536)
    except OSError:  # The program has closed its terminal.
        break
    if not read:
        break
    screen += read
    while steps and (found := screen.find(steps[0][0].encode(), seen)) >= 0:
        seen = found + len(steps[0][0].encode())
        os.write(terminal, steps.pop(0)[1].encode())
else:
    os.kill(pid, 9)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
json.dump({"screen": screen.decode(errors="replace"), "status": status, "left": steps}, sys.stdout)
