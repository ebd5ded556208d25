#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demonstration (`make demo`): real firmware on a board nobody modelled,
# twice, and what was learnt as a device tree. QEMU and the programs have
# been built. Works on a board folder of its own that is made anew each time.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
top=$(cd "$here/../.." && pwd)
bin=$top/build/bin
helpers=$top/build/libexec/periph
board=pine64-lts
work=${PERIPH_DEMO:-$top/build/demo}
started=$(date +%s.%N)
names=()
times=()

say() {
    printf '\n==== %s\n' "$*"
}

# Ends a stage: remembers how long it took.
lap() {
    local now
    now=$(date +%s.%N)
    names+=("$1")
    times+=("$(awk -v a="$started" -v b="$now" \
        'BEGIN { printf "%.1f", b - a }')")
    started=$now
}

fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# figure FILE PATH: "latency_us.fault.p50" of a report.
figure() {
    python3 -c '
import json, sys
value = json.load(open(sys.argv[1]))
for part in sys.argv[2].split("."):
    value = value[part]
print(value)' "$1" "$2"
}

# Kinds of warnings of dtc for a tree of format $1, without their places.
warnings() {
    dtc -I "$1" -O dtb -o /dev/null "$2" 2>&1 |
        sed -n 's/.*Warning (\([a-z0-9_]*\)).*/\1/p' | sort -u
}

# no_new_warnings FORMAT FILE: none that the board's own tree lacks.
no_new_warnings() {
    local new
    new=$(comm -13 <(warnings dtb "$base") <(warnings "$1" "$2"))
    if [ -n "$new" ]; then
        dtc -I "$1" -O dtb -o /dev/null "$2" 2>&1 | grep -F "$new" >&2
        fail "dtc warns of $2 as it does not of the board's own tree"
    fi
    echo "dtc: no warning for $2 that the board's own tree lacks"
}

# ---- 1 and 2: QEMU is there; the image
say "1. QEMU with Periph's devices"
qemu=$(readlink -e "$helpers/qemu-system-aarch64") ||
    fail "QEMU is not built: make qemu"
"$qemu" --version | head -n 1
echo "$qemu"

say "2. Firmware nobody here wrote: U-Boot, as Debian packages it"
package=$("$helpers/package-fetch" u-boot-sunxi:arm64)
image=$package/usr/lib/u-boot/$board/u-boot.bin
ls -l "$image"
rm -rf "$work"
mkdir -p "$work"
cp -r "$top/boards/$board" "$work/"
rm -rf "$work/$board/log"
folder=$work/$board
echo "The board as we know it, in $folder/board.periph:"
cat "$folder/board.periph"
lap "preparation"

# ---- 3
say "3. The first boot: each unknown register is a question"
# Without a terminal the run ends once the guest waits: ten seconds without a
# character or a question, while it polls its console.
"$bin/periph" run "$folder" --timeout 600 --report "$work/first.json" \
    </dev/null
[ "$(figure "$work/first.json" outcome)" = waiting ] ||
    fail "the first boot did not come to rest"
[ "$(tr -d '\r\0' <"$folder/log/console.log" | tail -n 1)" = '=> ' ] ||
    fail "the first boot did not come to its prompt"
lap "first boot, and ten quiet seconds at the prompt"

# ---- 4
say "4. The second boot, from what was learnt: --no-infer"
"$bin/periph" run "$folder" --until '^=> $' --timeout 600 --no-infer \
    --report "$work/second.json"
for name in faults stalls timeouts; do
    [ "$(figure "$work/second.json" $name)" = 0 ] ||
        fail "the second boot had $name"
done
lap "second boot"

# ---- 5
say "5. What was learnt, as text and as a device tree"
console=$(sed -n 's/.*console: *\([a-z0-9_]*\).*/\1/p' "$folder"/*.periph |
    tail -n 1)
shown=$folder/$console.periph
echo "$shown:"
cat "$shown"
base=$package/usr/lib/u-boot/$board/sun50i-a64-$board.dtb
for form in dtbo dtso; do
    "$bin/periphc" --emit $form --merge "$base" -o "$work/learnt.$form" \
        "$folder"
done
"$bin/periphc" --emit dtb --merge "$base" -o "$work/merged.dtb" "$folder"
echo
echo "$work/learnt.dtso, the overlay as source, begins:"
head -n 24 "$work/learnt.dtso"
echo
address=$("$bin/periphc" --emit json -o - "$folder" | python3 -c '
import json, sys
for i in json.load(sys.stdin)["board"]["instances"]:
    if i["name"] == sys.argv[1]:
        print("%x" % int(i["address"], 16))' "$console")
echo "The console in $work/merged.dtb, where the board's own tree has a node:"
dtc -q -I dtb -O dts "$work/merged.dtb" 2>/dev/null |
    sed -n "/@$address {/,/};/p"
[ "$(dtc -q -I dtb -O dts "$work/merged.dtb" 2>/dev/null |
    grep -c "@$address {")" = 1 ] || fail "two nodes at 0x$address"
echo
no_new_warnings dts "$work/learnt.dtso"
no_new_warnings dtb "$work/merged.dtb"
lap "device trees"

# ---- the page
first=$work/first.json
say "The page"
printf '%-12s %s\n' \
    "faults" "$(figure "$first" faults)" \
    "stalls" "$(figure "$first" stalls)" \
    "restarts" "$(figure "$first" restarts)" \
    "time-outs" "$(figure "$first" timeouts)" \
    "peripherals" "$(figure "$first" peripherals)" \
    "registers" "$(figure "$first" registers)"
for kind in fault stall; do
    awk -v kind="$kind" \
        -v median="$(figure "$first" latency_us.$kind.p50)" \
        -v most="$(figure "$first" latency_us.$kind.p99)" \
        -v longest="$(figure "$first" latency_us.$kind.max)" 'BEGIN {
        printf "%-12s median %.3f ms, 99 %% under %.3f ms, " \
            "longest %.3f ms\n", kind, median / 1000, most / 1000,
            longest / 1000 }'
done
printf 'second boot  faults %s, stalls %s, time-outs %s\n' \
    "$(figure "$work/second.json" faults)" \
    "$(figure "$work/second.json" stalls)" \
    "$(figure "$work/second.json" timeouts)"
echo "seconds"
for i in "${!names[@]}"; do
    printf '  %8s  %s\n' "${times[i]}" "${names[i]}"
done
cat <<END
files
  the board and what was learnt  $folder
  logs and results               $folder/log
  reports                        $first, $work/second.json
  device trees                   $work/learnt.dtso, learnt.dtbo, merged.dtb
  QEMU                           $qemu

To go on by hand: build/bin/periph run $board
END
