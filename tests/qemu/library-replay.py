# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays the accesses of a trace on a device of QEMU (qtest).

usage: library-replay.py QEMU TRACE

The trace's first line is `# qemu MACHINE ADDRESS`. Each `r32 OFFSET = VALUE`
must give on QEMU's device what the trace says; lines that end in `# ours: WHY`
are made, but their values are not compared.
"""
import re
import subprocess
import sys

UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
SIZES = {"8": "b", "16": "w", "32": "l", "64": "q"}


class Machine:
    def __init__(self, qemu, machine):
        self.process = subprocess.Popen(
            [qemu, "-M", machine, "-accel", "qtest", "-qtest", "stdio",
             "-display", "none", "-nodefaults", "-serial", "null",
             "-audio", "none", "-rtc", "clock=vm", "-monitor", "none"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = "nothing, it has ended"
        for answer in self.process.stdout:
            if answer.startswith("OK"):
                return answer.split()[1:]
            if not answer.startswith("IRQ"):
                break
        sys.exit(f"{line}: QEMU says {answer!r}")

    def end(self):
        self.process.kill()
        self.process.wait()


def number(word):
    return ord(word[1]) if word[0] == "'" else int(word, 0)


def replay(machine, base, lines):
    compared = failed = 0
    for at, line in enumerate(lines, 1):
        ours = "# ours:" in line
        words = re.sub("#.*", "", line).split()
        if not words or words[0] == "use":
            continue
        access = re.fullmatch("([rw])(8|16|32|64)", words[0])
        if words[0] == "advance":
            count, unit = re.fullmatch("([0-9]+)([a-z]+)", words[1]).groups()
            machine.ask(f"clock_step {int(count) * UNITS[unit]}")
        elif access and access[1] == "w":
            machine.ask(f"write{SIZES[access[2]]} "
                        f"{base + number(words[1]):#x} {number(words[2]):#x}")
        elif access:
            value = int(machine.ask(f"read{SIZES[access[2]]} "
                                    f"{base + number(words[1]):#x}")[0], 0)
            if len(words) == 4 and not ours:
                compared += 1
                if value != number(words[3]):
                    failed += 1
                    print(f"line {at}: {line.strip()}: QEMU has {value:#x}")
        else:
            sys.exit(f"line {at}: not for QEMU: {line}")
    return compared, failed


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        lines = file.readlines()
    _, _, name, address = lines[0].split()
    machine = Machine(sys.argv[1], name)
    try:
        compared, failed = replay(machine, int(address, 0), lines)
    finally:
        machine.end()
    print(f"{compared} values compared")
    sys.exit(1 if failed or not compared else 0)


main()
