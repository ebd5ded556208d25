# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Private apt configurations: other suites, types and architectures than the
# machine's own, without root and without touching anything under /etc.
# Sourced by qemu-hw/build.sh and package-fetch.
#
# Archive, mirror, options and keyring come from the machine's own Debian
# entry; only the suite, the type and the architecture are replaced.
# Signatures are checked as the machine checks them: a Debian release is
# signed with the keys of the release before it as well, so Debian 12's
# keyring is enough to check Debian 13.

PERIPH_CACHE=${PERIPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/periph}
export PERIPH_CACHE

periph_die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

periph_say() {
    printf '%s\n' "$*" >&2
}

# Prints the codename of this Debian; fails elsewhere.
papt_codename() {
    local ID='' VERSION_CODENAME=''
    # shellcheck disable=SC1091
    . /etc/os-release 2>/dev/null || return 1
    [ "$ID" = debian ] && [ -n "$VERSION_CODENAME" ] &&
        echo "$VERSION_CODENAME"
}

# Filter: a sources file in either of apt's formats on stdin (format "list"
# or "sources" in $1) becomes deb822 stanzas of type $2 for the suite $3;
# entries that are not this Debian's (codename $4) are left out.
papt_convert() {
    local format=$1 type=$2 suite=$3 codename=$4
    awk -v format="$format" -v type="$type" -v want="$suite" \
        -v code="$codename" '
    function map_suite(s, name, tail) {
        name = tail = s
        sub(/[-\/].*$/, "", name)
        tail = substr(tail, length(name) + 1)
        if (tail == "/updates") {
            tail = "-security"
        }
        if (name != code && name != "stable" && name != "oldstable") {
            return ""
        }
        if (tail != "" && tail != "-updates" && tail != "-security") {
            return ""
        }
        return want tail
    }
    function emit(uris, suites, options, n, i, part, mapped, out) {
        n = split(suites, part, /[ \t\n]+/)
        for (i = 1; i <= n; i++) {
            mapped = part[i] == "" ? "" : map_suite(part[i])
            if (mapped != "") {
                out = out " " mapped
            }
        }
        if (out != "") {
            printf "Types: %s\nURIs: %s\nSuites:%s\nComponents: main\n%s\n",
                   type, uris, out, options
        }
    }
    function stanza(n, i, line, name, key, field, options) {
        split("", field)
        n = split($0, line, "\n")
        for (i = 1; i <= n; i++) {
            if (line[i] ~ /^#/) {
                continue
            }
            if (line[i] !~ /^[ \t]/) {
                name = tolower(line[i])
                sub(/[ \t]*:.*$/, "", name)
                sub(/^[^:]*:[ \t]*/, "", line[i])
                field[name] = line[i]
            } else if (name != "") {
                field[name] = field[name] "\n" line[i]
            }
        }
        if (field["types"] !~ /(^|[ \t])deb([ \t]|$)/ ||
            tolower(field["enabled"]) ~ /^(no|false|off|0)$/) {
            return
        }
        for (key in field) {
            if (key !~ /^(types|uris|suites|components|enabled|targets)$/ &&
                key !~ /^(architectures|languages|pdiffs)$/ &&
                field[key] != "") {
                options = options key ": " field[key] "\n"
            }
        }
        emit(field["uris"], field["suites"], options)
    }
    function entry(text, n, i, part, pair, options) {
        text = $0
        sub(/#.*$/, "", text)
        sub(/^[ \t]*deb[ \t]+/, "", text)
        if (text ~ /^\[/) {
            options = text
            sub(/\].*$/, "", options)
            sub(/^\[[ \t]*/, "", options)
            sub(/^[^\]]*\][ \t]*/, "", text)
            n = split(options, part, /[ \t]+/)
            options = ""
            for (i = 1; i <= n; i++) {
                split(part[i], pair, "=")
                if (pair[1] ~ /^(arch|lang|target)/ || pair[2] == "") {
                    continue
                }
                gsub(/,/, " ", pair[2])
                options = options pair[1] ": " pair[2] "\n"
            }
        }
        split(text, part, /[ \t]+/)
        emit(part[1], part[2], options)
    }
    BEGIN { if (format == "sources") { RS = "" } }
    format == "sources" { stanza(); next }
    /^[ \t]*deb[ \t]/ { entry() }'
}

# Prints deb822 sources of type $1 ("deb", "deb-src") for the suite $2.
papt_sources() {
    local file codename
    codename=$(papt_codename) || return 1
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        [ -r "$file" ] || continue
        case $file in
        *.list) papt_convert list "$1" "$2" "$codename" <"$file" ;;
        *.sources) papt_convert sources "$1" "$2" "$codename" <"$file" ;;
        esac
    done
}

# papt_setup TYPE SUITE [ARCH]: makes the private configuration and reads the
# archive's lists. Prints the configuration file, to be used as
# `apt-get -c FILE`. The caller holds the cache's lock.
papt_setup() {
    local type=$1 suite=$2 arch=${3:-} dir conf
    dir=$PERIPH_CACHE/apt/$suite-$type${arch:+-$arch}
    conf=$dir/apt.conf
    mkdir -p "$dir"/{state/lists/partial,cache/archives/partial}
    : >"$dir/status"
    papt_sources "$type" "$suite" >"$dir/private.sources" || periph_die \
        "this is not a Debian: the archive's address is not known"
    [ -s "$dir/private.sources" ] || periph_die \
        "no Debian archive found in /etc/apt/sources.list(.d)"
    cat >"$conf" <<END
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::Contents-deb;
Dir::Etc::sourcelist "$dir/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Update::Error-Mode "any";
APT::Sandbox::User "";
END
    if [ -n "$arch" ] && [ "$arch" != all ]; then
        echo "APT::Architectures { \"$arch\"; };" >>"$conf"
    fi
    if ! apt-get -c "$conf" -qq update >"$dir/update.log" 2>&1; then
        cat "$dir/update.log" >&2
        if grep -q NO_PUBKEY "$dir/update.log"; then
            periph_say "The keys of $suite are missing: upgrade the package" \
                "debian-archive-keyring and try again."
        fi
        return 1
    fi
    echo "$conf"
}
