#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole way, on QEMU's machine "virt": see README.md. Works in the new
# folder that is given, ./workflow unless one is.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
build=${PERIPH_BUILD:-$here/../../build}
build=$(readlink -f "$build")
periph=$build/bin/periph
guest=$build/examples/workflow/workflow.elf
qemu=${PERIPH_QEMU:-$build/libexec/periph/qemu-system-aarch64}
work=${1:-workflow}
memory=/periph-workflow-$$
mkdir "$work"
cd "$work"

step() {
    printf '\n== %s\n' "$*"
}

step "1. discover: what has the machine?"
"$periph" discover virt board --name virt --qemu "$qemu" -- -cpu cortex-a53
grep 'native pl011' board/board.periph

step "2. proxy and interrupt hook: what does the guest do with its UART?"
mkfifo pipe
exec 3<>pipe
"$qemu" -M virt,gic-version=2 -cpu cortex-a53 -nodefaults -display none \
    -action shutdown=pause -monitor stdio \
    -chardev file,id=c,path=console.txt -serial chardev:c \
    -device "loader,file=$guest,cpu-num=0" \
    -device "mmio-proxy,base=0x9000000,state_mem=$memory" \
    -device "gic-arm-hook,state_mem=$memory,file=interrupts.json" \
    <pipe >qemu.log 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null || :' EXIT
for _ in $(seq 600); do
    if grep -q 'the end' console.txt 2>/dev/null; then break; fi
    sleep 0.1
done
cat console.txt

step "3. monitor: its registers, in the words of the PL011"
mkdir words
cat >words/board.periph <<'END'
periph 1;
import "lib/pl011.periph";
board words { cpu: "cortex-a53"; instance uart0 : pl011 @ 0x9000000; }
END
monitor=("$build/bin/shared_mem_reader" --state-mem "$memory")
"${monitor[@]}" -n uart0 ./words
"${monitor[@]}" --last 3 ./words
"${monitor[@]}" --interrupts ./words
echo quit >&3
wait "$pid" || :

step "4. inference: the same board, but nobody knows the UART"
mkdir unknown
sed -e '/native pl011/d' -e '/console: pl011/d' \
    -e "s,^    cpu:,    load \"$guest\"; el: 1;\n&," \
    board/board.periph >unknown/board.periph
"$periph" run ./unknown --qemu "$qemu" --timeout 120 --report report.json
echo
echo "-- once more: where it prints is known now, nothing is asked"
"$periph" run ./unknown --qemu "$qemu" --timeout 120 --report again.json \
    >text.txt 2>again.log
cat text.txt

step "5. results: what was inferred"
"$periph" show ./unknown
"$periph" show ./unknown "$("$periph" show ./unknown --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["peripherals"][0]["name"])')"
