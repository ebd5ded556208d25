# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the tests of this folder: `. "$PERIPH_SRC/tests/qemu/lib.sh"`.
# Everything a test starts ends with it, and what it makes is in $PERIPH_TMP.

set -uo pipefail
periph=$PERIPH_BUILD/bin/periph
periphc=$PERIPH_BUILD/bin/periphc
periphd=$PERIPH_BUILD/bin/periphd
export PERIPH_CACHE=${PERIPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/periph}
export XDG_RUNTIME_DIR=$PERIPH_TMP/r XDG_DATA_HOME=$PERIPH_TMP/data
export XDG_STATE_HOME=$PERIPH_TMP/state
mkdir -p "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
started=()
tag=periph-test-$$

skip() {
    echo "$*"
    exit 77
}

ok() {
    echo "ok $*"
}

# not_ok NAME [FILE...]: the files say more.
not_ok() {
    echo "not ok $1"
    shift
    local file
    for file in "$@"; do
        [ ! -e "$file" ] || sed "s,^,# ${file##*/}: ," "$file" | tail -n 60
    done
}

# check NAME COMMAND...: the command decides.
check() {
    local name=$1
    shift
    if "$@"; then ok "$name"; else not_ok "$name: $*" out log; fi
}

end_all() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -f "/dev/shm/$tag"*
}
trap end_all EXIT

[ -n "${PERIPH_QEMU:-}" ] && [ -x "$PERIPH_QEMU" ] ||
    skip "QEMU is not built (make qemu)"
for program in "$periph" "$periphc" "$periphd"; do
    [ -x "$program" ] || skip "$program is not built"
done

# copy_board NAME [FOLDER]: a board of examples/ to work on in place.
copy_board() {
    local to=${2:-$1}
    [ -e "$PERIPH_BUILD/examples/$1/$1.elf" ] ||
        skip "examples/$1 is not built (make guests)"
    mkdir -p "$to"
    sed "s,\.\./\.\./build/,$PERIPH_BUILD/," \
        "$PERIPH_SRC/examples/$1/board.periph" >"$to/board.periph"
}

# run BOARD OPTIONS...: `periph run` into `out`, the report to report.json.
# Sets $status.
run() {
    status=0
    "$periph" run "$@" --report report.json >out 2>&1 || status=$?
}

# figure PATH: a number or word of the report, "latency_us.fault.p50".
figure() {
    python3 -c '
import json, sys
value = json.load(open("report.json"))
for part in sys.argv[1].split("."):
    value = value[part]
print(value)' "$1"
}

# wait_for COMMAND...: until it succeeds, at most about 120 seconds.
wait_for() {
    local i
    for i in $(seq 1200); do
        if "$@"; then return 0; fi
        sleep 0.1
    done
    return 1
}

# table BOARD: compiles it to BOARD.ptab.
table() {
    "$periphc" --emit table -o "$1.ptab" "$1"
}

# start_qemu BOARD [ARGUMENTS]: in the background, console to `console`, QMP
# at the socket `qmp`. Sets $qemu. The names of memories begin with $tag.
start_qemu() {
    local board=$1
    shift
    rm -f qmp
    "$PERIPH_QEMU" -M "periph,board=$board.ptab" -nodefaults -display none \
        -chardev file,id=console,path=console -serial chardev:console \
        -qmp unix:qmp,server=on,wait=off "$@" >log 2>&1 &
    qemu=$!
    started+=("$qemu")
    wait_for test -S qmp
}

# inference [PROPERTIES]: the argument of -device.
inference() {
    echo "inference-device,id=inf0,bridge_mem=/$tag-b,state_mem=/$tag-s$1"
}

# start_daemon BOARD. Sets $daemon.
start_daemon() {
    "$periphd" --bridge-mem "/$tag-b" --state-mem "/$tag-s" --board "$1" \
        --results results.json >>daemon.log 2>&1 &
    daemon=$!
    started+=("$daemon")
}

# qmp COMMAND [KEY]: prints the command's answer, or one member of it. COMMAND
# is a name, or JSON.
qmp() {
    python3 - "$@" <<'END'
import json, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.settimeout(120)
for i in range(1200):
    try:
        s.connect("qmp")
        break
    except ConnectionRefusedError:
        time.sleep(0.1)         # there already, but not listening yet
f = s.makefile("rw")
f.readline()
def ask(name):
    f.write((name if name[0] == "{" else json.dumps({"execute": name})) + "\n")
    f.flush()
    while True:
        message = json.loads(f.readline())
        if "return" in message or "error" in message:
            return message
ask("qmp_capabilities")
answer = ask(sys.argv[1])
if sys.argv[2:] == [""]:
    print(answer["return"])
elif len(sys.argv) > 2:
    print(answer["return"][sys.argv[2]])
else:
    print(json.dumps(answer))
END
}

# hmp LINE: what the monitor answers.
hmp() {
    qmp '{"execute": "human-monitor-command", "arguments": {
        "command-line": "'"$1"'"}}' "" | tr -d '\r'
}

# peek ADDRESS: a word of the guest as `0x0000005a`, or what stands against it.
peek() {
    hmp "xp /1xw $1" | sed -n 's/^[0-9a-f]*: //p'
}

reads() {
    [ "$(peek "$1")" = "$2" ]
}

# session BOARD OPTIONS...: `periph run` on a terminal, in the background,
# with QMP at the socket `qmp`. Sets $runner; type_in writes to it.
session() {
    rm -f keys qmp
    mkfifo keys
    python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' \
        "$periph" run "$@" -- -qmp "unix:$PWD/qmp,server=on,wait=off" \
        <keys >out 2>&1 &
    runner=$!
    started+=("$runner")
    exec 9>keys
    wait_for test -S qmp
}

type_in() {
    printf '%b' "$1" >&9
}

# ended PID
ended() {
    ! kill -0 "$1" 2>/dev/null
}
