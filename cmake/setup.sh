# shellcheck shell=bash
# Shared by ./run, ./test and .ci/run, which source it: says what is being done, installs what is missing, builds.
# Expects to be in the repository's root. Needs root only while a package is missing, the network likewise.

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
SECONDS=0

say() { printf '\n\033[1m[%3d s] %s\033[0m\n' "$SECONDS" "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
die() {
  printf '\n%s: %s\n' "$0" "$1" >&2
  shift
  printf '  %s\n' "$@" >&2
  exit 1
}

# The first words of the lines of the given lists that are no comments.
listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@" | awk '{print $1}'; }

# Those of the given packages that dpkg does not know as installed.
missing_of() {
  local have
  # dpkg-query fails where it has never heard of one of them; it lists the others all the same.
  have=$( (dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true) | sed -n 's/^installed //p')
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$have")
}

# Those of the given documentation packages whose files dpkg was told to leave out (path-exclude, as in slim images).
without_documents() {
  local package file
  for package in "$@"; do
    file=$(dpkg-query -L "$package" | awk '/^\/usr\/share\/(doc|man)\/.*\.(html|gz)$/ && !/changelog/ && !found { found = 1; print }')
    if [ -n "$file" ] && [ ! -e "$file" ]; then echo "$package"; fi
  done
}

# install_packages [OPTION OF apt-get install...] -- PACKAGE...
install_packages() {
  local options=()
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  [ "$(id -u)" = 0 ] || die "these Debian packages are missing and only root may install them:" "$*" "" \
    "as root: apt-get update && apt-get install --no-install-recommends $*"
  if [ -z "${CAIRN_APT_UPDATED:-}" ]; then
    apt-get -q update || die "apt-get update failed (its message is above)." \
      "Missing: $*" "Check the network and /etc/apt/sources.list, then start again."
    CAIRN_APT_UPDATED=1
  fi
  # Slim images leave documentation out; it is what the tour reads. dpkg would wait for the disk after each of thousands of
  # files, which takes minutes: one `sync` at the end makes them as safe.
  apt-get -q -y install --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io \
    -o Dpkg::Options::="--path-include=/usr/share/doc/*" -o Dpkg::Options::="--path-include=/usr/share/man/*" \
    "${options[@]}" "$@" || die "apt-get could not install all of: $*" \
    "Its message is above. A full disk, a held package or another release than Debian 12 are the usual reasons."
  sync
}

set_up() {
  if ! command -v dpkg-query apt-get >/dev/null; then
    die "this needs Debian 12: dpkg-query and apt-get are not here." "docs/dependencies.md names the libraries for building by hand."
  fi
  local documents needed missing
  mapfile -t documents < <(listed data/documentation.txt)
  mapfile -t needed < <(listed cmake/packages.txt data/documentation.txt)
  mapfile -t missing < <(missing_of "${needed[@]}")
  if [ ${#missing[@]} -gt 0 ]; then
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    install_packages -- "${missing[@]}"
  fi
  mapfile -t missing < <(without_documents "${documents[@]}")
  if [ ${#missing[@]} -gt 0 ]; then
    say "Installing again, with their documents, which dpkg's settings had left out: ${missing[*]}"
    install_packages --reinstall -- "${missing[@]}"
  fi
}

# Compilers of this code take up to about 1.2 GB each.
job_count() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/{print int($2 / 1200000)}' /proc/meminfo 2>/dev/null || echo 1)
  [ "${memory:-1}" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# build TARGET...: the release preset, in build/.
build() {
  say "Building ($* in build/, $(job_count) at a time)"
  if [ ! -f build/build.ninja ]; then
    cmake --preset release -Wno-dev || die "configuring failed (the reason is above)." "If a package was removed: start $0 again."
  fi
  cmake --build --preset release -j "$(job_count)" --target "$@" || die "the build failed (the first error is above)."
}
