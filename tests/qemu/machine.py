# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU to talk to, for the tests of this folder.

    from machine import Machine, check, table
    table("b.periph", TEXT)                  # writes b.periph, makes b.ptab
    with Machine("-M", "periph,board=b.ptab", qtest=True) as m:
        m.write(0x40000000, 1)               # as a CPU would, qtest=True
        check("it is stored", m.read(0x40000000) == 1)
        m.hmp("info mtree -f")
        m.qmp("qom-get", path="/machine", property="type")

With qtest=True no instruction is executed and time stands still until
step(). With qtest="tcg" both go on as usual, unless started with "-S". The program ends with the exit status that its checks deserve.
"""
import atexit
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

QEMU = os.environ.get("PERIPH_QEMU", "")
BUILD = os.environ["PERIPH_BUILD"]
PERIPHC = BUILD + "/bin/periphc"
TIMEOUT = 120
failed = 0

for program in QEMU, PERIPHC:
    if not os.access(program, os.X_OK):
        print(program or "QEMU", "is not built")
        sys.exit(77)


def check(name, passed, *more):
    """Reports one case; `more` is shown when it fails."""
    global failed
    print(("ok " if passed else "not ok ") + name)
    if not passed:
        failed = 1
        for text in more:
            print("#", str(text).rstrip().replace("\n", "\n# "))
    return passed


def same(name, got, want):
    return check(name, got == want, "got  " + repr(got), "want " + repr(want))


def finish():
    sys.stdout.flush()
    if failed:
        os._exit(1)


atexit.register(finish)


def write_file(name, text):
    with open(name, "w") as f:
        f.write(text)


def table(name, text, *instances):
    """Compiles a text to a table beside it, all of the board or some
    instances; gives the table's name."""
    out = os.path.splitext(name)[0] + ".ptab"
    write_file(name, "periph 1;\n" + text)
    done = subprocess.run([PERIPHC, "--emit", "table", "-o", out, name,
                           *("--instance=" + i for i in instances)],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return out


def bridge(more=""):
    """The argument of -device for an inference device without a daemon."""
    tag = f"/periph-test-{os.getpid()}"
    return (f"inference-device,id=inf0,bridge_mem={tag}-b,state_mem={tag}-s"
            + more)


def disk(name="disk.qcow2"):
    """Options for a disk that takes snapshots; made if it is not there."""
    if not os.path.exists(name):
        subprocess.run([os.path.dirname(os.path.realpath(QEMU)) + "/qemu-img",
                        "create", "-q", "-f", "qcow2", name, "64M"],
                       check=True)
    return ["-drive", f"if=none,id=disk,file={name},format=qcow2"]


def guest(name):
    """The ELF file of a guest below tests/qemu."""
    elf = f"{BUILD}/tests/qemu/{name}/{name}.elf"
    if not os.path.exists(elf):
        print(elf, "is not built (make guests)")
        sys.exit(77)
    return elf


class QmpError(Exception):
    pass


class Machine:
    def __init__(self, *args, qtest=False):
        self.dir = tempfile.mkdtemp(prefix="m", dir=".")
        self.console = self.dir + "/console"
        self.log = self.dir + "/log"
        argv = [QEMU, *args, "-nodefaults", "-display", "none",
                "-chardev", "file,id=console,path=" + self.console,
                "-serial", "chardev:console",
                "-chardev", "socket,id=qmp,fd=3", "-mon",
                "chardev=qmp,mode=control"]
        ours, theirs = socket.socketpair()
        fds = [theirs.fileno()]
        if qtest:
            qtest_ours, qtest_theirs = socket.socketpair()
            fds.append(qtest_theirs.fileno())
            argv += ["-accel", "tcg" if qtest == "tcg" else "qtest",
                     "-chardev", "socket,id=qtest,fd=4",
                     "-qtest", "chardev:qtest", "-qtest-log", "none"]
        self.process = self.spawn(argv, fds)
        theirs.close()
        ours.settimeout(TIMEOUT)
        self.socket = ours
        self.file = ours.makefile("r")
        if qtest:
            qtest_theirs.close()
            qtest_ours.settimeout(TIMEOUT)
            self.qtest_file = qtest_ours.makefile("rw")
        self.events = []
        self.receive()
        self.qmp("qmp_capabilities")

    def spawn(self, argv, fds):
        """Gives the child @fds as 3, 4, ... and nothing else."""
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        shell = " ".join(f"{3 + i}<&{fd} {fd}<&-"
                         for i, fd in enumerate(high))
        with open(self.log, "w") as log:
            process = subprocess.Popen(
                ["bash", "-c", f'exec "$@" {shell}', "qemu", *argv],
                pass_fds=high, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        for fd in high:
            os.close(fd)
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def wait(self):
        """Until it has ended by itself; gives the exit status."""
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None

    @staticmethod
    def text(name):
        with open(name, errors="replace") as f:
            return f.read()

    def ended(self):
        """The error to raise when QEMU has closed its end: it may do so at
        any moment, after the greeting or within a line too."""
        self.wait()
        return QmpError("QEMU has ended: " + self.text(self.log))

    def receive(self):
        try:
            line = self.file.readline()
        except ConnectionResetError:
            line = ""
        if not line.endswith("\n"):
            raise self.ended()
        return json.loads(line)

    def send(self, message):
        try:
            self.socket.sendall((json.dumps(message) + "\n").encode())
        except (BrokenPipeError, ConnectionResetError):
            # What it said last can still be read, up to the end.
            pass

    def qmp(self, command, **arguments):
        arguments = {k.replace("_", "-"): v for k, v in arguments.items()}
        self.send({"execute": command, "arguments": arguments})
        while True:
            message = self.receive()
            if "event" in message:
                self.events.append(message["event"])
            elif "error" in message:
                raise QmpError(message["error"]["desc"])
            else:
                return message["return"]

    def error(self, command, **arguments):
        """The text of the error that a command ends with, or None."""
        try:
            self.qmp(command, **arguments)
        except QmpError as e:
            return str(e)
        return None

    def event(self, name):
        """Waits for an event."""
        while name not in self.events:
            message = self.receive()
            if "event" in message:
                self.events.append(message["event"])
        self.events.remove(name)

    def hmp(self, line):
        return self.qmp("human-monitor-command", command_line=line)

    def get(self, path, prop):
        return self.qmp("qom-get", path=path, property=prop)

    def set(self, path, prop, value):
        return self.qmp("qom-set", path=path, property=prop, value=value)

    def load(self, name):
        """Applies a table; None or the text of the error."""
        return self.error("qom-set", path="/machine/peripheral/inf0",
                          property="load", value=os.path.abspath(name))

    def peek(self, addr, size=4):
        """What a monitor sees there."""
        unit = {1: "b", 2: "h", 4: "w", 8: "g"}[size]
        out = self.hmp(f"xp /1x{unit} {addr:#x}")
        match = re.search(r": (0x[0-9a-f]+)", out)
        return int(match.group(1), 0) if match else out.split(": ")[-1].strip()

    def ask(self, line):
        """A command of the qtest protocol."""
        self.qtest_file.write(line + "\n")
        self.qtest_file.flush()
        while True:
            answer = self.qtest_file.readline()
            if not answer.startswith("IRQ"):
                return answer.split()

    def read(self, addr, size=4):
        return int(self.ask(f"read{'bwlq'[size.bit_length() - 1]} "
                            f"{addr:#x}")[1], 0)

    def write(self, addr, value, size=4):
        self.ask(f"write{'bwlq'[size.bit_length() - 1]} {addr:#x} "
                 f"{value:#x}")

    def step(self, ns):
        return int(self.ask(f"clock_step {ns}")[1])

    def poll(self, condition):
        """Until the function says so, at most TIMEOUT seconds."""
        end = time.monotonic() + TIMEOUT
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def flat(self):
        """The flat view of the memory: (first, last, rest of line)."""
        views = self.hmp("info mtree -f").split("FlatView")
        view = next(v for v in views if '"memory"' in v.split("Root")[0])
        return [(int(a, 16), int(b, 16), text.strip()) for a, b, text in
                re.findall(r"^  ([0-9a-f]+)-([0-9a-f]+) (.*)$", view, re.M)]
