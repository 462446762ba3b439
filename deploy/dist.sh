#!/bin/sh
# Packs the release build into dist/, or $1: lbd_VERSION_ARCHITECTURE.deb, and a tar.gz with the same files below
# usr/local. Symbols for a debugger are apart: lbd-dbgsym_VERSION_ARCHITECTURE.deb, NAME-debug.tar.gz. The same
# commit and binaries give the same bytes.
#
#   SOURCE_DATE_EPOCH  the time of all files    (the commit's)
set -eu
cd "$(dirname "$0")/.."
umask 022
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH LC_ALL=C
version=$(.build/release/lbd --version | cut -d ' ' -f 2)
architecture=$(dpkg --print-architecture)
name=lbd-$version-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${1:-dist}
mkdir -p "$out"


# pack DIRECTORY NAME: a Debian package of what lies in the directory; its control file is NAME's.
pack() {
  mkdir -p "$1/DEBIAN"
  size=$(du -sk --apparent-size --exclude=DEBIAN "$1" | cut -f 1)
  sed "s/@VERSION@/$version/;s/@ARCHITECTURE@/$architecture/;s/@SIZE@/$size/" "deploy/debian/$2" >"$1/DEBIAN/control"
  find "$1" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  package=$(sed -n 's/^Package: //p' "$1/DEBIAN/control")
  dpkg-deb --root-owner-group -Zxz --build "$1" "$out/${package}_${version}_$architecture.deb" >/dev/null
}
# archive NAME: a tar.gz of that directory.
archive() {
  tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    -c "$1" | gzip -9n >"$out/$1.tar.gz"
}

deb=$work/deb
make -s install DESTDIR="$deb" PREFIX=/usr
install -Dm644 -t "$deb/usr/share/doc/lbd" README.md CHANGELOG.md docs/*.md
gzip -9n "$deb"/usr/share/man/*/*
mkdir "$deb/DEBIAN"
install -m 644 deploy/debian/conffiles "$deb/DEBIAN"
install -m 755 deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm "$deb/DEBIAN"
pack "$deb" control
make -s install-symbols DESTDIR="$work/symbols" PREFIX=/usr
pack "$work/symbols" control.dbgsym

make -s install DESTDIR="$work/$name" PREFIX=/usr/local
install -m 644 README.md CHANGELOG.md "$work/$name"
archive "$name"
make -s install-symbols DESTDIR="$work/$name-debug" PREFIX=/usr/local
archive "$name-debug"
ls -l "$out"
