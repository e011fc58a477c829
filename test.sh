#!/usr/bin/env bash
# Builds everything with warnings as errors and runs the tests against real servers.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/eng/prepare.sh"

usage="usage: ./test.sh [--build-only] [--nats VERSION] [NAME]
       ./test.sh --fast
       ./test.sh --soak MINUTES [--seed SEED]
       ./test.sh --fuzz MINUTES [--seed SEED]
  --build-only  stops after the build
  NAME          runs the tests whose name contains NAME
  --fast        runs the tests that start no process, in less than a minute
  --nats        tests on a nats-server of this version, for example 2.10, instead of the newest
  --soak        mixes all faults at random for so long and prints a report, which also lies in artifacts/soak
  --fuzz        tries odd inputs at each target for so long: events, the HTTP API, configuration
  --seed        mixes the same faults in the same order, or tries the same inputs"

build_only=false
fast=false
soak=false
fuzz=false
filter=()
nats=
while [ $# -gt 0 ]; do
  case "$1" in
    --build-only) build_only=true ;;
    --fast) fast=true ;;
    --soak)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "$usage"
      soak=true
      export SOAK_MINUTES=$2
      shift ;;
    --fuzz)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail "$usage"
      fuzz=true
      export FUZZ_MINUTES=$2
      shift ;;
    --nats)
      [[ ${2:-} =~ ^[0-9.]+$ ]] || fail "$usage"
      nats=$2
      shift ;;
    --seed)
      [[ ${2:-} =~ ^[0-9]+$ ]] || fail "$usage"
      export FAULT_SEED=$2 FUZZ_SEED=$2
      shift ;;
    -*) fail "$usage" ;;
    *) filter=(-method "*$1*") ;;
  esac
  shift
done
if $fast; then filter=(-trait Category=fast); fi
if $soak; then filter=(-class '*.SoakTests' -showLiveOutput); fi
if $fuzz; then filter=(-class '*FuzzTests'); fi

prepare_sdk
prepare_packages
project=OrderSystem.Tests
if ! $fast; then
  prepare_nats $nats
  prepare_postgres
  prepare_prometheus
  prepare_faketime
  prepare_kubectl
  prepare_browser
  prepare_cli
  prepare_previous
  project=OrderSystem.sln
fi

dotnet build "$root/$project" -c Release -nodeReuse:false -v:minimal -clp:NoSummary || fail "build: failed; see above."
say "build: done"
if $build_only; then exit 0; fi

# No test changes the settings of a process that runs, and each file watcher counts against a limit of the user.
export DOTNET_hostBuilder__reloadConfigOnChange=false
if ! $fast; then
  # A test of a service that starts is mostly the compilation of its code.
  "$root/eng/publish-services.sh" || fail "build: publishing the services failed; see above."
  export PUBLISHED_SERVICES="$root/artifacts/services/publish"
  say "services: published"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -rf "$root/artifacts/fuzz"
# What a soak says while it runs comes with the name of its test before each line.
lines() { if $soak; then sed -u -E 's/^ +OrderSystem\S+ \[OUTPUT\] //'; else cat; fi; }
code=0
dotnet "$root/OrderSystem.Tests/bin/Release/net10.0/OrderSystem.Tests.dll" -noColor "${filter[@]}" 2>&1 | lines | tee "$log" || code=$?

# What failed, once more at the end of a long output.
grep -E '\[FAIL\]' "$log" || true

# How many inputs each target was tried with.
cat "$root"/artifacts/fuzz/*.txt 2>/dev/null || true

# Tests  Total: 6, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.128s
summary=$(grep -E 'Total: [0-9]+' "$log" | tail -n 1)
count() { local found; found=$(sed -n -E "s/.*$1: ([0-9]+).*/\1/p" <<<"$summary"); echo "${found:-0}"; }
total=$(count Total) failed=$(($(count Failed) + $(count Errors))) skipped=$(count Skipped)
[ -n "$summary" ] || { say "0 passed, 1 failed"; exit 1; }
if [ "$total" -eq 0 ]; then
  say "No test has a name that contains '${filter[1]:-}'."
  code=1
fi
if [ "$skipped" -gt 0 ]; then
  say "A skipped test proves nothing: run it or remove it."
  code=1
fi
say "$((total - failed - skipped)) passed, $failed failed"
exit "$code"
