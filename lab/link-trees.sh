#!/bin/bash
# `link-trees.sh MOUNT FROM TO [FROM TO...]`, in a mount namespace of its own: makes each folder TO of the very files of FROM.
# Both are below MOUNT. The engine mounts its folder upon itself, and no file is in two mounts: MOUNT is looked at without
# what is mounted upon it.
set -euo pipefail
mount=$1
shift
view=$(mktemp -d)
trap 'umount "$view"; rmdir "$view"' EXIT
mount --bind "$mount" "$view"
while (($# > 0)); do
  cp --archive --link --no-target-directory "$view/${1#"$mount"}" "$view/${2#"$mount"}"
  shift 2
done
