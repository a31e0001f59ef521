#!/usr/bin/env bash
# bash 5.2.15 (Debian 12) ends a subshell in the midst: in `( . ./settings; make )` nothing behind the sourced file is run when
# the last line of that file is a list (`;` or `&&`) that ends with a program, as `export TMPDIR=/x; mkdir -p $TMPDIR`. The
# program takes the place of the subshell (as the last command of a subshell may, to save a process), so there is no message,
# and the status is that of the program: a build that was never started is a success. The same file works without the
# parentheses, with the program on a line of its own, with `eval`, and from a function.
#
# Runs the three forms. Exits 0 while the list drops what follows. Needs Debian's packages.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q bash=5.2.15-2+b13 >/dev/null 2>&1
dpkg-deb -x bash_*.deb .
printf 'A=1; /bin/true\n' >list
printf 'A=1\n/bin/true\n' >lines
seen() { ./bin/bash -c "$1" | tr '\n' ' '; }
list=$(seen '( . ./list; echo made ); echo "status $?"')
lines=$(seen '( . ./lines; echo made ); echo "status $?"')
bare=$(seen '. ./list; echo made; echo "status $?"')
echo "bash $(./bin/bash -c 'echo $BASH_VERSION'): list in a subshell: $list; lines in a subshell: $lines; list without: $bare"
[ "$list" = "status 0 " ] && [ "$lines" = "made status 0 " ] && [ "$bare" = "made status 0 " ]
