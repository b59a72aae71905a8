# Sourced by setup, enter and boot: where the lab is, its lock, its namespaces.
# shellcheck shell=bash disable=SC2034

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
LAB=$(realpath -m "${PADDOCK_LAB:-/var/tmp/paddock-lab}")
ROOT=$LAB/root          # the entered root
PRISTINE=$LAB/pristine  # what `enter --reset` puts back, and what a boot starts from
STAMP=$LAB/stamp        # written last by setup: without it the root is half made
RESETTING=$LAB/resetting
IMAGES=/var/lib/paddock-lab # in the root: file systems of images, as tars; ./images makes them
# all that these scripts, systemd-nspawn, and the tests in ../e2e, put into $LAB
OURS=(root pristine stamp resetting lock setup.log boot boot.whole boot.binds boot.log boot.lock '.#boot.lck' bin e2e.lock)
RUN=/run/paddock-lab
KEY=${LAB//\//_}
# what tests change: put back whole, or emptied
STATE=(etc home root usr/local var/lib/containers)
SCRATCH=(var/tmp var/lib/docker var/lib/docker-registry var/lib/paddock)
CLEAN_ENV=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LANG=C.UTF-8 "TERM=${TERM:-dumb}")

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }

# usage prints the caller's own head comment.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

need_root() { [ "$(id -u)" = 0 ] || die "must run as root"; }

# lock holds the lab until the descriptor is closed; a long-lived child must not inherit it.
lock() { exec 9>"$LAB/lock"; flock 9; }
unlock() { exec 9>&-; }

# only_ours prints the first entry of $LAB that is not ours.
only_ours() {
  local f n
  for f in "$LAB"/* "$LAB"/.[!.]*; do
    [ -e "$f" ] || continue
    for n in "${OURS[@]}"; do [ "${f##*/}" != "$n" ] || continue 2; done
    printf %s "$f"
    return
  done
}

need_lab() { [ -e "$STAMP" ] || die "no lab in $LAB: run tests/lab/setup"; }

# cgroup_of NAME: everything which runs in that namespace sits below it, so one write ends it all.
cgroup_of() { printf %s "$RUN/cgroup/paddock-lab$KEY-$1"; }

# join NAME: move this process where ns_down will find it. Commands sit in a leaf, since a control
# group with processes of its own cannot hand controllers to containers.
join() { echo $$ >"$(cgroup_of "$1")/enter/cgroup.procs"; }

# up_file NAME: it is there while the namespaces are.
up_file() { printf %s "$RUN/$KEY-$1/up"; }

# run_dir makes the private tmpfs which pins namespaces, and a view of cgroup2 that does not depend
# on where (or whether) the machine has mounted it.
run_dir() {
  (
    flock 8
    mkdir -p "$RUN"
    mountpoint -q "$RUN" || { mount -t tmpfs -o mode=700 paddock-lab "$RUN"; mount --make-private "$RUN"; }
    mkdir -p "$RUN/cgroup"
    mountpoint -q "$RUN/cgroup" || mount -t cgroup2 paddock-lab "$RUN/cgroup"
  ) 8</run
}

# run_dir_gone undoes run_dir, unless another lab is in use
run_dir_gone() {
  (
    flock 8
    [ -d "$RUN" ] && [ -z "$(find "$RUN" -mindepth 1 -maxdepth 1 ! -name cgroup)" ] || exit 0
    umount "$RUN/cgroup" "$RUN"
    rmdir "$RUN"
  ) 8</run
}

# pin_mount FILE: a new mount namespace, held by FILE. Linux 6.18 numbers namespaces by processor and
# refuses to pin one that is numbered below the caller's own. Nothing is below the machine's first
# one, but in a container it depends on the processor.
pin_mount() {
  local c why=''
  for ((c = 0; c < $(nproc --all); c++)); do
    why=$(taskset -c "$c" unshare --mount="$1" --propagation private true 2>&1 9>&-) && return 0
  done
  printf '%s\n' "$why" >&2
  return 1
}

# ns_up NAME: namespaces over $ROOT that outlive their processes: mount and network, and for the
# entered root also control groups (nspawn looks for those of process 1, which it would hide).
ns_up() {
  local d=$RUN/$KEY-$1 cg
  [ ! -e "$(up_file "$1")" ] || return 0
  run_dir
  ns_down "$1"
  cg=$(cgroup_of "$1")
  mkdir -p "$d" "$cg/enter"
  : >"$d/net"; : >"$d/mnt"
  unshare --net="$d/net" "$HERE/net"
  if [ "$1" = root ]; then
    : >"$d/cgroup"
    (echo "$BASHPID" >"$cg/cgroup.procs"; exec unshare --cgroup="$d/cgroup" true)
  fi
  ns_args "$1"
  # sysfs shows the network, and cgroup2 the groups, of the namespaces it is mounted in
  { pin_mount "$d/mnt" && "${NSENTER[@]}" nsenter --mount="$d/mnt" "$HERE/mounts" "$ROOT" 9>&-; } ||
    { ns_down "$1"; die "making the namespaces of $ROOT failed"; }
  : >"$(up_file "$1")"
}

# ns_down NAME: end what runs there, containers and daemons too, then drop the namespaces.
ns_down() {
  local d=$RUN/$KEY-$1 cg n i
  cg=$(cgroup_of "$1")
  if [ -d "$cg" ]; then
    for ((i = 0; i < 200; i++)); do
      echo 1 >"$cg/cgroup.kill"
      grep -qx 'populated 0' "$cg/cgroup.events" && break
      sleep 0.02
    done
    find "$cg" -depth -type d -exec rmdir {} +
  fi
  for n in mnt net cgroup; do
    ! mountpoint -q "$d/$n" || umount -l "$d/$n"
  done
  rm -rf --one-file-system "$d"
}

# ns_args NAME [NET]: NSENTER becomes the command which enters what is there; NET=host leaves the network.
ns_args() {
  local d=$RUN/$KEY-$1
  NSENTER=(nsenter)
  ! mountpoint -q "$d/mnt" || NSENTER+=(--mount="$d/mnt")
  [ ! -e "$d/cgroup" ] || NSENTER+=(--cgroup="$d/cgroup")
  [ "${2-}" = host ] || NSENTER+=(--net="$d/net")
}

# put_back DIR: the state tests change becomes what setup left. The namespaces must be down.
put_back() {
  local p
  for p in "${STATE[@]}"; do
    rm -rf --one-file-system "${1:?}/$p"
    cp -a --reflink=auto "$PRISTINE/$p" "$1/$p"
  done
  for p in "${SCRATCH[@]}"; do
    [ ! -d "$1/$p" ] || find "$1/$p" -xdev -mindepth 1 -delete
  done
}

# copy_pristine ROOT PRISTINE DIR: the root of a lab as setup left it, whatever tests have changed meanwhile. What no test
# changes is linked: packages replace files, and do not write into them.
copy_pristine() {
  local x=(--exclude=./usr) p
  for p in "${STATE[@]}" "${SCRATCH[@]}"; do x+=("--exclude=./$p"); done
  mkdir "$3"
  tar -C "$1" --one-file-system --xattrs "${x[@]}" -cf - . | tar -C "$3" --xattrs --xattrs-include='*' -xpf -
  cp -a --link "$1/usr" "$3/usr"
  rm -rf "$3/usr/local"
  tar -C "$2" --xattrs -cf - . | tar -C "$3" --xattrs --xattrs-include='*' -xpf -
  install -d -m 1777 "$3/var/tmp"
}
