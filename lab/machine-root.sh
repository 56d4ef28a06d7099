# What a machine has beside its disk, for one that shares this kernel. Sourced in the machine's own namespaces, in the
# folder of its root; what is mounted here ends with those namespaces, because nothing outside sees it.

# Where this process is in each hierarchy of control groups, as `CONTROLLERS PATH`; the unified one is called unified.
hierarchies() {
  local names path
  while IFS=: read -r _ names path; do
    names=${names:-unified}
    echo "${names#name=} ${path%/}"
  done < /proc/self/cgroup
}

# Processes, settings of the kernel, devices, and its own part of every hierarchy of control groups.
mount_system() {
  mount -t proc proc proc
  # The kernel's settings belong to the machine outside; those of the network are our own.
  mount --bind proc/sys proc/sys
  mount -o remount,bind,ro proc/sys
  mount --bind proc/sys/net proc/sys/net
  mount -o remount,bind,rw proc/sys/net
  mount -t sysfs sysfs sys
  mount_devices
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
  mount_control_groups
}

mount_devices() {
  local device
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
}

mount_control_groups() {
  local names
  # Version 2 alone.
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  while read -r names _; do
    mkdir "sys/fs/cgroup/$names"
    case $names in
      unified) mount -t cgroup2 cgroup2 sys/fs/cgroup/unified ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd ;;
      *) mount -t cgroup -o "$names" cgroup "sys/fs/cgroup/$names" ;;
    esac
  done < <(hierarchies)
}

# From now on this folder is the root.
enter_root() {
  mkdir run/outside
  pivot_root . run/outside
  umount --lazy /run/outside
}
