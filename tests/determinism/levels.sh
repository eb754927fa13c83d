#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# levels.sh BUILD BUILD...: the programs of builds at different levels of optimisation must write the
# same bytes for the same seed. The first build is what the others are held against.
set -eu
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

written() # BUILD FOLDER
{
    local program=$1/bin/qeilsim
    export QEILSIM_DATA=$1/share/qeilsim
    mkdir "$2"
    "$program" run "$source/tests/support/tiny.yaml" --plan knee --quiet --json -o "$2/tiny.h5" \
        --requests "$2/tiny.csv" >"$2/tiny.json"
    "$program" run quickstart --plan qeil-v1 --quiet -o "$2/quickstart.h5" >"$2/quickstart.txt"
    "$program" explore quickstart --evaluations 1000 --set outputs.replay=3 --quiet \
        -o "$2/explored.h5" >"$2/explored.txt"
}

first=$1 code=0
written "$first" "$scratch/first"
shift
for build; do
    rm -rf "$scratch/other"
    written "$build" "$scratch/other"
    if diff -r "$scratch/first" "$scratch/other"; then
        echo "$build writes what $first writes"
    else
        code=1
    fi
done
exit $code
