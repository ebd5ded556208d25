# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests that boot Debian's arm64 kernel:
# `. "$PERIPH_SRC/tests/kernel/lib.sh"`.

set -uo pipefail
periphc=$PERIPH_BUILD/bin/periphc
dsl=$PERIPH_SRC/dsl
status=0
guest=

skip() {
    echo "$*"
    exit 77
}

# check NAME COMMAND...: the command decides; the console says why.
check() {
    local name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "not ok $name"
        echo "# $*"
        [ ! -e console ] || tail -n 60 console | sed 's/^/# /'
        [ ! -e log ] || tail -n 20 log | sed 's/^/# /'
        status=1
    fi
}

end_guest() {
    if [ -n "$guest" ]; then
        exec 7>&-
        kill "$guest" 2>/dev/null
        wait "$guest" 2>/dev/null
        guest=
    fi
}
trap end_guest EXIT
trap "" PIPE

# images BOARD: what it loads, into the working folder.
images() {
    local rc=0
    PERIPH_FETCH=$PERIPH_BUILD/libexec/periph/package-fetch \
        PERIPHC=$periphc "$PERIPH_SRC/examples/linux-a64/images.sh" \
        -o . "$1" >made 2>&1 || rc=$?
    [ "$rc" != 2 ] || skip "$(tail -n 1 made)"
    check images [ "$rc" = 0 ]
    [ "$rc" = 0 ] || {
        cat made
        exit 1
    }
}

# boot COMMAND...: QEMU, in the background. What the guest prints comes into
# `console`, what is written to descriptor 7 is typed.
boot() {
    rm -f console typed
    mkfifo typed
    : >console
    "$@" -display none -monitor none -serial stdio <typed >console 2>log &
    guest=$!
    exec 7>typed
    rm typed
    asked=0
}

# says TEXT [SECONDS]: waits until the console has it.
says() {
    local i
    for i in $(seq $((${2:-300} * 5))); do
        if grep -qaE -- "$1" <(tr -d "\0" <console); then
            return 0
        fi
        kill -0 "$guest" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

# ask COMMAND: types it and prints its output. The marks are typed in two
# parts, so that the echo of the line is not taken for the answer.
ask() {
    asked=$((asked + 1))
    printf 'echo "<""%s"; %s; echo; echo ">""%s"\n' "$asked:" "$1" \
        "$asked:" >&7
    says "^>$asked:" 120 || return 1
    tr -d '\r\0' <console | sed -n "/^<$asked:/,/^>$asked:/p" | sed '1d;$d'
}

# answers COMMAND REGEX: whether its output has a line like that.
answers() {
    ask "$1" >answer
    grep -qE -- "$2" answer || {
        sed 's/^/# answer: /' answer
        return 1
    }
}

[ -n "${PERIPH_QEMU:-}" ] && [ -x "$PERIPH_QEMU" ] ||
    skip "QEMU is not built (make qemu)"
[ -x "$periphc" ] || skip "$periphc is not built"
command -v cpio >/dev/null || skip "cpio is not installed"
