# A server of its own in a folder of its own, for what is measured: sourced by the programs beside it, which say
# `engine` first. `USHER` and `LOAD` name other programs than those of `cargo build --release`; KEEP=1 goes on with what
# is there. Offers `json FILE NAME`, `organization SLUG DOMAIN`, `serve`; sets `here`, `home`, `load`, `usher`, `server`.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# PostgreSQL is started for what measures on it, unless BENCH_DATABASE_URL names one.
if [ "$engine" = postgres ] && [ -z "${BENCH_DATABASE_URL-}" ]; then
    exec "$here/scripts/postgres" --durable env BENCH_DATABASE_URL=own "$0" "${given[@]}"
fi

usher=${USHER:-$here/target/release/usher}
load=${LOAD:-$here/target/release/usher-load}
for program in "$usher" "$load"; do
    if [ ! -x "$program" ]; then
        echo "$0: $program is not built: cargo build --release -p usher -p usher-load" >&2
        exit 1
    fi
done

home=$here/target/bench/$engine
if [ -z "${KEEP-}" ]; then rm -rf "$home"; fi
mkdir -p "$home"
cd "$home"

port=${PORT:-$((12000 + RANDOM % 8000))}
export USHER_LISTEN=127.0.0.1:$port USHER_PUBLIC_URL=http://127.0.0.1:$port USHER_LOG=${USHER_LOG:-warn}
export USHER_MASTER_KEY_FILE=$home/usher.key
if [ "$engine" = postgres ]; then
    if [ "$BENCH_DATABASE_URL" = own ]; then BENCH_DATABASE_URL=$TEST_DATABASE_URL; fi
    export USHER_DATABASE_URL=$BENCH_DATABASE_URL
    [ -e usher.key ] || (umask 077 && openssl rand -base64 32 >usher.key)
else
    export USHER_DATABASE_URL=sqlite://$home/usher.db
fi

json() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

# The identity provider whose responses the load tool signs.
provider() {
    [ -e idp.xml ] && return
    openssl req -x509 -newkey rsa:2048 -nodes -keyout idp.key -out idp.pem -subj /CN=load -days 365 2>/dev/null
    certificate=$(openssl x509 -in idp.pem -outform DER | base64 -w0)
    cat >idp.xml <<XML
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.load.example/metadata">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>$certificate</X509Certificate></X509Data>
</KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
Location="https://idp.load.example/sso"/></IDPSSODescriptor></EntityDescriptor>
XML
}

# An organization of this slug, whose one connection is in SLUG.json, with an app.
organization() {
    [ -e "$1.json" ] && return
    provider
    "$usher" org create "$1" --json >organization.json
    [ -e app.json ] ||
        "$usher" app create --name Load --redirect-uri http://127.0.0.1:9/callback --json >app.json
    "$usher" connection create --org "$1" --name Load --profile okta --idp-metadata idp.xml \
        --trusted-domain load.example --jit on --app "$(json app.json client_id)" --json >"$1.json.new"
    mv "$1.json.new" "$1.json"
}

# Starts the server and waits until it is ready: `ready` is how long that took, in ms.
serve() {
    local before
    before=$(date +%s%N)
    "$usher" serve >>serve.log 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
    until curl -sf -o /dev/null "$USHER_PUBLIC_URL/readyz"; do
        kill -0 $server 2>/dev/null || { tail -3 serve.log >&2; exit 1; }
        sleep 0.005
    done
    ready=$((($(date +%s%N) - before) / 1000000))
}
