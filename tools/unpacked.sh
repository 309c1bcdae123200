#!/bin/sh
# Unpacks mail servers that cannot be installed beside Postfix (Debian lets a machine have one) into .cache/unpacked,
# and prints which packages of libraries they need. Tests run them from there, in a mount namespace of their own.
set -eu
cd "$(dirname "$0")/.."
folder=.cache/unpacked
for package in exim4-daemon-light opensmtpd; do
    if [ ! -d "$folder/$package" ]; then
        command -v apt-get >/dev/null || exit 0 # the tests that need them skip and say so
        echo "daemons: unpacking $package" >&2
        draft=$(mktemp -d)
        (cd "$draft" && apt-get -qq -o APT::Sandbox::User=root download $package >&2) || {
            apt-get update -qq >&2 # the lists are old
            (cd "$draft" && apt-get -qq -o APT::Sandbox::User=root download $package >&2)
        }
        dpkg -x "$draft"/*.deb "$draft/$package"
        apt-cache depends $package | sed -n 's/^ *Depends: \(lib.*\)/\1/p' >"$draft/$package/libraries"
        mkdir -p $folder
        mv "$draft/$package" $folder/
        rm -rf "$draft"
    fi
    cat "$folder/$package/libraries"
done
