#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles polls.c for AArch64, A32 and Thumb (M) into tests/unit/infer_code.h.
# Run it after changing polls.c; the result is committed so that the unit
# tests need no cross compiler.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
out=$here/../unit/infer_code.h
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags=(-static -O2 -ffreestanding -fno-pic -nostdlib
    -fno-asynchronous-unwind-tables -fno-unroll-loops
    -fno-tree-loop-distribute-patterns -w
    -Wl,-Ttext=0x1000 -Wl,--build-id=none -Wl,-N -Wl,-e,0x1000)

emit() { # name compiler flags...
    local name=$1 cc=$2
    shift 2
    "$cc-gcc" "${flags[@]}" "$@" "$here/polls.c" -o "$tmp/$name.elf"
    "$cc-objcopy" -O binary -R .comment -R .ARM.attributes \
        "$tmp/$name.elf" "$tmp/$name.bin"
    echo
    echo "static const uint8_t ${name}_code[] = {"
    od -An -v -tx1 -w12 "$tmp/$name.bin" |
        sed 's/ \(..\)/ 0x\1,/g; s/^ /    /'
    echo "};"
    echo
    echo "static const struct code_symbol ${name}_symbols[] = {"
    "$cc-nm" "$tmp/$name.elf" | awk '$3 !~ /^[_$]/ && $2 ~ /[tT]/ {
        printf "    { \"%s\", 0x%s },\n", $3, substr($1, length($1) - 3) }'
    echo "    { NULL, 0 },"
    echo "};"
}

{
    echo '/* SPDX-License-Identifier: GPL-2.0-or-later */'
    echo '/* Made by tests/infer/gen-code.sh from tests/infer/polls.c. */'
    echo '#ifndef PERIPH_TESTS_INFER_CODE_H'
    echo '#define PERIPH_TESTS_INFER_CODE_H'
    echo
    echo '#include <stddef.h>'
    echo '#include <stdint.h>'
    echo
    echo 'struct code_symbol {'
    echo '    const char *name;'
    echo '    uint32_t address;'
    echo '};'
    emit a64 aarch64-linux-gnu -mgeneral-regs-only
    emit a32 arm-none-eabi -marm -march=armv7-a -mfloat-abi=soft
    emit thumb arm-none-eabi -mthumb -mcpu=cortex-m3
    echo
    echo '#endif'
} > "$tmp/out.h"
mv "$tmp/out.h" "$out"
