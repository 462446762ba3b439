#!/bin/sh
# Packs the release build into dist/, or $1: lbd_VERSION_ARCHITECTURE.deb, and a tar.gz with the same files below
# usr/local. The same commit and binaries give the same bytes.
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

deb=$work/deb
make -s install DESTDIR="$deb" PREFIX=/usr
install -Dm644 -t "$deb/usr/share/doc/lbd" README.md CHANGELOG.md docs/*.md
gzip -9n "$deb"/usr/share/man/*/*
size=$(du -sk --apparent-size "$deb" | cut -f 1)
mkdir "$deb/DEBIAN"
sed "s/@VERSION@/$version/;s/@ARCHITECTURE@/$architecture/;s/@SIZE@/$size/" deploy/debian/control >"$deb/DEBIAN/control"
install -m 644 deploy/debian/conffiles "$deb/DEBIAN"
install -m 755 deploy/debian/postinst deploy/debian/prerm deploy/debian/postrm "$deb/DEBIAN"
find "$deb" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$deb" "$out/lbd_${version}_$architecture.deb" >/dev/null

make -s install DESTDIR="$work/$name" PREFIX=/usr/local
install -m 644 README.md CHANGELOG.md "$work/$name"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  -c "$name" | gzip -9n >"$out/$name.tar.gz"
ls -l "$out"
