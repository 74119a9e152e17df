#!/bin/sh
# Find out which dependencies of a build are missing, and install them on Debian and Ubuntu, as root
# or through sudo. Quick and silent when nothing is missing; safe to run again.
#
#     setup.sh           print what is missing, and install it
#     setup.sh --list    print what is missing; exit 1 if anything is
#
# DNNL_ROOT=FOLDER: a oneDNN in this folder is used, and the system's is not needed.
set -eu

missing=''
need() { # PACKAGE COMMAND...: the package is missing if the command fails
    package=$1
    shift
    "$@" > /dev/null 2>&1 || missing="$missing $package"
}
pkg() { pkg-config --exists "$1"; }
compiles() { echo 'int main(void) { return 0; }' | ${CC:-cc} -x c - -o /dev/null; }
header() { echo "#include <$1>" | ${CC:-cc} -x c -E - -o /dev/null; }

need gcc compiles
need libc6-dev header stdio.h
need make command -v make
need cmake command -v cmake
need ninja-build command -v ninja
need pkg-config command -v pkg-config
[ -n "${DNNL_ROOT:-}" ] || need libdnnl-dev header dnnl.h
need libjpeg-dev pkg libjpeg
need libpng-dev pkg libpng
need libwebp-dev pkg libwebpdemux
need libgif-dev pkg libgif
need libtiff-dev pkg libtiff-4
need libheif-dev pkg libheif
need liblmdb-dev pkg lmdb
need libjansson-dev pkg jansson
need libinih-dev pkg inih
need libcairo2-dev pkg cairo
need libcmocka-dev pkg cmocka
need locales test -f /usr/share/i18n/locales/de_DE # for test_locale
[ -n "$missing" ] || exit 0

echo "Missing for the build:$missing"
[ "${1:-}" != --list ] || exit 1
if ! command -v apt-get > /dev/null; then
    echo "(these are Debian's names). Please install them, then try again."
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root='env'
elif command -v sudo > /dev/null; then
    as_root='sudo env'
else
    echo "Please install them as root, then try again:"
    echo "    apt-get install$missing"
    exit 1
fi
echo "Installing them with apt-get."
$as_root apt-get -qq update
# shellcheck disable=SC2086 # the words are separate arguments
$as_root DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
