#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# referee.sh PROGRAM: runs referee.R where R and the two packages are there.
set -eu
here=$(dirname "$0")
if ! Rscript -e 'stopifnot(requireNamespace("eaf"), requireNamespace("emoa"))' >/dev/null 2>&1; then
    if [ "${CI:-}" = true ]; then
        echo "failed: needed in CI: R with the packages eaf and emoa" >&2
        exit 1
    fi
    echo "skipped: R with the packages eaf and emoa is not there"
    exit 77
fi
exec Rscript --vanilla "$here/referee.R" "$1"
