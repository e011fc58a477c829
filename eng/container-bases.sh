#!/usr/bin/env bash
# Sourced by container-test.sh. Where no image can be pulled it makes stand-ins for the base images out of what is installed here: the same
# paths, accounts and variables, and nothing that the Dockerfiles and the Compose file do not need. For tests; not to be shipped.

# A program with the libraries that it loads, at the same paths.
copy_program() { # folder, program...
  local into=$1 program library
  shift
  for program in "$@"; do
    copy_file "$into" "$program"
    for library in $(libraries_of "$program"); do copy_file "$into" "$library"; done
  done
}

# What is no program has none.
libraries_of() { ldd "$1" 2>/dev/null | grep -o '/[^ ]*' || true; }

copy_file() { # folder, file
  local at="$1$2"
  [ -e "$at" ] || { mkdir -p "$(dirname "$at")" && cp -L "$2" "$at"; }
}

# What every image has: accounts, certificates, a place for temporary files.
make_root() { # folder, account, number
  rm -rf "$1"
  mkdir -p "$1"/{etc/ssl/certs,run/secrets,home}
  install -d -m 1777 "$1/tmp"
  printf 'root:x:0:0:root:/root:/sbin/nologin\n%s:x:%s:%s::/home:/sbin/nologin\n' "$2" "$3" "$3" >"$1/etc/passwd"
  printf 'root:x:0:\n%s:x:%s:\n' "$2" "$3" >"$1/etc/group"
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
  # Merged /usr: the loader's path is fixed in every program.
  mkdir -p "$1"/usr/{lib,lib64,bin,sbin}
  ln -s usr/lib "$1/lib"
  ln -s usr/lib64 "$1/lib64"
  ln -s usr/bin "$1/bin"
  ln -s usr/sbin "$1/sbin"
}

make_image() { # folder, tag; the rest of the Dockerfile comes from standard input
  { printf 'FROM scratch\nCOPY . /\n'; cat; } >"$1.Dockerfile"
  container build --quiet --tag "$2" --file "$1.Dockerfile" "$1" >/dev/null
  rm -rf "$1" "$1.Dockerfile"
}

make_shell() { # folder
  copy_program "$1" /usr/bin/{bash,cat,chmod,id,ls,mkdir,rm,env}
  ln -sf bash "$1/usr/bin/sh"
}

dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")

copy_dotnet_libraries() { # folder
  local native library
  for native in $(find "$dotnet_root" -name '*.so' -path '*/Microsoft.NETCore.App/*'); do
    for library in $(libraries_of "$native"); do copy_file "$1" "$library"; done
  done
  # Loaded by name, so that no program says that it needs them.
  for library in libssl.so.3 libcrypto.so.3 libz.so.1; do
    copy_file "$1" "$(ldconfig -p | sed -n "s|.*$library .* => ||p" | head -n 1)"
  done
}

# The SDK itself is mounted while an image is built, not copied.
make_sdk_base() { # work folder
  make_root "$1/sdk" app 1654
  make_shell "$1/sdk"
  copy_dotnet_libraries "$1/sdk"
  mkdir -p "$1/sdk/root" "$1/sdk$dotnet_root"
  ln -s "$dotnet_root/dotnet" "$1/sdk/usr/bin/dotnet"
  make_image "$1/sdk" "$SDK_IMAGE" <<'DOCKERFILE'
ENV PATH=/usr/bin HOME=/root DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
DOCKERFILE
}

# As the chiseled image: the runtime, no shell, no package manager.
make_runtime_base() { # work folder
  local newest folder
  newest=$(dotnet --list-runtimes | sed -n 's/^Microsoft.AspNetCore.App \(10[^ ]*\) .*/\1/p' | tail -n 1)
  make_root "$1/runtime" app 1654
  copy_dotnet_libraries "$1/runtime"
  for folder in "host/fxr/$newest" "shared/Microsoft.NETCore.App/$newest" "shared/Microsoft.AspNetCore.App/$newest"; do
    mkdir -p "$1/runtime$dotnet_root/$folder"
    cp -r "$dotnet_root/$folder/." "$1/runtime$dotnet_root/$folder"
  done
  copy_program "$1/runtime" "$dotnet_root/dotnet"
  ln -s "$dotnet_root/dotnet" "$1/runtime/usr/bin/dotnet"
  make_image "$1/runtime" "$RUNTIME_IMAGE" <<'DOCKERFILE'
ENV PATH=/usr/bin APP_UID=1654 DOTNET_RUNNING_IN_CONTAINER=true DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true
USER 1654
DOCKERFILE
}

make_nats_base() { # work folder
  make_root "$1/nats" nats 1000
  local server library
  server=$(find_program nats-server /usr/sbin "$tools/nats-server/usr/sbin")
  copy_program "$1/nats" /usr/bin/wget
  cp -L "$server" "$1/nats/usr/bin/nats-server"
  for library in $(libraries_of "$server"); do copy_file "$1/nats" "$library"; done
  mkdir -p "$1/nats/data"
  make_image "$1/nats" "$NATS_IMAGE" <<'DOCKERFILE'
ENV PATH=/usr/bin:/usr/sbin
VOLUME /data
EXPOSE 4222 8222 6222
ENTRYPOINT ["nats-server"]
DOCKERFILE
}

# As the official image, as far as the Compose file and the AppHost use it: a password from a variable or a file, and scripts that run once.
make_postgres_base() { # work folder
  local at="$1/postgres" bin program
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1) || fail "postgres: not found. Install it, on Debian with: apt-get install postgresql"
  make_root "$at" postgres 999
  make_shell "$at"
  for program in postgres initdb pg_ctl pg_isready psql; do
    copy_program "$at" "$bin/$program"
    ln -s "$bin/$program" "$at/usr/bin/$program"
  done
  cp -r "$bin/../lib" "$at/$bin/../"
  for program in $(find "$bin/../lib" -name '*.so'); do copy_program "$at" "$(readlink -f "$program")"; done
  mkdir -p "$at/usr/share" "$at/docker-entrypoint-initdb.d" "$at"/var/{lib,run}
  install -d -m 1777 "$at"/var/{lib,run}/postgresql
  cp -r /usr/share/postgresql "$at/usr/share/"
  cp -r /usr/share/zoneinfo "$at/usr/share/" 2>/dev/null || true
  cat >"$at/usr/bin/docker-entrypoint.sh" <<'SCRIPT'
#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s\n' "${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}" |
    initdb --pgdata="$PGDATA" --username="${POSTGRES_USER:-postgres}" --encoding=UTF8 --pwfile=/dev/stdin --auth-local=trust $POSTGRES_INITDB_ARGS
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --wait --options="-c listen_addresses=" start
  for script in /docker-entrypoint-initdb.d/*.sh; do [ ! -f "$script" ] || sh "$script"; done
  pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
fi
exec "$@"
SCRIPT
  chmod 755 "$at/usr/bin/docker-entrypoint.sh"
  make_image "$at" "$POSTGRES_IMAGE" <<'DOCKERFILE'
ENV PATH=/usr/bin PGDATA=/var/lib/postgresql/data LC_ALL=C
VOLUME /var/lib/postgresql
USER postgres
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres", "-c", "listen_addresses=*"]
DOCKERFILE
}

# The dashboard itself is the real one, out of the package that the AppHost starts it from.
make_dashboard_base() { # work folder
  local packages bundle library
  packages=$(dotnet nuget locals global-packages --list | sed 's/^global-packages: //')
  dotnet restore "$root/OrderSystem.AppHost" -v:quiet >/dev/null || fail "dashboard: its package could not be restored."
  bundle=$(ls -d "$packages"/aspire.dashboard.sdk.linux-*/*/tools | sort -V | tail -n 1)
  make_root "$1/dashboard" app 1654
  copy_dotnet_libraries "$1/dashboard"
  mkdir -p "$1/dashboard/app"
  cp -r "$bundle/." "$1/dashboard/app"
  for library in $(libraries_of "$bundle/Aspire.Dashboard"); do copy_file "$1/dashboard" "$library"; done
  make_image "$1/dashboard" "$DASHBOARD_IMAGE" <<'DOCKERFILE'
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true DOTNET_SYSTEM_GLOBALIZATION_PREDEFINED_CULTURES_ONLY=false DOTNET_EnableDiagnostics=0 HOME=/tmp
ENV ASPNETCORE_URLS=http://0.0.0.0:18888 ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://0.0.0.0:18889 ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL=http://0.0.0.0:18890
WORKDIR /app
USER 1654
ENTRYPOINT ["/app/Aspire.Dashboard"]
DOCKERFILE
}
