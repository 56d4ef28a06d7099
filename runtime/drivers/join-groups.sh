#!/bin/sh
# `join-groups.sh GROUP... -- PROGRAM [ARGUMENT...]`: becomes the program, in these control groups (folders), so that
# neither it nor what it starts was ever outside of them.
set -eu
while [ "$1" != -- ]; do
  echo 0 > "$1/cgroup.procs"
  shift
done
shift
exec "$@"
