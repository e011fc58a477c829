#!/bin/sh
# Fetches the Aspire dashboard into DIR, out of the npm package of the Aspire CLI, whose bundle contains it.
# Changes nothing outside DIR, and nothing at all when the version is there already. Prints one line.
# Leaves DIR/bundle/aspire-managed, which the AppHost finds when DIR is .tools/dashboard.
set -eu

version=${ASPIRE_CLI_VERSION:-13.5.4}
[ $# -eq 1 ] || { echo "usage: fetch-dashboard.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)

if [ "$(cat "$dir/version" 2>/dev/null || true)" = "$version" ] && [ -x "$dir/bundle/aspire-managed" ]; then
  echo "dashboard: $version is in $1"
  exit 0
fi

fail() { echo "dashboard: $1" >&2; exit 1; }
command -v npm >/dev/null || fail "npm is needed to fetch it; install npm, or run without the dashboard"

case $(uname -s) in
  Linux) system=linux ;;
  Darwin) system=osx ;;
  *) fail "there is no package of it for $(uname -s)" ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=x64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) fail "there is no package of it for $(uname -m)" ;;
esac
package=@microsoft/aspire-cli-$system-$machine

work=$dir/fetch
trap 'rm -rf "$work"' EXIT
rm -rf "$work" "$dir/bundle" "$dir/version"
mkdir -p "$work/home" "$dir/home"
echo '{"private":true}' >"$work/package.json"
npm install --prefix "$work" --cache "$work/cache" --no-audit --no-fund --no-save --loglevel=error "$package@$version" >"$work/log" 2>&1 \
  || fail "npm could not install $package@$version: $(tail -n 1 "$work/log")"

# The program unpacks its bundle beside itself or below its home directory; what counts is the file that has to be there.
HOME=$work/home ASPIRE_CLI_TELEMETRY_OPTOUT=true features__updateNotificationsEnabled=false \
  "$work/node_modules/$package/bin/aspire" setup --nologo --non-interactive >"$work/log" 2>&1 || true
managed=$(find "$work" -type f -name aspire-managed | head -n 1)
[ -n "$managed" ] || fail "the package $package@$version has no dashboard: $(tail -n 1 "$work/log")"
mv "$(dirname "$managed")" "$dir/bundle"
# The CLI itself reads telemetry out of a running dashboard: aspire otel traces --dashboard-url …
mkdir -p "$dir/bin"
mv -f "$work/node_modules/$package/bin/aspire" "$dir/bin/aspire"
chmod +x "$dir/bundle/aspire-managed" "$dir/bin/aspire"
echo "$version" >"$dir/version"
echo "dashboard: $version fetched into $1"
