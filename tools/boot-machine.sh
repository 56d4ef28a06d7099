#!/bin/bash
# Boots systemd in a folder as if it were a machine: `boot-machine.sh ROOT NAME`, with processes, mounts, network,
# control groups and a name of its own. What it mounts ends with it, because nothing outside sees those mounts.
set -euo pipefail
root=$1 name=$2
. "$(dirname "$0")/../lab/machine-root.sh"

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
mount_system
hostname "$name"
ip link set lo up
enter_root
# In a container systemd takes its arguments for the kernel's command line. Version 257 runs on version 1 of control
# groups only when it is told to.
exec env --ignore-environment container=maru-machine PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /usr/sbin/init SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.unified_cgroup_hierarchy=0
