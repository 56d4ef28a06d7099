#!/bin/bash
# Boots systemd in a folder as if it were a machine: `boot-machine.sh ROOT NAME`, with processes, mounts, network,
# control groups and a name of its own. What it mounts ends with it, because nothing outside sees those mounts.
set -euo pipefail
root=$1 name=$2

# Where this process is in each hierarchy of control groups, as `CONTROLLERS PATH`; the unified one is called unified.
hierarchies() {
  local names path
  while IFS=: read -r _ names path; do
    names=${names:-unified}
    echo "${names#name=} ${path%/}"
  done < /proc/self/cgroup
}

# First, outside: below the groups that this process is in, so that their limits hold.
if [[ ${3-} != inside ]]; then
  while read -r names path; do
    above=/sys/fs/cgroup/$names$path
    mkdir "$above/$name"
    if [[ $names == cpuset ]]; then
      cat "$above/cpuset.cpus" > "$above/$name/cpuset.cpus"
      cat "$above/cpuset.mems" > "$above/$name/cpuset.mems"
    fi
    echo $$ > "$above/$name/cgroup.procs"
  done < <(hierarchies)
  exec unshare --mount --net --uts --ipc --cgroup --pid --fork --kill-child "$0" "$root" "$name" inside
fi

mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
# The kernel's settings belong to the machine outside; those of the network are our own.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/pts dev/shm
for device in null zero full random urandom tty fuse net/tun; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
while read -r names _; do
  mkdir "sys/fs/cgroup/$names"
  case $names in
    unified) mount -t cgroup2 cgroup2 sys/fs/cgroup/unified ;;
    systemd) mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd ;;
    *) mount -t cgroup -o "$names" cgroup "sys/fs/cgroup/$names" ;;
  esac
done < <(hierarchies)
hostname "$name"
ip link set lo up
mkdir run/outside
pivot_root . run/outside
umount --lazy /run/outside
# In a container systemd takes its arguments for the kernel's command line. Version 257 runs on version 1 of control
# groups only when it is told to.
exec env --ignore-environment container=maru-machine PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /usr/sbin/init SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.unified_cgroup_hierarchy=0
