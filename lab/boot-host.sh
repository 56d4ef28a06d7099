#!/bin/bash
# Boots a host of a lab: `boot-host.sh HOST NAME PROGRAM GROUP [DISK...]`, already in namespaces and control groups of its
# own. HOST is the host's folder, PROGRAM this program's, GROUP the host's folder in the unified hierarchy; each DISK is
# where this machine has a file system beside its root.
set -euo pipefail
host=$1 name=$2 program=$3 group=$4
. "$(dirname "$0")/machine-root.sh"

# First, with the processes of this machine in sight: a group that hands controllers on may have no processes itself.
if [[ ${BOOT_STAGE-} != inside ]]; then
  mkdir -p "$group/init"
  echo 0 > "$group/init/cgroup.procs"
  for controller in $(< "$group/cgroup.controllers"); do echo "+$controller" > "$group/cgroup.subtree_control"; done
  BOOT_STAGE=inside exec unshare --pid --fork --kill-child "$0" "$@"
fi

# Everything that this machine has can be read, what is written stays with the host.
overlay() {
  mkdir -p "$host/disk/$2/upper" "$host/disk/$2/work"
  mount -t overlay -o "lowerdir=$1,upperdir=$host/disk/$2/upper,workdir=$host/disk/$2/work" overlay "$3"
}
mkdir -p "$host/root"
overlay / root "$host/root"
cd "$host/root"
for disk in "${@:5}"; do overlay "$disk" "disk${disk//\//-}" ".$disk"; done

# A bare machine knows nothing of the installations on this one.
if [[ ! -e $host/made ]]; then
  rm -rf etc/maru etc/docker usr/local/bin/maru root/.config/maru etc/resolv.conf
  cp "$host/etc/resolv.conf" "$host/etc/hosts" "$host/etc/hostname" etc
  touch "$host/made"
fi
# The engine stacks file systems too, which it cannot do on one that is stacked already.
for folder in var/lib/docker var/lib/maru; do
  mkdir -p "$host/disk/$folder" "$folder"
  mount --bind "$host/disk/$folder" "$folder"
done
# Not the disks of the other hosts.
lab=${host%/hosts/*}
mount -t tmpfs -o ro,mode=0 tmpfs ".$lab"
mount -t tmpfs -o mode=1777 tmpfs tmp
mount_system
mkdir -p ".$program"
mount --bind "$program" ".$program"
mount -o remount,bind,ro ".$program"
hostname "$name"
ip link set lo up
enter_root
cd /
exec env --ignore-environment PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  tini -- "$program/lab/run-host.sh" "$program"
