#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Compiles polls.c for AArch64, A32 and Thumb (M) into tests/unit/infer_code.h,
# and irqs-*.S into infer_irq_code.h. Run it after changing these; the result
# is committed so that the unit tests need no cross compiler.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
unit=$here/../unit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags=(-static -O2 -ffreestanding -fno-pic -nostdlib
    -fno-asynchronous-unwind-tables -fno-unroll-loops
    -fno-tree-loop-distribute-patterns -w
    -Wl,-Ttext=0x1000 -Wl,--build-id=none -Wl,-N -Wl,-e,0x1000)

emit() { # name source compiler flags...
    local name=$1 source=$2 cc=$3
    shift 3
    "$cc-gcc" "${flags[@]}" "$@" "$here/$source" -o "$tmp/$name.elf"
    "$cc-objcopy" -O binary -R .comment -R .ARM.attributes -R .eh_frame \
        "$tmp/$name.elf" "$tmp/$name.bin"
    echo
    echo "static const uint32_t ${name}_code[] = {"
    od -An -v -tx4 -w24 "$tmp/$name.bin" |
        sed 's/ \([0-9a-f]\{8\}\)/ 0x\1,/g; s/^ /    /'
    echo "};"
    echo
    echo "static const struct code_symbol ${name}_symbols[] = {"
    "$cc-nm" "$tmp/$name.elf" | awk '$3 !~ /^[_$]/ && $2 ~ /[tT]/ {
        printf "    { \"%s\", 0x%s },\n", $3, substr($1, length($1) - 3) }'
    echo "    { NULL, 0 },"
    echo "};"
}

begin() { # guard sources
    echo '/* SPDX-License-Identifier: GPL-2.0-or-later */'
    echo "/* Made by tests/infer/gen-code.sh from $2. */"
    echo "#ifndef PERIPH_TESTS_$1_H"
    echo "#define PERIPH_TESTS_$1_H"
    echo
}

{
    begin INFER_CODE tests/infer/polls.c
    echo '#include <stddef.h>'
    echo '#include <stdint.h>'
    echo
    echo 'struct code_symbol {'
    echo '    const char *name;'
    echo '    uint32_t address;'
    echo '};'
    emit a64 polls.c aarch64-linux-gnu -mgeneral-regs-only
    emit a32 polls.c arm-none-eabi -marm -march=armv7-a -mfloat-abi=soft
    emit thumb polls.c arm-none-eabi -mthumb -mcpu=cortex-m3
    echo
    echo '#endif'
} > "$tmp/out.h"
mv "$tmp/out.h" "$unit/infer_code.h"
{
    begin INFER_IRQ_CODE 'tests/infer/irqs-*.S'
    echo '#include "tests/unit/infer_code.h"'
    emit irq_a64 irqs-a64.S aarch64-linux-gnu -march=armv8-a
    emit irq_a32 irqs-a32.S arm-none-eabi -march=armv7-a
    echo
    echo '#endif'
} > "$tmp/out.h"
mv "$tmp/out.h" "$unit/infer_irq_code.h"
