#!/usr/bin/env bash
# Builds the images with podman, runs the Compose file, lets an order through, and looks at how the containers run and stop; then the AppHost
# with its servers in containers.
# Images, volumes and networks are kept below .tools/containers; nothing else on the machine is changed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/eng/prepare.sh"
. "$root/eng/container-bases.sh"

state="$tools/containers"
socket="$state/podman.sock"
failures=0

packages="podman runc netavark aardvark-dns docker-compose jq curl"
for program in $packages; do
  [ -n "$(find_program "$program" /usr/lib/podman /usr/libexec/podman)" ] || fail "$program: not found. Install it, on Debian with: apt-get install --no-install-recommends $packages"
done

container() { podman "$@"; }
# A port that is empty is one that is free, whatever else this machine runs.
compose() {
  DOCKER_HOST="unix://$socket" COMPOSE_PROJECT_NAME=ordersystem ORDER_API_PORT='' GATEWAY_PORT='' DASHBOARD_PORT='' \
    docker-compose --project-directory "$root/deploy/compose" -f "$root/deploy/compose/compose.yaml" "$@"
}
id_of() { compose ps -q "$1"; }
address_of() { compose port "$1" 8080; }

check() { # what, command...
  local what=$1
  shift
  if "$@"; then say "ok: $what"; else say "FAILED: $what"; failures=$((failures + 1)); fi
}

clean_up() {
  local code=$?
  trap - EXIT
  [ "$code" -eq 0 ] && [ "$failures" -eq 0 ] || compose logs --tail 20 2>/dev/null || true
  [ -z "${clock:-}" ] || kill "$clock" 2>/dev/null || true
  compose down --volumes --timeout 45 >/dev/null 2>&1 || true
  forget_containers
  [ -z "${service:-}" ] || kill "$service" 2>/dev/null || true
  exit "$code"
}
forget_containers() { # and what they stored
  container rm --all --force >/dev/null 2>&1 || true
  container volume rm --all --force >/dev/null 2>&1 || true
}
trap clean_up EXIT
mkdir -p "$state"/{bin,work}
# A podman with a place of its own, which the AppHost finds as well.
printf '#!/bin/sh\nexec "%s" --root "%s/storage" --runroot "%s/run" --runtime runc --cgroup-manager cgroupfs "$@"\n' "$(command -v podman)" "$state" "$state" >"$state/bin/podman"
chmod +x "$state/bin/podman"
export PATH="$state/bin:$PATH"
# Podman raises limits of its own accord, which root may not do everywhere.
printf '[containers]\ndefault_ulimits = []\n[network]\nnetwork_backend = "netavark"\n' >"$state/containers.conf"
export CONTAINERS_CONF="$state/containers.conf"

# The first thing to ask for decides: a machine that cannot reach one registry of images reaches none.
export SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
mounts=()
pulled=true
if container pull --quiet "$RUNTIME_IMAGE" >/dev/null 2>&1; then
  say "bases: pulled"
else
  pulled=false
  say "bases: no image can be pulled; making stand-ins out of what is installed"
  prepare_sdk
  prepare_nats
  version=$(sha256sum "$root/eng/container-bases.sh" | cut -c 1-12)
  for base in sdk runtime nats postgres dashboard; do
    declare -x "${base^^}_IMAGE=localhost/stand-in/$base:$version"
    container image exists "localhost/stand-in/$base:$version" || "make_${base}_base" "$state/work"
    say "bases: $base"
  done
  mounts=(--volume "$dotnet_root:$dotnet_root:ro")
fi

secrets=()
for settings in "${NUGET_CONFIG:-}" "$HOME/.nuget/NuGet/NuGet.Config" "$HOME/.config/NuGet/NuGet.Config"; do
  if [ -f "$settings" ]; then secrets=(--secret "id=nuget,src=$settings"); break; fi
done
prepare_packages
standins=
[ ! -e "$root/.use-standins" ] || standins=true
for project in OrderApi:order-api PaymentWorker:payment-worker PaymentGateway:payment-gateway; do
  tag=localhost/ordersystem/${project#*:}:dev
  container build --network host --format docker "${mounts[@]}" "${secrets[@]}" --build-arg "USE_STANDINS=$standins" --build-arg "SDK_IMAGE=$SDK_IMAGE" \
    --build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE" --build-arg "REVISION=$(git -C "$root" rev-parse HEAD)" --tag "$tag" --file "$root/OrderSystem.${project%:*}/Dockerfile" "$root" \
    >"$state/work/build.log" 2>&1 || { tail -n 20 "$state/work/build.log" >&2; fail "images: $tag could not be built; see above."; }
  say "images: $tag $(container image inspect --format '{{.Size}}' "$tag" | awk '{ printf "%.0f MB", $1 / 1e6 }')"
done

rm -f "$socket"
podman system service --time 0 "unix://$socket" >"$state/work/service.log" 2>&1 &
service=$!
for _ in $(seq 100); do [ ! -S "$socket" ] || break; sleep 0.1; done

# Podman leaves the clock of health checks to systemd. Where there is none, this is it.
check_health() {
  local id
  while sleep 1; do
    for id in $(container ps --quiet --filter health=starting --filter health=unhealthy --filter health=healthy); do container healthcheck run "$id" >/dev/null 2>&1 || true; done
  done
}
check_health &
clock=$!

"$root/deploy/compose/secrets.sh"
compose down --volumes >/dev/null 2>&1 || true
forget_containers
compose up --detach --no-build || fail "compose: the system did not come up; see above."
say "compose: up"
ready() { curl -fsS --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null "$(address_of "$1")/ready" 2>/dev/null || fail "compose: $1 does not become ready; see below."; }
ready order-api
ready payment-gateway

authorization="Authorization: Bearer $("$root/deploy/compose/token.sh")"
place() { curl -fsS "$api/orders" -H "$authorization" -H 'content-type: application/json' --data '{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":2,"unitPrice":19.99}]}' | jq -r .id; }
paid() { for _ in $(seq 60); do [ "$(curl -fsS -H "$authorization" "$api/orders/$1" | jq -r .status)" != paid ] || return 0; sleep 0.5; done; return 1; }
api=$(address_of order-api) gateway=$(address_of payment-gateway)
order=$(place)
check "an order is paid" paid "$order"
charged_once() { [ "$(curl -fsS "$gateway/charges?orderId=$1" | jq 'map(select(.status == "succeeded")) | length')" = 1 ]; }
check "it was charged once" charged_once "$order"

for name in order-api payment-worker payment-gateway; do
  id=$(id_of "$name")
  of() { container inspect --format "$1" "$id"; }
  healthy() { for _ in $(seq 30); do ! container healthcheck run "$id" >/dev/null || return 0; sleep 1; done; return 1; }
  check "$name is healthy" healthy
  process=$(of '{{.State.Pid}}')
  not_root() { [ "$(awk '/^Uid:/ { print $2 }' "/proc/$process/status")" = 1654 ]; }
  check "$name runs as 1654" not_root
  no_capabilities() { grep -q -E '^CapEff:\s+0+$' "/proc/$process/status"; }
  check "$name has no capabilities" no_capabilities
  read_only() { awk '$5 == "/" { split($6, options, ","); for (i in options) if (options[i] == "ro") found = 1 } END { exit !found }' "/proc/$process/mountinfo"; }
  check "$name has a read-only root" read_only
  no_shell() { ! container exec "$id" sh -c true >/dev/null 2>&1; }
  check "$name has no shell" no_shell
done

# Under way when the stop comes: what was answered must be settled by those that start again.
placed=()
for _ in $(seq 40); do placed+=("$(place)"); done
for name in payment-worker order-api; do
  id=$(id_of "$name")
  container stop --time 45 "$id" >/dev/null
  orderly() { [ "$(container inspect --format '{{.State.ExitCode}}' "$id")" = 0 ]; }
  check "$name stops in order" orderly
done
compose up --detach --no-build >/dev/null 2>&1
ready order-api
api=$(address_of order-api)
settled() { local one; for one in "${placed[@]}"; do paid "$one" || return 1; done; }
check "all that was under way is paid afterwards" settled
compose down --volumes --timeout 45 >/dev/null 2>&1

# The AppHost's own test, with NATS and PostgreSQL in containers of the images that it asks for.
say "apphost: building"
dotnet build "$root/OrderSystem.Tests" -c Release -nodeReuse:false -v:quiet -clp:NoSummary -p:RunAnalyzers=false >"$state/work/build.log" 2>&1 ||
  { tail -n 20 "$state/work/build.log" >&2; fail "apphost: could not be built; see above."; }
if ! $pulled; then
  dotnet "$root/OrderSystem.AppHost/bin/Release/net10.0/OrderSystem.AppHost.dll" --publisher manifest --output-path "$state/work/manifest.json" >/dev/null
  for base in nats postgres; do container tag "localhost/stand-in/$base:$version" "$(jq -r ".resources.$base.image" "$state/work/manifest.json")"; done
fi
# APPDATA: the passwords of the containers are kept there, as user secrets.
apphost_works() {
  APPDATA="$state/work/secrets" ASPIRE_CONTAINER_RUNTIME=podman Infrastructure=containers \
    dotnet "$root/OrderSystem.Tests/bin/Release/net10.0/OrderSystem.Tests.dll" -noColor -class '*.EndToEnd.AppHostTests' >"$state/work/apphost.log" 2>&1 &&
    ! grep -q 'Total: 0,' "$state/work/apphost.log" || { tail -n 40 "$state/work/apphost.log" >&2; return 1; }
}
check "the AppHost runs its servers in containers, and an order is paid" apphost_works
check "it does so again on what was stored" apphost_works

[ "$failures" -eq 0 ] || fail "containers: $failures checks failed"
say "containers: all checks passed"
