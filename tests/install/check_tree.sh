#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs to a scratch folder and runs the program from there with nothing but its own tree:
# check_tree.sh BUILD_FOLDER
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$1" --prefix "$scratch/usr" >"$scratch/log" || {
    cat "$scratch/log"
    exit 1
}
cd "$scratch"
for folder in devices/catalog/devices devices/catalog/platforms workloads/catalog scenarios; do
    set -- usr/share/qeilsim/"$folder"/*.yaml
    [ -e "$1" ] || {
        echo "no YAML installed in share/qeilsim/$folder"
        exit 1
    }
done
strays=$(find usr -type f ! -path usr/bin/qeilsim ! -path 'usr/share/*')
[ -z "$strays" ] || {
    echo "installed, but should not be:" "$strays"
    exit 1
}
env -i LC_ALL=C.UTF-8 HOME="$scratch" usr/bin/qeilsim list >list.txt
[ -s list.txt ] || {
    echo "qeilsim list printed nothing"
    exit 1
}
