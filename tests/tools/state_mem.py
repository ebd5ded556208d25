# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes state memories as runtime/PROTOCOL.md, section 4, describes them:
good ones for the monitor to read, and bad ones.

state_mem.py FILE [KEY=VALUE...]: `magic`, `version`, `capacity`, `record`,
`arch`, `head`, `total`, `regions`, `pid`; `random=SEED` fills directory and
ring with noise, `cut=BYTES` makes the file that short, `irqs=1` puts
interrupts between the accesses.
"""
import os
import random
import struct
import sys

RING = 0x10000
DEVICE = b"uart"


def record(index, flags, address, value, size=4):
    return struct.pack("<QQQQQIIHHHBBQ", index + 1, 1000 * index,
                       0x8000 + 4 * index, address, value,
                       address & 0xfff, 0xffffffff,
                       0xffff if flags & 0x600 else 0, 0, flags, size, 0, 0)


def records(head, irqs):
    """Reads of +0 and writes of +4, within interrupt 33 where wanted."""
    out = []
    for i in range(head):
        if irqs and i % 4 == 0:
            out.append(record(i, 0x200, 0x100, 33))
        elif irqs and i % 4 == 3:
            out.append(record(i, 0x400, 0x100, 33))
        elif i % 2:
            out.append(record(i, 1, 0x40001004, i))
        else:
            out.append(record(i, 0, 0x40001000, 0x31))
    return out


def main():
    o = {"magic": 0x54534250, "version": 1, "capacity": 64, "record": 64,
         "arch": 1, "head": 8, "regions": 1, "pid": os.getppid(), "irqs": 0}
    name = sys.argv[1]
    for text in sys.argv[2:]:
        key, value = text.split("=")
        o[key] = int(value, 0)
    size = RING + 64 * 64 if o["capacity"] > 1 << 20 else \
        RING + o["capacity"] * o["record"]
    data = bytearray(size)
    struct.pack_into("<IHHQQIIIIQQ", data, 0, o["magic"], o["version"], 1,
                     o.get("total", size), 7, o["pid"], o["record"],
                     o["capacity"], o["arch"], RING, o["head"])
    struct.pack_into("<QI", data, 0x80, 2, o["regions"])
    struct.pack_into("<QQIIQQQQQ64s", data, 0x100, 0x40001000, 0x100, 4, 0, 0,
                     5, 6, 0, 0, DEVICE)
    if "random" in o:
        noise = random.Random(o["random"])
        data[0x80:] = noise.randbytes(len(data) - 0x80)
        # Some of it good enough to be looked at.
        for i in range(o["capacity"]):
            struct.pack_into("<Q", data, RING + i * o["record"], i + 1)
            data[RING + i * o["record"] + 54] = noise.choice([1, 2, 4, 8, 0])
        struct.pack_into("<QI", data, 0x80, 2, noise.choice([510, 2**32 - 1]))
    else:
        for i, bytes_ in enumerate(records(min(o["head"], o["capacity"]),
                                           o["irqs"])):
            at = RING + i * o["record"]
            data[at:at + 64] = bytes_
    with open(name, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data[:o.get("cut", len(data))])


if __name__ == "__main__":
    main()
