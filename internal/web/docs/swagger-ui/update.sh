#!/bin/sh
# Fetches the files that the page at /docs is made of from the package
# swagger-ui-dist, at the version and with the checksum in VERSION. Nothing of the
# package runs. With --check it says whether the files here are those.
set -eu
cd "$(dirname "$0")"
read -r version integrity <VERSION

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "swagger-ui-dist@$version" >/dev/null
got=sha512-$(openssl dgst -sha512 -binary "$work/swagger-ui-dist-$version.tgz" | base64 | tr -d '\n')
if [ "$got" != "$integrity" ]; then
	echo "swagger-ui-dist $version has the checksum $got, VERSION says $integrity" >&2
	exit 1
fi
tar -xzf "$work/swagger-ui-dist-$version.tgz" -C "$work"

if [ "${1-}" = --check ]; then
	for file in LICENSE NOTICE swagger-ui-bundle.js.LICENSE.txt; do
		cmp "$work/package/$file" "$file"
	done
	for file in swagger-ui-bundle.js swagger-ui.css; do
		gzip -dc "$file.gz" | cmp "$work/package/$file" -
	done
	exit
fi
cp "$work"/package/LICENSE "$work"/package/NOTICE "$work"/package/swagger-ui-bundle.js.LICENSE.txt .
for file in swagger-ui-bundle.js swagger-ui.css; do
	gzip -9nc "$work/package/$file" >"$file.gz"
done
