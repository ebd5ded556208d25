#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$here")
# shellcheck source=runtime/tools/private-apt.sh
. "$top/runtime/tools/private-apt.sh"

usage() {
    cat <<'END'
usage: qemu-hw/build.sh [fetch | build | path | src | check | warnings | clean |
                         --help]

  fetch  gets the source of QEMU 10.0 into the cache
  build  (default) adds the devices of this checkout and builds; prints the
         path of qemu-system-aarch64
  path   prints that path; fails when these devices have not been built
  src    prints the folder of the source tree that is built
  check  prints the folder of QEMU's own tests qom-test and
         device-introspect-test, built
  warnings  after build: compiles our files once more, so that warnings,
         by which the build does not fail, are errors
  clean  removes build folders and binaries, keeps the source

Environment:
  PERIPH_CACHE        where all of it lives (default ~/.cache/periph)
  QEMU_SRC            a QEMU 10.0 tree to use (it is copied, not changed);
                      default is Debian's source package
  PERIPH_JOBS         compiler processes (default: one per processor)
  PERIPH_QEMU_DEBUG   1: with debug information
  PERIPH_QEMU_SAN     1: with AddressSanitizer and UBSan, in a build folder of
                      its own; takes an hour of processor time
  PERIPH_QEMU_CFLAGS  more compiler flags

One source tree and one build folder in the cache serve all checkouts, one
after the other; the finished program is kept under the hash of everything
it was made from, so that checkouts do not take each other's.
END
}

series=10.0
suite=trixie
min_meson=1.5

# Where things are; needs $root.
locate() {
    src=$root/src
    build=$root/build
    [ "${PERIPH_QEMU_DEBUG:-0}" != 1 ] || build+=-debug
    [ "${PERIPH_QEMU_SAN:-0}" != 1 ] || build+=-san
    log=$build.log
}

# Sets $root to the cache folder of the source, or to nothing.
find_root() {
    if [ -n "${QEMU_SRC:-}" ]; then
        local real
        real=$(readlink -e "$QEMU_SRC") || periph_die \
            "QEMU_SRC=$QEMU_SRC: no such folder"
        case $(cat "$real/VERSION" 2>/dev/null) in
        "$series".*) ;;
        *) periph_die "QEMU_SRC=$QEMU_SRC holds no QEMU $series" ;;
        esac
        root=$(echo "$real" | sha256sum | cut -c1-12)
        root=$PERIPH_CACHE/qemu-$(cat "$real/VERSION")-$root
    else
        root=$(find "$PERIPH_CACHE" -maxdepth 1 -type d 2>/dev/null |
            grep -E "/qemu-$series\.[0-9]+$" | sort -V | tail -n 1) || :
    fi
}

unpack_own_tree() {
    periph_say "QEMU: copying $QEMU_SRC"
    rm -rf "$root/src.new"
    mkdir -p "$root/src.new"
    tar -C "$QEMU_SRC" --exclude=./.git --exclude=./build -cf - . |
        tar -C "$root/src.new" -xf -
}

# The archive's signed lists vouch for each file of the source package; the
# signature of its maintainer, which dpkg-source would look at once more,
# needs a keyring that a base system lacks: hence --no-check.
unpack_debian_source() {
    local conf version dsc
    periph_say "QEMU: step 1 of 4, fetching the source from Debian $suite"
    conf=$(papt_setup deb-src "$suite") || periph_die \
        "the archive cannot be read; with QEMU_SRC=DIR a tree that is" \
        "there already is used"
    version=$(apt-cache -c "$conf" showsrc --only-source qemu |
        sed -n 's/^Version: //p' | grep -E "^[0-9]+:$series\." |
        sort -V | tail -n 1)
    [ -n "$version" ] || periph_die "$suite has no QEMU $series"
    root=${version#*:}
    root=$PERIPH_CACHE/qemu-${root%%[+-]*}
    mkdir -p "$root"
    if ! (cd "$root" && apt-get -c "$conf" -qq source --download-only \
            "qemu=$version" >fetch.log 2>&1); then
        cat "$root/fetch.log" >&2
        periph_die "the source of QEMU could not be fetched"
    fi
    periph_say "QEMU: step 2 of 4, unpacking"
    dsc=$(find "$root" -maxdepth 1 -name 'qemu_*.dsc' | sort -V |
        tail -n 1)
    rm -rf "$root/src.new"
    dpkg-source --no-check -x "$dsc" "$root/src.new" >"$root/unpack.log" \
        2>&1 || { cat "$root/unpack.log" >&2; exit 1; }
    rm -f "$root"/*.orig* "$root"/*.debian.tar* "$root"/*.dsc
}

fetch() {
    find_root
    if [ -n "$root" ] && [ -d "$root/src" ]; then
        return
    fi
    if [ -n "${QEMU_SRC:-}" ]; then
        unpack_own_tree
    else
        unpack_debian_source
    fi
    mv -T "$root/src.new" "$root/src"
}

# Makes a Meson that is new enough the one that Python finds.
use_meson() {
    local have dir
    have=$(meson --version 2>/dev/null || echo 0)
    if printf '%s\n' "$min_meson" "$have" | sort -V -C; then
        return
    fi
    dir=$("$top/runtime/tools/package-fetch" --suite "$suite" meson:all)
    PYTHONPATH=$dir/usr/lib/python3/dist-packages
    export PYTHONPATH
}

flags() {
    cat <<'END'
--target-list=aarch64-softmmu
--without-default-features
--enable-system
--enable-tcg
--enable-fdt=system
--enable-plugins
--enable-pixman
--enable-tools
--disable-docs
--disable-werror
--disable-download
--disable-install-blobs
--python=/usr/bin/python3
END
    local cflags=${PERIPH_QEMU_CFLAGS:-}
    if [ "${PERIPH_QEMU_DEBUG:-0}" != 1 ]; then
        echo --disable-debug-info
    fi
    if [ "${PERIPH_QEMU_SAN:-0}" = 1 ]; then
        # QEMU shifts negative numbers knowingly.
        cflags="-O1 -g1 -fno-omit-frame-pointer -fno-sanitize=shift $cflags"
        echo --enable-asan
        echo --enable-ubsan
    fi
    if [ -n "${cflags// }" ]; then
        echo "--extra-cflags=$cflags"
    fi
}

# The files of this checkout that go into QEMU: "FROM TO" by line, FROM from
# the top of the checkout, TO from the top of QEMU's tree.
inputs() {
    local dir
    cd "$top"
    for dir in qemu-hw/hw/periph qemu-hw/include/hw/periph; do
        [ ! -d $dir ] || find $dir -type f | sort |
            sed 's,^qemu-hw/\(.*\)$,& \1,'
    done
    for dir in runtime/engine runtime/bridge; do
        [ ! -d $dir ] || find $dir -maxdepth 1 -name '*.[ch]' \
            ! -name '*-test.c' | sort |
            sed 's,.*,& hw/periph/&,'
    done
}

# The name of the program made from this checkout, or, with "synced", from
# what of this checkout stands in QEMU's tree now.
key() {
    {
        basename "$root"
        flags
        cat "$here/hooks.patch"
        inputs | while read -r from to; do
            echo "$to"
            if [ "${1:-}" = synced ]; then
                cat "$src/$to"
            else
                cat "$top/$from"
            fi
        done
    } | sha256sum | cut -c1-16
}

# put FILE: replaces FILE by stdin where that changes it, so that what is
# unchanged is not compiled again.
put() {
    mkdir -p "$(dirname "$1")"
    cat >"$1.periph-new"
    if cmp -s "$1.periph-new" "$1"; then
        rm "$1.periph-new"
    else
        mv "$1.periph-new" "$1"
    fi
}

# The C files of engine and bridge as Meson wants them: periph_runtime, and
# periph_inc to find "runtime/...".
runtime_meson() {
    echo "# Written by qemu-hw/build.sh."
    echo "periph_inc = declare_dependency("
    echo "    include_directories: include_directories('..'))"
    echo "periph_runtime = files("
    inputs | sed -n "s,.* hw/periph/runtime/\(.*\.c\)\$,    '\1'\,,p"
    echo ")"
}

# Brings hw/periph of QEMU's tree to the state of this checkout.
sync_tree() {
    local have want gone
    want=$(inputs | sed 's/.* //'
        echo hw/periph/runtime/meson.build)
    for gone in meson.build Kconfig trace-events; do
        want+=$'\n'hw/periph/$gone
    done
    mkdir -p "$src/hw/periph" "$src/include/hw/periph"
    have=$(cd "$src" && find hw/periph include/hw/periph -type f | sort)
    comm -13 <(sort <<<"$want") <(echo "$have") | while read -r gone; do
        [ -z "$gone" ] || rm -f "$src/$gone"
    done
    inputs | while read -r from to; do
        put "$src/$to" <"$top/$from"
    done
    runtime_meson | put "$src/hw/periph/runtime/meson.build"
    cd "$top/qemu-hw"
    [ -e hw/periph/meson.build ] ||
        echo "subdir('runtime')" | put "$src/hw/periph/meson.build"
    [ -e hw/periph/Kconfig ] || put "$src/hw/periph/Kconfig" </dev/null
    [ -e hw/periph/trace-events ] ||
        put "$src/hw/periph/trace-events" </dev/null
}

apply_hooks() {
    local old=$root/hooks.applied
    if cmp -s "$here/hooks.patch" "$old"; then
        return
    fi
    if [ -e "$old" ]; then
        patch -d "$src" -p1 -R -s <"$old"
        rm "$old"
    fi
    patch -d "$src" -p1 -s -N <"$here/hooks.patch" ||
        periph_die "hooks.patch does not fit the tree in $src"
    cp "$here/hooks.patch" "$old"
}

configure() {
    local want
    want=$(flags)
    if [ -e "$build/build.ninja" ] &&
            [ "$want" = "$(cat "$build/periph-flags" 2>/dev/null)" ]; then
        return
    fi
    periph_say "QEMU: step 3 of 4, configuring"
    rm -rf "$build"
    mkdir -p "$build"
    local -a args
    mapfile -t args <<<"$want"
    if ! (cd "$build" && "$src/configure" "${args[@]}" >"$log" 2>&1); then
        tail -n 30 "$log" >&2
        periph_die "configuring QEMU failed; all of it is in $log"
    fi
    echo "$want" >"$build/periph-flags"
}

# Shows Ninja's lines ("@DONE TOTAL SECONDS@ text") as one line of progress,
# lines at intervals where nobody watches. Warnings in our own files and
# what follows a failure are passed on.
progress() {
    local line rest='' n=0 total=1 s=0 left shown=0 tty=no
    local pattern='^@([0-9]+) ([0-9]+) ([0-9]+)[.0-9]*@'
    [ -t 2 ] && tty=yes
    while IFS= read -r line; do
        if [[ $line =~ $pattern ]]; then
            n=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
            s=${BASH_REMATCH[3]} rest=''
            left=$((n > 0 ? s * (total - n) / n : 0))
            line="QEMU: step 4 of 4, building: $n of $total, about"
            line+=" $((left / 60)) min $((left % 60)) s left"
            if [ $tty = yes ]; then
                printf '\r\033[K%s' "$line" >&2
            elif [ $((s - shown)) -ge 20 ]; then
                shown=$s
                periph_say "$line"
            fi
        elif [[ $line == FAILED:* || -n $rest ||
                $line == *hw/periph/*warning:* ]]; then
            [[ $line != FAILED:* ]] || rest=yes
            periph_say "$line"
        fi
    done
    if [ $tty = yes ]; then
        printf '\r\033[K' >&2
    fi
}

compile() {
    # Programs that the build itself runs need not tidy up.
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
    export NINJA_STATUS='@%f %t %e@ '
    if ! ninja -C "$build" -j "${PERIPH_JOBS:-$(nproc)}" \
            qemu-system-aarch64 qemu-img 2>&1 | tee "$log" | progress; then
        periph_die "building QEMU failed; all of it is in $log"
    fi
}

# Keeps the last programs built, each in a folder of its own.
keep() {
    local bin=$root/bin/$1 new=$root/bin/.new
    rm -rf "$new"
    mkdir -p "$new"
    cp "$build/qemu-system-aarch64" "$build/qemu-img" "$new/"
    rm -rf "$bin"
    mv -T "$new" "$bin"
    find "$root/bin" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' |
        sort -rn | tail -n +9 | cut -d' ' -f2- | xargs -r rm -rf --
}

lock() {
    mkdir -p "$PERIPH_CACHE"
    exec 8>"$PERIPH_CACHE/qemu.lock"
    if ! flock -n 8; then
        periph_say "QEMU: another build is at work, waiting for it"
        flock 8
    fi
}

program() {
    find_root
    [ -n "$root" ] || return 1
    program=$root/bin/$(key)/qemu-system-aarch64
    [ -x "$program" ]
}

build() {
    if program; then
        echo "$program"
        return
    fi
    lock
    fetch
    locate
    local key
    use_meson
    apply_hooks
    sync_tree
    key=$(key synced)
    configure
    compile
    keep "$key"
    echo "$root/bin/$key/qemu-system-aarch64"
}

# QEMU's own tests of all types. They know nothing of ours: they ask the
# program that they are given, so that one build serves all checkouts.
check() {
    local dir test
    find_root
    dir=${root:-none}/qtest
    if [ ! -x "$dir/device-introspect-test" ] || [ ! -x "$dir/qom-test" ]; then
        lock
        fetch
        locate
        use_meson
        apply_hooks
        sync_tree
        configure
        dir=$root/qtest
        export NINJA_STATUS='@%f %t %e@ '
        if ! ninja -C "$build" -j "${PERIPH_JOBS:-$(nproc)}" \
                tests/qtest/qom-test tests/qtest/device-introspect-test \
                2>&1 | tee "$log" | progress; then
            periph_die "building QEMU's tests failed; all of it is in $log"
        fi
        mkdir -p "$dir"
        cp "$build"/tests/qtest/{qom-test,device-introspect-test} "$dir/"
    fi
    echo "$dir"
}

# The commands that compile our files, each a line.
commands() {
    python3 - "$build/compile_commands.json" <<'END'
import json, sys
for c in json.load(open(sys.argv[1])):
    if "/hw/periph/" in c["file"]:
        print(c["command"])
END
}

warnings() {
    program || periph_die "not built for these files; run $0 build"
    local stamp=${program%/*}/without-warnings
    [ ! -e "$stamp" ] || return 0
    lock
    locate
    use_meson
    sync_tree
    ninja -C "$build" trace/trace-hw_periph.h >"$log" 2>&1 ||
        periph_die "see $log"
    cd "$build"
    if ! commands | xargs -P "${PERIPH_JOBS:-$(nproc)}" -d '\n' -I '{}' \
            sh -c '{} -Wall -Werror -fsyntax-only -MF /dev/null'; then
        periph_die "there are warnings in Periph's files"
    fi
    touch "$stamp"
}

case ${1:-build} in
-h | --help) usage ;;
fetch)
    lock
    fetch
    echo "$root/src"
    ;;
build) build ;;
path)
    program || periph_die "not built for these files; run $0 build"
    echo "$program"
    ;;
src)
    find_root
    [ -n "$root" ] || periph_die "no source yet; run $0 fetch"
    echo "$root/src"
    ;;
check) check ;;
warnings) warnings ;;
clean)
    lock
    find_root
    [ -z "$root" ] ||
        rm -rf "${root:?}"/build* "${root:?}/bin" "${root:?}/qtest"
    ;;
*)
    usage >&2
    exit 1
    ;;
esac
