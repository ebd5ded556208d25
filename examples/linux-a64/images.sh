#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -euo pipefail

top=$(dirname "$(readlink -f "$0")")/../..
out=$top/build/examples/linux-a64
fetch=${PERIPH_FETCH:-$top/runtime/tools/package-fetch}
periphc=${PERIPHC:-$top/build/bin/periphc}

usage() {
    cat <<'END'
usage: images.sh [-o FOLDER] [-m MODULE]... [BOARD]

Makes what the board loads: Image and initramfs of Debian's arm64 kernel and
busybox, board.dtb of the board itself (default: the one beside this script).

  -o FOLDER  where to put them (default build/examples/linux-a64)
  -m MODULE  load this module of the kernel package in the guest (default
             sp805_wdt)

Exit status: 0 made, 2 a package cannot be had, 1 anything else.
END
}

no_package() {
    echo "images.sh: the package $1 cannot be had" >&2
    exit 2
}

modules=()
while getopts ho:m: option; do
    case $option in
    o) out=$OPTARG ;;
    m) modules+=("$OPTARG") ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 1 ;;
    esac
done
shift $((OPTIND - 1))
board=${1:-$top/examples/linux-a64}
[ ${#modules[@]} -gt 0 ] || modules=(sp805_wdt)

# The package of that name depends on the kernel, and its documentation is a
# link to the kernel's.
meta=$("$fetch" linux-image-arm64:arm64) || no_package linux-image-arm64
name=$(basename "$(readlink "$meta/usr/share/doc/linux-image-arm64")")
kernel=$("$fetch" "$name:arm64") || no_package "$name"
busybox=$("$fetch" busybox-static:arm64) || no_package busybox-static

mkdir -p "$out"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root"/{bin,dev,proc,sys,lib}
if [ -e "$busybox/bin/busybox" ]; then
    cp "$busybox/bin/busybox" "$root/bin"
else
    cp "$busybox/usr/bin/busybox" "$root/bin"
fi
for module in "${modules[@]}"; do
    file=$(find "$kernel" -path "*/lib/modules/*/$module.ko*" -print -quit)
    case $file in
    *.ko) cp "$file" "$root/lib" ;;
    *.ko.xz) xz -dc "$file" >"$root/lib/$module.ko" ;;
    *)
        echo "images.sh: $name has no module $module" >&2
        exit 1
        ;;
    esac
done
cat >"$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /lib/*.ko; do
    insmod "$module"
done
echo "the shell is here"
while :; do
    setsid sh -c 'exec sh </dev/console >/dev/console 2>&1'
done
END
chmod 755 "$root/init"
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) \
    >"$out/initramfs"
ln -sf "$kernel/boot/vmlinuz-${name#linux-image-}" "$out/Image"
"$periphc" -I "$top/dsl" --emit dtb -o "$out/board.dtb" "$board"
