#!/bin/sh
# Three servers on one PostgreSQL, and nginx before them, in a directory that goes
# away when the demonstration ends: demo/postgres.sh PROGRAM [HOST:PORT]. It takes
# PostgreSQL and nginx from what the system has installed.
set -eu
program=$(realpath "$1")
address=${2:-127.0.0.1:8080}
PATH=$PATH:/usr/sbin:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)

for tool in initdb:postgresql nginx:nginx; do
	command -v "${tool%:*}" >/dev/null || { echo "demo: install ${tool#*:}, such as: apt-get install ${tool#*:}" >&2; exit 1; }
done

# PostgreSQL runs as an ordinary user: as root, all of this does.
if [ "$(id -u)" = 0 ]; then
	place=$(mktemp -d)
	trap 'rm -rf "$place"' EXIT
	install -m 0755 "$program" "$0" "$place" # where that user may read them
	chown nobody "$place" && chmod 700 "$place"
	setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups env HOME="$place" TMPDIR="$place" \
		"$place/$(basename "$0")" "$place/$(basename "$program")" "$address" &
	child=$!
	trap 'kill $child 2>/dev/null || :; wait $child || :; rm -rf "$place"' EXIT
	trap 'exit 0' INT TERM
	wait $child && exit 0 || exit 1
fi

dir=$(mktemp -d)
running=
ended() {
	trap - EXIT INT TERM
	for pid in $running; do kill -INT "$pid" 2>/dev/null || :; done
	wait || :
	rm -rf "$dir"
}
trap ended EXIT
trap 'exit 0' INT TERM

# The database: a socket in the directory, which nobody else may enter.
initdb -D "$dir/data" -U matricula -A trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
postgres -D "$dir/data" -c listen_addresses= -c unix_socket_directories="$dir" >"$dir/postgres.log" 2>&1 &
running="$!"
export MATRICULA_DATABASE="postgres:///matricula?user=matricula&host=$dir"
head -c 32 /dev/urandom | base64 >"$dir/secret"
export MATRICULA_SECRET_FILE="$dir/secret" MATRICULA_PUBLIC_URL="http://localhost:${address##*:}"
export MATRICULA_TRUSTED_PROXIES=127.0.0.1 MATRICULA_LOG_LEVEL=warn
for try in $(seq 100); do
	createdb -h "$dir" -U matricula matricula 2>"$dir/createdb.log" && break
	sleep 0.1
done

# The three, each with a data directory for its mails.
for n in 1 2 3; do
	"$program" serve --addr 127.0.0.1:0 --data "$dir/$n" --port-file "$dir/port$n" >/dev/null 2>"$dir/serve$n.log" &
	running="$! $running"
done
servers=
for n in 1 2 3; do
	for try in $(seq 300); do [ -s "$dir/port$n" ] && break; sleep 0.1; done
	[ -s "$dir/port$n" ] || { cat "$dir/serve$n.log" >&2; exit 1; }
	servers="$servers        server $(cat "$dir/port$n");
"
done

cat >"$dir/nginx.conf" <<EOF
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.log crit;
events {}
http {
    access_log off;
    client_body_temp_path $dir/nginx-body;
    proxy_temp_path $dir/nginx-proxy;
    fastcgi_temp_path $dir/nginx-fastcgi;
    uwsgi_temp_path $dir/nginx-uwsgi;
    scgi_temp_path $dir/nginx-scgi;
    merge_slashes off;
    upstream matricula {
$servers        keepalive 16;
        keepalive_timeout 30s;
    }
    server {
        listen $address;
        location / {
            proxy_pass http://matricula;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host \$host:\$server_port;
            proxy_set_header X-Forwarded-For \$remote_addr;
            add_header X-Served-By \$upstream_addr always; # to see that they take turns
        }
    }
}
EOF
nginx -c "$dir/nginx.conf" -p "$dir" -e "$dir/nginx.log" 2>/dev/null &
running="$! $running"
for try in $(seq 50); do [ -s "$dir/nginx.pid" ] && break; sleep 0.1; done
[ -s "$dir/nginx.pid" ] || { sed 1q "$dir/nginx.log" >&2; echo "demo: choose another address: make demo-postgres ADDR=127.0.0.1:8081" >&2; exit 1; }

# Somebody to sign in as, and an address that may register a club.
"$program" roster add chess@example.edu >/dev/null
echo "a password that is long enough" | "$program" account create ada@example.edu --name "Ada Lovelace" --password-stdin >/dev/null

cat <<EOF
nginx serves http://localhost:${address##*:} before three servers on one PostgreSQL.
Mails are files in $dir/1/mail, $dir/2/mail and $dir/3/mail.

Sign in at any of them, and ask all of them who you are; then sign out, and ask again:

curl -s -w '\n' -c '$dir/cookies' -H 'Content-Type: application/json' -d '{"email":"ada@example.edu","password":"a password that is long enough"}' http://localhost:${address##*:}/api/auth/sign-in
for i in 1 2 3; do curl -s -i -b '$dir/cookies' http://localhost:${address##*:}/api/auth/info | grep -iE '^(HTTP|X-Served-By)'; done
curl -s -w '\n' -b '$dir/cookies' -X POST http://localhost:${address##*:}/api/auth/sign-out

Commands work beside the servers:

MATRICULA_DATABASE='$MATRICULA_DATABASE' MATRICULA_SECRET_FILE='$dir/secret' $program account list

Ctrl-C ends all of it and takes its data away.
EOF
wait
