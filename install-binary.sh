#!/bin/sh
# Puts the binaries of this version of the plugin into bin/. Helm runs it when the
# plugin is installed or updated; it can be run by hand at any time. There are two:
# the plugin, and helm-livekit-cluster, which only verify --install needs.
#
# It takes the release archive of this platform, verified against the release's
# checksums.txt. Where no release can be had, it builds from source with Go. A
# binary that was there before stays until the new one is whole.
#
#   HELM_LIVEKIT_SKIP_INSTALL=1     do nothing: the binary is put there otherwise
#   HELM_LIVEKIT_BASE_URL=URL       a mirror: the folder that holds the archives
#   HELM_LIVEKIT_ARCHIVE=FILE       a release archive that is here already
#   HELM_LIVEKIT_CHECKSUMS=FILE     its checksums.txt; by default the one beside it
#   HELM_LIVEKIT_SKIP_CLUSTER=1     leave helm-livekit-cluster as it is, there or not
set -eu

# Started by Windows itself, sh would find Windows' own find first.
if [ -n "${WINDIR:-}" ]; then
	PATH=/usr/bin:$PATH
fi

releases=https://github.com/helm-livekit/helm-livekit/releases/download
version_variable=github.com/helm-livekit/helm-livekit/internal/cli.version

main() {
	if [ "${HELM_LIVEKIT_SKIP_INSTALL:-}" = 1 ]; then
		say "HELM_LIVEKIT_SKIP_INSTALL is set: bin/ is left as it is"
		return
	fi
	find_plugin_dir
	read_version
	detect_platform
	archive=helm-livekit_${version}_${os}_${arch}.${archive_format}
	base_url=${HELM_LIVEKIT_BASE_URL:-$releases/v$version}
	base_url=${base_url%/}
	# Without the name and password that a mirror may need.
	shown_url=$(printf '%s\n' "$base_url" | sed 's#//[^/@]*@#//#')
	make_work_dir

	if [ -n "${HELM_LIVEKIT_ARCHIVE:-}" ]; then
		take_local_archive
		verify_archive
		unpack_archive
	elif download_release; then
		verify_archive
		unpack_archive
	else
		build_from_source
	fi
	put_in_place
}

say() { printf 'helm-livekit: %s\n' "$1"; }

# fail says what is wrong and what to do next. Helm keeps the folder of a plugin
# whose hook failed, so the way on is this script, not a second install.
fail() {
	printf 'Error: %s\n' "$1" >&2
	printf 'Try:   %s\n' "$2" >&2
	if [ -n "${plugin_dir:-}" ]; then
		printf '       Then finish the installation: sh "%s/install-binary.sh"\n' "$plugin_dir" >&2
	fi
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# unix_path turns C:\x into /c/x under git-bash, MSYS2 and Cygwin.
unix_path() {
	if have cygpath; then cygpath -u "$1"; else printf '%s\n' "$1"; fi
}

find_plugin_dir() {
	if [ -n "${HELM_PLUGIN_DIR:-}" ]; then
		plugin_dir=$(unix_path "$HELM_PLUGIN_DIR")
	else
		plugin_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
	fi
	[ -f "$plugin_dir/plugin.yaml" ] && return
	missing=$plugin_dir/plugin.yaml
	plugin_dir=
	fail "$missing is not there" "unset HELM_PLUGIN_DIR, or set it to the folder of the plugin"
}

# plugin.yaml is the one place that states the version: what is installed is
# what was asked for, never "the latest".
read_version() {
	version=$(tr -d '\r' <"$plugin_dir/plugin.yaml" | sed -n 's/^version:[[:space:]]*//p' | tr -d "\"' ")
	case $version in
	'' | *[!0-9A-Za-z.+-]*)
		fail "$plugin_dir/plugin.yaml: version is '$version', expected one like 0.1.0" "restore plugin.yaml from the release"
		;;
	esac
}

detect_platform() {
	system=$(uname -s)
	machine=$(uname -m)
	archive_format=tar.gz
	binary=helm-livekit
	companion=helm-livekit-cluster
	case $system in
	Linux) os=linux ;;
	Darwin) os=darwin ;;
	MINGW* | MSYS* | CYGWIN*)
		os=windows
		archive_format=zip
		binary=helm-livekit.exe
		companion=helm-livekit-cluster.exe
		;;
	*) unsupported "operating system $system" ;;
	esac
	case $machine in
	x86_64 | amd64) arch=amd64 ;;
	aarch64 | arm64) arch=arm64 ;;
	*) unsupported "processor $machine" ;;
	esac
}

unsupported() {
	hint="with Go: cd \"$plugin_dir\" && go build -o bin/helm-livekit ."
	plugin_dir=
	fail "no release for the $1: there are Linux, macOS (Darwin) and Windows on amd64 and arm64" "$hint"
}

# The work happens inside bin/, so that the last step is a rename within one file
# system. What a killed run left there goes a day later.
make_work_dir() {
	mkdir -p "$plugin_dir/bin" || fail "$plugin_dir/bin cannot be made" "make $plugin_dir a folder that you may write to"
	find "$plugin_dir/bin" -name '.install.*' -prune -mtime +0 -exec rm -rf {} +
	work=
	trap 'rm -rf "${work:-}"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	work=$(mktemp -d "$plugin_dir/bin/.install.XXXXXX")
}

take_local_archive() {
	file=$(unix_path "$HELM_LIVEKIT_ARCHIVE")
	[ -f "$file" ] || fail "HELM_LIVEKIT_ARCHIVE: $file is not there" "give the path of $archive"
	[ "$(basename -- "$file")" = "$archive" ] ||
		fail "HELM_LIVEKIT_ARCHIVE: $file is not the archive of this version and platform" "give the path of $archive"
	if [ -n "${HELM_LIVEKIT_CHECKSUMS:-}" ]; then
		use_given_checksums
	else
		checksums=$(dirname -- "$file")/checksums.txt
		[ -f "$checksums" ] ||
			fail "$checksums is not there" "put the release's checksums.txt beside the archive, or name it in HELM_LIVEKIT_CHECKSUMS"
	fi
	say "taking $file"
}

use_given_checksums() {
	checksums=$(unix_path "$HELM_LIVEKIT_CHECKSUMS")
	[ -f "$checksums" ] || fail "HELM_LIVEKIT_CHECKSUMS: $checksums is not there" "give the path of the release's checksums.txt"
}

# download_release is false where no release can be had: not there, or no way to
# get it. Whatever was downloaded is judged by verify_archive.
download_release() {
	if ! have curl && ! have wget; then
		say "no release can be downloaded: neither curl nor wget is there"
		return 1
	fi
	say "downloading $shown_url/$archive"
	if [ -n "${HELM_LIVEKIT_CHECKSUMS:-}" ]; then
		use_given_checksums
	else
		checksums=$work/checksums.txt
		download "$base_url/checksums.txt" "$checksums" || return 1
	fi
	file=$work/$archive
	download "$base_url/$archive" "$file"
}

# download makes at most three tries, and gives up on a host that does not
# answer or on a transfer that stands still.
download() {
	if have curl; then
		curl --fail --location --silent --show-error --proto '=http,https' --retry 2 \
			--connect-timeout 10 --speed-limit 1 --speed-time 30 --max-time 600 --output "$2" "$1" && return
	else
		wget -q -t 3 -T 30 -O "$2" "$1" && return
	fi
	say "${1##*/} could not be downloaded"
	return 1
}

verify_archive() {
	expected=$(awk -v name="$archive" '
		{ sub(/\r$/, "") }
		NF == 2 && ($2 == name || $2 == "*" name) { print tolower($1) }' "$checksums")
	case $expected in
	'' | *[!0-9a-f]*)
		fail "$checksums does not hold one checksum of $archive" "take checksums.txt and the archive of the same release"
		;;
	esac
	actual=$(sha256 "$file")
	[ -n "$actual" ] || fail "the checksum of $archive cannot be computed" "install sha256sum, shasum or openssl"
	[ "$actual" = "$expected" ] || fail "the checksum of $archive is $actual, expected $expected" \
		"do not use this archive; take it from $releases/v$version, and report it if that is where it came from"
}

# sha256 prints nothing where there is no tool for it.
sha256() {
	if have sha256sum; then
		sha256sum <"$1" | cut -d ' ' -f 1
	elif have shasum; then
		shasum -a 256 <"$1" | cut -d ' ' -f 1
	elif have openssl; then
		openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
	fi
}

unpack_archive() {
	unpack "$binary"
	wants_companion || return 0
	# An archive that was packed before there was a companion, or without it, is
	# whole: its checksum says so. Only what is listed and does not come out is wrong.
	if [ -n "$(list_archive | awk -v name="$companion" '{ sub(/\r$/, "") } $0 == name')" ]; then
		unpack "$companion"
	else
		companion_missing "$archive does not hold $companion"
	fi
}

unpack() {
	if [ "$archive_format" = tar.gz ]; then
		tar -xzf "$file" -C "$work" "$1" || unpack_failed "$1"
	elif have unzip; then
		unzip -q -o "$file" "$1" -d "$work" || unpack_failed "$1"
	else
		tar -xf "$file" -C "$work" "$1" || unpack_failed "$1" # the tar of Windows reads zip
	fi
}

list_archive() {
	if [ "$archive_format" = tar.gz ]; then
		tar -tzf "$file"
	elif have unzip; then
		unzip -Z1 "$file"
	else
		tar -tf "$file"
	fi
}

wants_companion() { [ "${HELM_LIVEKIT_SKIP_CLUSTER:-}" != 1 ]; }

# companion_missing says what works all the same, and how to get the rest.
companion_missing() {
	say "$1: all works but verify --install. To add it, with Go: cd \"$plugin_dir\" && go build -o \"bin/$companion\" ./cluster/helm-livekit-cluster"
}

unpack_failed() {
	fail "$1 cannot be taken out of $archive" "see the message above; the archive's checksum is right, so report it if the tools and the disk are"
}

build_from_source() {
	have go || fail "no release binary could be had, and there is no Go to build one" \
		"mend the connection to $shown_url, or install Go, or download $archive and checksums.txt and set HELM_LIVEKIT_ARCHIVE"
	[ -f "$plugin_dir/go.mod" ] || fail "no release binary could be had, and $plugin_dir holds no source to build one" \
		"mend the connection to $shown_url, or download $archive and checksums.txt and set HELM_LIVEKIT_ARCHIVE"
	say "building from source with $(go version)"
	(
		cd "$plugin_dir" &&
			CGO_ENABLED=0 GOOS=$os GOARCH=$arch GOWORK=off go build -trimpath -buildvcs=false \
				-ldflags "-s -w -X $version_variable=$version" -o "$work/$binary" .
	) || fail "the build from source failed" "see go's message above; go.mod names the version of Go that it needs"
	build_companion
}

# The plugin is of use without the companion, so a build of it that fails is told
# and not an error.
build_companion() {
	wants_companion || return 0
	[ -d "$plugin_dir/cluster/helm-livekit-cluster" ] || return 0
	(
		cd "$plugin_dir" &&
			CGO_ENABLED=0 GOOS=$os GOARCH=$arch GOWORK=off go build -trimpath -buildvcs=false \
				-ldflags "-s -w -X main.version=$version" -o "$work/$companion" ./cluster/helm-livekit-cluster
	) && return
	rm -f "$work/$companion"
	companion_missing "$companion could not be built, see go's message above"
}

# A link at bin/helm-livekit is replaced, not written through. The plugin comes
# last: once it is there, all is.
put_in_place() {
	runs "$binary"
	if [ -f "$work/$companion" ]; then
		runs "$companion"
		mv -f "$work/$companion" "$plugin_dir/bin/$companion"
	elif wants_companion; then
		rm -f "$plugin_dir/bin/$companion" # of another version, which would not fit this plugin
	fi
	mv -f "$work/$binary" "$plugin_dir/bin/$binary"
	say "version $version for $os/$arch is in $plugin_dir/bin"
}

runs() {
	chmod 755 "$work/$1"
	"$work/$1" version >/dev/null || fail "$1 for $os/$arch does not run on this machine" \
		"see the message above; is $plugin_dir on a file system that may hold programs?"
}

main
