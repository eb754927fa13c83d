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
links=$(find usr -type l)
[ -z "$links" ] || {
    echo "links, which may lead out of the tree:" "$links"
    exit 1
}
for page in man/man1/qeilsim.1 bash-completion/completions/qeilsim zsh/site-functions/_qeilsim; do
    [ -s usr/share/$page ] || {
        echo "share/$page is not installed"
        exit 1
    }
done

# own WORD...: the installed program with an empty environment, so with its own tree alone.
own()
{
    env -i LC_ALL=C.UTF-8 HOME="$scratch" usr/bin/qeilsim "$@" || {
        echo "failed: qeilsim $*"
        exit 1
    }
}
own --man | cmp - usr/share/man/man1/qeilsim.1
own list >list.txt
own explore quickstart --quiet -o named.h5 >explored.txt
own explore usr/share/qeilsim/scenarios/quickstart.yaml --quiet -o file.h5 >/dev/null
cmp named.h5 file.h5
own show named.h5 >shown.txt
own plot named.h5 front --script >front.gp
for output in list.txt explored.txt shown.txt front.gp; do
    [ -s $output ] || {
        echo "$output is empty"
        exit 1
    }
done
