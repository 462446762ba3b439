#!/bin/sh
# The linker of a release build (Package.swift): the toolchain's own lld, without the path to look for
# shared libraries in that SwiftPM adds to each program. These programs have none, and a static program
# that may lie at any address dies in the C library's start when its file states one.
set -eu
for argument; do
  shift
  case $argument in
  -rpath=*) ;;
  *) set -- "$@" "$argument" ;;
  esac
done
# clang, which calls this, is beside it.
lld=$(dirname "$(readlink "/proc/$PPID/exe")")/ld.lld
[ -x "$lld" ] || lld=ld.lld
exec "$lld" "$@"
