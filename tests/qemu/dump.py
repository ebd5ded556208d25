# SPDX-License-Identifier: GPL-2.0-or-later
"""dump.py QEMU MACHINE: checks a machine's map against `info mtree -f`.

Prints one line and exits with 0; with 77 where the machine does not start
by itself; with 1 where the map is wrong.
"""
import json
import os
import re
import subprocess
import sys

RANGE = re.compile(r" +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ([^)]+)\)")
KINDS = {"ram": "ram", "rom": "rom", "romd": "romd", "i/o": "io",
         "ramd": "ram_device"}


def views(text):
    """The ranges of `info mtree -f` by the names of address spaces."""
    found, names, ranges = {}, [], []
    for line in text.splitlines():
        match = RANGE.match(line)
        if line.startswith("FlatView #"):
            names, ranges = [], []
        elif line.startswith(' AS "'):
            name = line.split('"')[1]
            names.append(name)
            found.setdefault(name, []).append(ranges)
        elif match:
            first, last = int(match[1], 16), int(match[2], 16)
            ranges.append([first, last, match[3]])
    return found


def joined(ranges):
    """The bytes covered, by kind: neighbours of one kind are one."""
    out = []
    for first, last, kind in sorted(ranges):
        if out and out[-1][2] == kind and out[-1][1] + 1 == first:
            out[-1][1] = last
        else:
            out.append([first, last, kind])
    return out


def mapped(device_map, space):
    """The same from the map."""
    out = []
    for memory in device_map["memories"]:
        if space in memory["address_spaces"]:
            first = int(memory["address"], 16)
            out.append([first, first + int(memory["size"], 16) - 1,
                        memory["kind"]])
    for device in device_map["devices"]:
        for region in device["regions"]:
            if space not in region["address_spaces"]:
                continue
            for piece in region["mapped"]:
                first = int(piece["address"], 16)
                out.append([first, first + int(piece["size"], 16) - 1,
                            region["kind"]])
    return out


def check(device_map, text):
    found = views(text)
    names = [n for space in device_map["address_spaces"] for n in space]
    cpus = [n for n in found if re.match(r"cpu-(secure-)?memory-\d+$", n)]
    assert device_map["format"] == "periph-device-map"
    assert device_map["version"] == 1
    assert names[0] == "memory"
    assert set(cpus) <= set(names), (cpus, names)
    for index, space in enumerate(device_map["address_spaces"]):
        for name in space:
            have = joined(mapped(device_map, index))
            want = [joined([[a, b, KINDS[k]] for a, b, k in ranges])
                    for ranges in found[name]]
            assert have in want, (name, have, want)
    idents = [d["name"] for d in device_map["devices"]]
    assert len(idents) == len(set(idents))
    assert all(re.match(r"[a-z][a-z0-9_]*$", i) for i in idents), idents
    for device in device_map["devices"]:
        for wire in device["interrupts"]:
            assert wire["number"] >= 0, wire
            assert wire["kind"] in ("spi", "ppi", "nvic", "cpu", "device")


def run(qemu, machine, options):
    """Audio and network cards can stand in the way of -nodefaults, and
    without it they want files that this build does not have."""
    return subprocess.run(
        [qemu, "-M", machine, "-S", "-display", "none",
         "-chardev", "stdio,id=m", "-mon", "m,mode=readline",
         "-device", "mmio-dump,file=" + machine + ".json"] + options,
        input="info mtree -f\nquit\n", stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=250, check=False)


def main():
    qemu, machine = sys.argv[1:]
    name = machine + ".json"
    done = run(qemu, machine, ["-nodefaults"])
    if not os.path.exists(name):
        done = run(qemu, machine, [])
    if not os.path.exists(name):
        print(machine, done.stderr.strip().splitlines()[-1:])
        sys.exit(77 if done.returncode == 1 else 1)
    assert done.returncode == 0, done
    with open(name, encoding="utf-8") as file:
        device_map = json.load(file)
    check(device_map, done.stdout)
    print(machine, len(device_map["devices"]), "devices",
          sum(len(d["interrupts"]) for d in device_map["devices"]), "wires")


if __name__ == "__main__":
    main()
