"""Runs a program on a terminal of its own and types into it.

Called as: terminal.py STEPS PROGRAM ARGUMENT..., where STEPS is a JSON list of [TEXT, KEYS]: once the
screen has shown TEXT (after the text of the step before), KEYS are typed. In place of KEYS may stand
[ROWS, COLUMNS], to which the window is then changed, or {"remove": PATH}, a file that is then removed.
Writes {"screen", "status", "plain"} as JSON: all that the program wrote, its exit status, or minus the
signal that ended it, and whether it left the terminal as it was.
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


def resize(file, rows, columns):
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def do(what):
    if isinstance(what, list):
        resize(terminal, *what)
    elif isinstance(what, dict):
        os.remove(what["remove"])
    else:
        os.write(terminal, what.encode())


pid, terminal = pty.fork()
if pid == 0:
    resize(0, 40, 120)
    os.execvp(sys.argv[2], sys.argv[2:])
before = termios.tcgetattr(terminal)
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
        do(steps.pop(0)[1])
else:
    os.kill(pid, 9)
plain = termios.tcgetattr(terminal) == before
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
told = {"screen": screen.decode(errors="replace"), "status": status, "left": steps, "plain": plain}
json.dump(told, sys.stdout)
