#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests what `setup` installs, with stand-ins for dpkg-query, apt-get, sudo, id, cmake, ctest and
# the program: test_setup.sh TOP_OF_SOURCES
set -eu
top=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# stand_in NAME: a script from stdin that is found before the real command.
stand_in()
{
    {
        echo '#!/bin/sh'
        cat
    } >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

# attempt WORD...: runs setup anew and keeps its exit code, its output and the calls it made.
attempt()
{
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/build/bin"
    cp "$top/setup" "$scratch/tree/setup"
    cp "$scratch/bin/program" "$scratch/tree/build/bin/qeilsim"
    : >"$scratch/calls"
    code=0
    (cd / && PATH="$scratch/bin:/usr/bin:/bin" SCRATCH="$scratch" "$scratch/tree/setup" "$@") \
        >"$scratch/output" 2>&1 </dev/null || code=$?
}

# expect WHAT COMMAND...: counts a failure unless the command succeeds.
expect()
{
    what=$1
    shift
    if ! "$@"; then
        failed=$((failed + 1))
        echo "failed: $what (exit $code)"
        cat "$scratch/output" "$scratch/calls"
    fi
}

calls()
{
    grep -q -e "$1" "$scratch/calls"
}

no_calls()
{
    ! calls "$1"
}

says()
{
    grep -q -e "$1" "$scratch/output"
}

mkdir "$scratch/bin"
for name in cmake ctest program; do
    stand_in "$name" <<'END'
echo "${0##*/} $*" >>"$SCRATCH/calls"
END
done
stand_in apt-get <<'END'
echo "apt-get $* (${DEBIAN_FRONTEND-})" >>"$SCRATCH/calls"
[ "$1" != update ] || exit 100
for word; do case $word in libgsl-dev | gnuplot-nox) touch "$SCRATCH/has-$word" ;; esac; done
END
stand_in sudo <<'END'
echo "sudo $*" >>"$SCRATCH/calls"
exec "$@"
END
stand_in id <<'END'
cat "$SCRATCH/uid"
END
echo 0 >"$scratch/uid"

# All there: libc6-dev for two architectures.
stand_in dpkg-query <<'END'
for package; do :; done
[ "$package" != libc6-dev ] || printf ' installed '
printf ' installed '
END
attempt demo
expect "all installed: done" test "$code" -eq 0
expect "all installed: no apt-get" no_calls 'apt-get\|sudo'
expect "the demo explores" calls '^qeilsim explore scenarios/quickstart.yaml -o out/quickstart.h5'
expect "the demo builds no tests" calls '^cmake .*-DBUILD_TESTING=OFF'
expect "the demo names its files" says 'out/quickstart-front.png'
attempt test
expect "test: done" test "$code" -eq 0
expect "test: no apt-get" no_calls 'apt-get\|sudo'
expect "test runs ctest" calls '^ctest '

# Two missing: one never heard of, one removed but for its settings.
stand_in dpkg-query <<'END'
for package; do :; done
[ ! -e "$SCRATCH/has-$package" ] || { printf ' installed '; exit; }
case $package in
libgsl-dev) exit 1 ;;
gnuplot-nox) printf ' config-files ' ;;
*) printf ' installed ' ;;
esac
END
attempt demo
expect "as root: done although the update failed" test "$code" -eq 0
expect "as root: no sudo" no_calls sudo
expect "as root: only what is missing" \
    calls '^apt-get install .*Lock::Timeout=300 libgsl-dev gnuplot-nox (noninteractive)$'
attempt demo
expect "then: no apt-get" no_calls apt-get

rm -f "$scratch"/has-*
echo 1000 >"$scratch/uid"
attempt demo
expect "with sudo: done" test "$code" -eq 0
expect "with sudo: update" calls '^sudo apt-get update'
expect "with sudo: install" calls '^sudo env DEBIAN_FRONTEND=noninteractive apt-get install'

# Neither root nor sudo. The real one must not be found.
rm -f "$scratch"/has-* "$scratch/bin/sudo"
for name in dirname mkdir tail rm cat cp env nproc; do
    ln -s "$(command -v "$name")" "$scratch/bin/$name"
done
code=0
: >"$scratch/calls"
PATH="$scratch/bin" SCRATCH="$scratch" /bin/sh "$scratch/tree/setup" demo >"$scratch/output" 2>&1 ||
    code=$?
expect "neither: exit 1" test "$code" -eq 1
expect "neither: no apt-get" no_calls apt-get
expect "neither: the line to run" \
    says '^apt-get update && apt-get install -y --no-install-recommends libgsl-dev gnuplot-nox$'

# A build that fails shows the log's end.
touch "$scratch/has-libgsl-dev" "$scratch/has-gnuplot-nox"
stand_in cmake <<'END'
[ "$1" = --build ] || exit 0
echo "no such header"
exit 2
END
attempt demo
expect "failed build: exit 1" test "$code" -eq 1
expect "failed build: the log's end" says '^no such header'
attempt nonsense
expect "unknown word: exit 2" test "$code" -eq 2

echo "$failed failed"
[ "$failed" -eq 0 ]
