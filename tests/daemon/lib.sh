# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of periphd against fake_qemu: sourced by them.
set -euo pipefail

fake=$PERIPH_BUILD/tests/daemon/fake_qemu
periphd=$PERIPH_BUILD/bin/periphd
bridge=periph-test-$$-b
state=periph-test-$$-s
export XDG_RUNTIME_DIR=$PERIPH_TMP/run
mkdir -p "$XDG_RUNTIME_DIR"
export daemon_pid=$PERIPH_TMP/daemon.pid
started=()

# Shell commands that scripts of fake_qemu call.
mkdir -p "$PERIPH_TMP/bin"
export PATH=$PERIPH_TMP/bin:$PATH
cat >"$PERIPH_TMP/bin/start-daemon" <<END
#!/bin/sh
"$periphd" --bridge-mem $bridge --board "$PERIPH_TMP/board" \\
    --results "$PERIPH_TMP/results.json" --log-level debug "\$@" \\
    >>"$PERIPH_TMP/daemon.log" 2>&1 &
echo \$! >"$PERIPH_TMP/daemon.pid"
END
cat >"$PERIPH_TMP/bin/kill-daemon" <<END
#!/bin/sh
kill "\${1:--TERM}" "\$(cat "$PERIPH_TMP/daemon.pid")"
END
chmod +x "$PERIPH_TMP"/bin/*

cleanup() {
    [ ! -f "$daemon_pid" ] || kill -KILL "$(cat "$daemon_pid")" 2>/dev/null ||
        :
    rm -f "/dev/shm/$bridge" "/dev/shm/$state"
}
trap cleanup EXIT

# A board folder with nothing but a CPU and memory.
new_board() {
    cleanup
    rm -rf "$PERIPH_TMP/board" "$daemon_pid" "$PERIPH_TMP/daemon.log"
    mkdir "$PERIPH_TMP/board"
    cat >"$PERIPH_TMP/board/board.periph" <<'END'
periph 1;
board test "test board" {
    cpu: "cortex-a53";
    memory ram @ 0x40000000 : 1M;
}
END
}

# play NAME [SECONDS] <SCRIPT: one case; the script is fake_qemu's.
play() {
    local name=$1 status=0
    "$fake" "$bridge" "$state" "${2:-30}" >"$PERIPH_TMP/fake.log" 2>&1 ||
        status=$?
    result "$name" "$status"
}

# result NAME STATUS: prints the line of a case, and why it failed.
result() {
    if [ "$2" -eq 0 ]; then
        echo "ok $1"
        return
    fi
    echo "not ok $1"
    cat "$PERIPH_TMP/fake.log" 2>/dev/null || :
    tail -n 60 "$PERIPH_TMP/daemon.log" 2>/dev/null || :
    tail -n +1 "$PERIPH_TMP"/board/*.periph || :
}

# check NAME COMMAND...: a case that is one command.
check() {
    local name=$1 status=0
    shift
    "$@" >"$PERIPH_TMP/fake.log" 2>&1 || status=$?
    result "$name" "$status"
}

# Ends the daemon and waits; its exit status must be 0.
stop_daemon() {
    local pid
    pid=$(cat "$daemon_pid")
    kill -TERM "$pid" 2>/dev/null || return 1
    for _ in $(seq 500); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.02
    done
    return 1
}

grep_board() {
    grep -q -- "$1" "$PERIPH_TMP/board/$2"
}
