#!/bin/sh
# An installation into a folder of its own, and the examples built against it as a user would build
# them: pkg-config with the C compiler, CMake's find_package, each shared and static, and as C++. Then
# training and classification with what was built.
#
#     install.sh SOURCE BUILD CC
set -eu
source=$1 build=$2 cc=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export OMP_WAIT_POLICY=passive # other tests run beside this one
failed() { echo "install.sh: $*"; exit 1; }

cmake --install "$build" --prefix "$scratch/first" > install.log
mv first prefix # an installation may be moved
prefix=$scratch/prefix
libdir=$(dirname "$(find "$prefix" -name libalexnet.a)")
for file in include/alexnet/alexnet.h bin/alexnet share/alexnet/nets/alexnet.ini \
    share/alexnet/recipes/default.ini share/doc/alexnet/docs/networks.md share/doc/alexnet/README.md \
    share/doc/alexnet/examples/classify.c; do
    [ -f "prefix/$file" ] || failed "$file was not installed"
done
# links FILE: those to other files. The header is not beside the documents.
links() { grep -o ']([^)#:]*' "$1" | sed 's/](//; /^$/d; /^https*$/d; /^include\//d'; }
documents=$prefix/share/doc/alexnet
for file in "$documents"/*.md "$documents"/docs/*.md; do
    for link in $(links "$file"); do
        [ -e "${file%/*}/$link" ] || failed "$file links to $link, which is not installed"
    done
done
for file in "$documents"/docs/*.md; do
    links "$documents/README.md" | grep -qx "docs/${file##*/}" || failed "README.md lacks ${file##*/}"
done
# What the program prints of itself, from another day than today.
printed() {
    file=$prefix/share/$1
    shift
    "$prefix/bin/alexnet" "$@" | sed '/^\.TH /d' > printed
    sed '/^\.TH /d' "$file" | cmp -s - printed || failed "$file is not what alexnet $* prints"
}
printed man/man1/alexnet.1 manual
printed bash-completion/completions/alexnet completion bash
printed zsh/site-functions/_alexnet completion zsh
printed fish/vendor_completions.d/alexnet.fish completion fish
export PKG_CONFIG_PATH="$libdir/pkgconfig"
export LD_LIBRARY_PATH="$libdir"
[ "$(pkg-config --modversion alexnet)" = "$("$prefix/bin/alexnet" --version | sed 's/[^0-9]*\([0-9.]*\).*/\1/;q')" ] ||
    failed "pkg-config and the command disagree about the version"
PKG_CONFIG_LIBDIR=$PKG_CONFIG_PATH PKG_CONFIG_PATH='' pkg-config --cflags --libs alexnet > flags ||
    failed "the shared library needs other modules: $(pkg-config --print-requires-private alexnet)"

for name in classify distance explain features pack rdm similar source train; do
    # shellcheck disable=SC2046 # the flags are separate arguments
    {
        $cc -std=c11 -Wall -Wextra -Werror "$source/examples/$name.c" -o "$name-shared" \
            $(pkg-config --cflags --libs alexnet) -lm
        $cc -std=c11 "$source/examples/$name.c" -o "$name-static" $(pkg-config --cflags alexnet) \
            "$libdir/libalexnet.a" \
            $(pkg-config --static --libs alexnet | sed 's/-lalexnet\( \|$\)/ /')
    }
    ldd "$name-shared" | grep -q libalexnet || failed "$name-shared does not use the library"
    ! ldd "$name-static" | grep -q libalexnet || failed "$name-static uses the shared library"
done

ln -s prefix 'my programs' # a path may have a blank
for static in OFF ON; do
    cmake -S "$source/examples" -B "cmake-$static" -DCMAKE_PREFIX_PATH="$scratch/my programs" \
        -DCMAKE_C_COMPILER="$cc" -DALEXNET_STATIC=$static > cmake.log || failed "$(cat cmake.log)"
    cmake --build "cmake-$static" > cmake.log || failed "$(cat cmake.log)"
done

# The header, and every default of its options, as C and as C++, with warnings that a strict program
# turns on.
{
    echo '#include <alexnet/alexnet.h>'
    sed -n 's/^#define \(ALEXNET_[A-Z_]*\)_INIT.*/\1/p' prefix/include/alexnet/alexnet.h |
        while read -r name; do
            type=$(echo "$name" | tr '[:upper:]' '[:lower:]')
            echo "extern const $type default_$type; const $type default_$type = ${name}_INIT;"
        done
    echo 'int main(void) { return alexnet_version()[0] == 0 || ALEXNET_PROGRESS_EPOCH != 4; }'
} > header.c
[ "$(grep -c _INIT header.c)" -gt 10 ] || failed "no defaults of options: $(cat header.c)"
strict="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Werror"
# shellcheck disable=SC2046,SC2086
$cc -std=c11 $strict -Wstrict-prototypes header.c -o header $(pkg-config --cflags --libs alexnet)
./header
if command -v c++ > /dev/null; then
    # shellcheck disable=SC2046,SC2086
    c++ -x c++ -std=c++11 $strict -Wold-style-cast -Wzero-as-null-pointer-constant header.c \
        -x none -o header $(pkg-config --cflags --libs alexnet)
    ./header
fi

# A run over a source of callbacks continues where it stopped when the source is passed again.
./source-shared drawn alexnet-mini 1 > drawn.log || failed "$(cat drawn.log)"
./source-static drawn alexnet-mini 2 > drawn.log || failed "$(cat drawn.log)"
grep -q '^epoch 2 of 2' drawn.log || failed "the run did not go on: $(cat drawn.log)"
! grep -q '^epoch 1 of' drawn.log || failed "the run began again: $(cat drawn.log)"

# What was installed is removed again, and nothing else.
mkdir 'to remove' && touch 'to remove/mine'
set -- BUILD=. PREFIX="/usr of it" DESTDIR="$scratch/to remove/FILE's"
make -s -C "$build" -f "$source/Makefile" -o all install "$@" > install.log
[ -x "to remove/FILE's/usr of it/bin/alexnet" ] || failed "make install: $(cat install.log)"
make -s -C "$build" -f "$source/Makefile" uninstall "$@"
[ "$(find 'to remove' ! -type d)" = 'to remove/mine' ] || failed "left: $(find 'to remove' ! -type d)"

# The programs work: after a short training they tell dark from light pictures.
"$build/tests/draw_classes" pictures 10
./train-shared pictures run alexnet-mini 20 > train.log || failed "$(cat train.log)"
for program in ./classify-shared ./classify-static cmake-OFF/classify cmake-ON/classify; do
    $program run pictures/dark/003.png pictures/light/007.png > answer
    [ "$(awk 'NR % 3 == 2 { printf "%s ", $2 }' answer)" = "dark light " ] ||
        failed "$program: $(cat train.log answer)"
done

# A model embedded in a program, as C and as C++.
mkdir embedded
"$prefix/bin/alexnet" convert run embedded/model.c > answer 2>&1 || failed "$(cat answer)"
# shellcheck disable=SC2046
$cc -std=c11 -Wall -Wextra -Werror -pedantic -Iembedded "$source/examples/embedded.c" \
    embedded/model.c -o embedded-shared $(pkg-config --cflags --libs alexnet)
cmake -S "$source/examples" -B cmake-OFF -DMODEL_DIR="$scratch/embedded" > cmake.log ||
    failed "$(cat cmake.log)"
cmake --build cmake-OFF --target embedded > cmake.log || failed "$(cat cmake.log)"
for program in ./embedded-shared cmake-OFF/embedded; do
    $program pictures/dark/003.png pictures/light/007.png > answer || failed "$program: $(cat answer)"
    [ "$(sed 's/.*: \(.*\), .*/\1/' answer | tr '\n' ' ')" = "dark light " ] ||
        failed "$program: $(cat answer)"
done
if command -v c++ > /dev/null; then
    c++ -x c++ -std=c++11 -Wall -Wextra -Werror -pedantic -c embedded/model.c -o model-cc.o
    nm model-cc.o | grep -q ' model_data$' || failed "as C++, the model has another name"
fi

./explain-shared run pictures/light/007.png > answer || failed "explain: $(cat answer)"
grep -q '^pictures/light/007.png: light, ' answer || failed "explain: $(cat answer)"
./features-shared run fc7 pictures/dark pictures/light > answer || failed "features: $(cat answer)"
[ "$(grep -c '^pictures/dark/003.png: pictures/dark/' answer)" = 1 ] || failed "features: $(cat answer)"
./rdm-shared run pictures/dark/00[0-3].png pictures/light/00[0-3].png > answer || failed "rdm: $(cat answer)"
[ "$(head -n 1 answer) $(wc -l < answer)" = "conv1: 1.0000 8" ] || failed "rdm: $(cat answer)"
if ./classify-shared run pictures/dark/003.png "$source/README.md" > answer 2> errors; then
    failed "a text was taken for a picture"
fi
grep -q 'README.md' errors || failed "the error does not name the file: $(cat errors)"
