# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For tests/qemu/survive-*.test: a guest that keeps devices busy.
. "$PERIPH_SRC/tests/qemu/lib.sh"
guest=$PERIPH_BUILD/tests/qemu/survive/survive.elf
[ -e "$guest" ] || skip "tests/qemu/survive is not built (make guests)"
monitor=$PERIPH_BUILD/bin/shared_mem_reader
# Seconds that a test goes on: few when all tests run, many in `make soak`.
soak=${PERIPH_SOAK:-8}
export PYTHONPATH=$PERIPH_SRC/tests/qemu/survive PYTHONDONTWRITEBYTECODE=1

# busy_board CPUS HOLE-MS [DEVICE-TEXT [PAGES]]: the folder `b`, and b.ptab.
busy_board() {
    rm -rf b
    mkdir b
    python3 -c 'import struct, sys
open("b/config", "wb").write(struct.pack("<III", *map(int, sys.argv[1:])))' \
        "$1" "$2" "${4:-0}"
    cat >b/board.periph <<END
periph 1;
import "hammer.periph";
board b {
    cpu: "cortex-a53"; cpus: $(($1 ? $1 : 1));
    memory ram @ 0x40000000 : 16M;
    load "$guest"; load "config" @ 0x40f00000;
    instance hammer : hammer @ 0x10000000;
}
END
    device "${3:-}" >b/hammer.periph
    table b
}

# device TEXT: what the guest keeps busy, and TEXT in it.
device() {
    cat <<END
periph 1;
device hammer {
    size: 0x1000; width: 32; unmapped: zero;
    fifo q[4] : 8;
    line out any;
    reg OWN[64] @ 0 += 4;
    reg BITS @ 0x200;
    reg SET @ 0x204 wo { V [0..31] sets BITS; }
    reg CLEAR @ 0x208 wo { V [0..31] clears BITS; }
    reg QUEUE @ 0x20c { D [0..7] pushes q pops q; }
    reg SAME @ 0x210 ro { EQ [0] := OWN[0] == OWN[1]; }
    any := (BITS != 0) | SAME.EQ;
    $1
}
END
}

# strange [PATTERN]: what QEMU said beside lines like that, to `strange`.
strange() {
    grep -vE "WARNING: ASan${1:+|$1}" log >strange
    [ ! -s strange ]
}

# ends_well NAME PID: it is still there, and ends as it should when told to.
ends_well() {
    local name=$1 pid=$2 status=0
    kill "$pid" 2>/dev/null
    wait "$pid" || status=$?
    check "$name ends as told" test "$status" = 0
}
