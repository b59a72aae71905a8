# Sourced by setup: makes the root. A change here, in packages or in images makes setup remake it.
# shellcheck shell=bash disable=SC2154
SUITE=forky
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

apt_site() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(LABEL) $(SITE)' 'Identifier: Packages' | sed -n 's/^Debian //p' | sort -u | head -n 1
}

# debian_mirror: the one this machine's apt uses, whatever its path is called
debian_mirror() {
  local site
  if [ -n "${PADDOCK_LAB_MIRROR-}" ]; then printf %s "$PADDOCK_LAB_MIRROR"; return; fi
  command -v apt-get >/dev/null || die "no apt-get here: set PADDOCK_LAB_MIRROR to the URL of a Debian mirror"
  site=$(apt_site)
  # apt only knows what its package lists say
  [ -n "$site" ] || { apt-get update -q >>"$LOG" 2>&1; site=$(apt_site); }
  # cloud images name a file that lists mirrors
  [[ $site != mirror+file:* ]] || site=$(awk 'NF && $1 !~ /^#/ {print $1; exit}' "${site#mirror+file:}")
  [ -n "$site" ] || die "no Debian mirror among this machine's apt sources: set PADDOCK_LAB_MIRROR"
  printf %s "$site"
}

# install_tools: what making and entering a root needs
install_tools() {
  local deb=() rpm=() c
  [ -e "$KEYRING" ] || { deb+=(debian-archive-keyring); rpm+=(debian-keyring); }
  for c in mmdebstrap:mmdebstrap:mmdebstrap ip:iproute2:iproute pgrep:procps:procps-ng; do
    command -v "${c%%:*}" >/dev/null || { c=${c#*:}; deb+=("${c%:*}"); rpm+=("${c#*:}"); }
  done
  [ ${#deb[@]} -gt 0 ] || return 0
  if command -v apt-get >/dev/null; then
    apt_install "${deb[@]}"
  elif command -v dnf >/dev/null; then
    [ -n "${PADDOCK_LAB_MIRROR-}" ] || die "no apt-get here: set PADDOCK_LAB_MIRROR to the URL of a Debian mirror"
    dnf install -y "${rpm[@]}" >>"$LOG" 2>&1 || die "installing ${rpm[*]} by dnf failed; see $LOG"
  else
    die "the lab is made by mmdebstrap, and neither apt-get nor dnf is here to install ${deb[*]}"
  fi
  say "installed ${deb[*]}"
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  local i=(apt-get install -y -q --no-install-recommends "$@")
  # package lists may be missing or old; only then pay for an update
  "${i[@]}" >>"$LOG" 2>&1 9>&- || { apt-get update -q && "${i[@]}"; } >>"$LOG" 2>&1 9>&- ||
    die "installing $* by apt-get failed; see $LOG"
}

# make_root PACKAGES MIRROR
make_root() {
  # a mirror's Release file may be past its date; pages and locales are left out; no fsync per file.
  # The lock stays open in mmdebstrap: if setup is killed the next one waits for it to end.
  mmdebstrap --mode=root --variant=minbase --include="$1" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt=force-unsafe-io \
    "$SUITE" "$ROOT" "deb [signed-by=$KEYRING] $2 $SUITE main" >>"$LOG" 2>&1 ||
    { tail -n 20 "$LOG" >&2; die "making the root failed; see $LOG"; }
}

configure_root() {
  local etc=$ROOT/etc
  # a cgroup2 without the pids controller (it may sit on v1) fails each run under a default limit;
  # without systemd there is no cgroup manager and no journal to use (boot drops the [engine] part)
  printf '[containers]\npids_limit = 0\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' \
    >"$etc/containers/containers.conf"
  # for --net host: no bridge and no firewall rule on the machine
  printf '[containers]\nnetns = "host"\n' >"$etc/containers/hostnet.conf"
  # no paths: they would bind ordinary users too
  printf '[storage]\ndriver = "overlay"\n' >"$etc/containers/storage.conf"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$etc/hosts"
  tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
  # instances come from lab-registry; Docker is started by the tests that want it
  rm -f "$etc"/systemd/system/*.wants/{docker-registry,docker,containerd}.{service,socket}
  chroot "$ROOT" useradd -m -s /bin/bash ai # with 65536 sub-ids
}

# lab_scripts: also on a lab that is already there, so that they are never older than this tree
lab_scripts() {
  install -m 755 "$HERE/images" "$ROOT/usr/sbin/lab-images"
  install -m 755 "$HERE/registry" "$ROOT/usr/sbin/lab-registry"
}

# import_images: and prove by a container of each user that podman works here
import_images() {
  local u
  ns_up root
  [ -e "$ROOT$IMAGES/llama-server.tar" ] || "$HERE/enter" --in-setup lab-images make 9>&-
  for u in root ai; do
    "$HERE/enter" --in-setup --user "$u" lab-images import >>"$LOG" 9>&-
    "$HERE/enter" --in-setup --user "$u" podman run --rm --network none localhost/busybox:lab echo works 9>&- |
      grep -qx works || die "podman of user $u cannot run a container in $ROOT"
  done
  ns_down root
}

save_pristine() {
  local p
  for p in "${STATE[@]}"; do
    mkdir -p "$(dirname "$PRISTINE/$p")"
    cp -a --reflink=auto "$ROOT/$p" "$PRISTINE/$p"
  done
}
