#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -euo pipefail

# Installs the Debian packages that building and testing need and that are
# missing; does nothing when all are there. PERIPH_NO_APT=1: says only.

packages=(
    # Programs of this repository
    gcc g++ libc6-dev make pkg-config flex bison device-tree-compiler
    libfdt-dev libcjson-dev libcurl4-openssl-dev libcapstone-dev
    libunicorn-dev libxml2-dev
    # QEMU
    dpkg-dev patch ninja-build libglib2.0-dev libpixman-1-dev zlib1g-dev
    python3 python3-venv python3-distlib ca-certificates
    # Guests and tests
    gcc-aarch64-linux-gnu gcc-arm-none-eabi gdb-multiarch libcmocka-dev cpio
    xz-utils
)

if ! command -v dpkg-query >/dev/null; then
    echo "deps: not a Debian; install what corresponds to these packages:" \
        "${packages[*]}" >&2
    exit 0
fi

installed=$(dpkg-query -W -f '${Status} ${Package}\n' "${packages[@]}" \
    2>/dev/null | sed -n 's/^.* ok installed //p') || :
missing=$(comm -13 <(sort -u <<<"$installed") \
    <(printf '%s\n' "${packages[@]}" | sort -u) | xargs)
[ -n "$missing" ] || exit 0

if [ "${PERIPH_NO_APT:-0}" = 1 ]; then
    echo "deps: missing, and PERIPH_NO_APT forbids to install: $missing" >&2
    exit 1
fi
root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps: missing, and neither root nor sudo is there: $missing" >&2
        exit 1
    }
    root=(sudo)
fi
echo "deps: installing with apt-get: $missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { "${root[@]}" apt-get -qq update &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq \
            install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "deps: apt-get failed" >&2
    exit 1
fi
