# shellcheck shell=bash
# What ./quickstart, ./verify and .ci/run have in common: packages, Java, FUSE. Sourced, not run.

# Names and paths are UTF-8 whatever locale the caller has.
export LC_ALL=C.UTF-8

# Says something on standard error.
say() {
  echo "$*" >&2
}

# Runs a command as root: as it is, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -- "$@"
  fi
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# The same for what may lie where only root's PATH goes.
have_admin() {
  have "$1" || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]
}

# Whether a Debian package is installed.
installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Whether apt knows a package that can be installed.
installable() {
  apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# Prints the JAVA_HOME of a JDK (it has javac) of version 17 or newer; fails if there is none.
find_jdk() {
  local home major
  for home in "${JAVA_HOME:-}" "$(dirname -- "$(dirname -- "$(readlink -f -- "$(command -v javac || echo /none/none)")")")" \
    /usr/lib/jvm/java-17-* /usr/lib/jvm/*; do
    if [ -z "$home" ] || [ ! -x "$home/bin/javac" ] || [ ! -r "$home/release" ]; then
      continue
    fi
    major=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [ -n "$major" ] && [ "$major" -ge 17 ]; then
      echo "$home"
      return 0
    fi
  done
  return 1
}

# Prints the packages that are missing, for "run" or for "verify", one a line, by their Debian names.
missing_packages() {
  local name
  find_jdk >/dev/null || echo openjdk-17-jdk-headless
  have mvn || echo maven
  # Users other than root mount through fusermount3.
  have fusermount3 || { [ "$(id -u)" -eq 0 ] && have fusermount; } || echo fuse3
  if ! ldconfig -p 2>/dev/null | grep -q 'libfuse\.so\.2' && ! /sbin/ldconfig -p 2>/dev/null | grep -q 'libfuse\.so\.2'; then
    echo libfuse2
  fi
  have setsid || echo util-linux
  if [ "$1" = verify ]; then
    for name in fio git sqlite3 tar attr acl openssl python3; do
      case $name in
        attr) have setfattr || echo attr ;;
        acl) have setfacl || echo acl ;;
        *) have "$name" || echo "$name" ;;
      esac
    done
    # Namespaces, packet filters, small disks: what the consistency kit does to a cluster.
    have_admin nft || echo nftables
    have_admin ip || echo iproute2
    have_admin mkfs.ext4 || echo e2fsprogs
    have mount || echo mount
    have eatmydata || echo eatmydata
    have vim || echo vim
    have diff || echo diffutils
    have make || echo make
    have gcc || echo gcc
    [ -e /usr/include/stdio.h ] || echo libc6-dev
  fi
}

# Installs what is missing on Debian and Ubuntu; says what it is elsewhere, and ends the script.
# $1: the checkout, $2: run or verify
need_packages() {
  local missing package system=this
  mapfile -t missing < <(missing_packages "$2")
  [ "${#missing[@]}" -eq 0 ] && return 0
  # shellcheck disable=SC1091 # the system's own file
  [ -r /etc/os-release ] && system=$(. /etc/os-release && echo "${PRETTY_NAME:-this}")
  if ! have apt-get || ! have dpkg-query; then
    say "Missing on $system: ${missing[*]} (Debian's names). Install what your system calls so, and run this again."
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! have sudo; then
    say "Missing: ${missing[*]}. Run this as root, or: apt-get install ${missing[*]}"
    exit 1
  fi
  say "Installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt_get update -q
  for package in "${!missing[@]}"; do
    # Ubuntu 24.04 renamed it.
    if [ "${missing[$package]}" = libfuse2 ] && ! installable libfuse2 && installable libfuse2t64; then
      missing[package]=libfuse2t64
    fi
  done
  if ! apt_get install -y --no-install-recommends "${missing[@]}"; then
    say "Could not install: ${missing[*]}. Install them by hand, and run this again."
    exit 1
  fi
  for package in "${missing[@]}"; do
    installed "$package" || { say "apt-get did not install $package."; exit 1; }
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" >&2
}

# Sets JAVA_HOME to a JDK that can build and run Pando.
use_java() {
  JAVA_HOME=$(find_jdk) || { say "There is no JDK 17 or newer; set JAVA_HOME to one."; exit 1; }
  export JAVA_HOME
}

# Ends the script unless FUSE can be used; lets users other than root share their mounts.
allow_shared_mounts() {
  if [ ! -e /dev/fuse ]; then
    as_root modprobe fuse 2>/dev/null || true
  fi
  if [ ! -e /dev/fuse ]; then
    say "This machine has no /dev/fuse: load the kernel module fuse, or start the container with --device /dev/fuse --cap-add SYS_ADMIN."
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! grep -qs '^user_allow_other' /etc/fuse.conf; then
    say "Adding user_allow_other to /etc/fuse.conf: without it only root can share a mount."
    echo user_allow_other | as_root tee -a /etc/fuse.conf >/dev/null
  fi
}
