# train --preview: a sheet of what the network will see, and nothing trained.
. "${0%/*}/lib.sh"
: "${PNG_PIXEL:?png_pixel}"
pictures data 4

net=alexnet-mini
still="--net $net --mirror no --crop centre --brightness 0 --contrast 0 --saturation 0"
expect 0 train data/pictures $still --preview still.png
has out "preview still.png: 8 pictures, 8 draws of each"
[ -e runs ] && fail "a run was begun"
is "$("$PNG_PIXEL" still.png)" "1318 1628" "size of the sheet"

# Without chance all draws are alike; a key that is set changes them.
same() { # the pixels of one place in the columns of the first row
    "$PNG_PIXEL" "$1" 99 127 259 127 419 127 579 127 739 127 899 127 1059 127 1219 127 | sort -u | wc -l
}
is "$(same still.png)" 1 "different draws without chance"
for key in crop=scaled rotate=90 brightness=0.9 contrast=0.9 saturation=0.9 mixup=1 colour_noise=1; do
    expect 0 train data/pictures $still --set $key --preview moved.png
    [ "$(same moved.png)" -ge 6 ] || fail "--set $key: draws are alike"
done
expect 0 train data/pictures $still --preview again.png
cmp still.png again.png || fail "the same command draws another sheet"

expect 0 train data/pictures $still --mixup 1 --preview mixed.png --json
is "$(json 1 preview)" mixed.png "the sheet's file"
is "$(json 1 pictures)" 8 "its pictures"
is "$(json 1 draws)" 8 "its draws"

# Mistakes.
expect 2 train data/pictures --hue 0.7 --preview sheet.png
has err "0 to 0.5"
expect 2 train data/pictures --color-jitter 0.4 --preview sheet.png
has err "--brightness"
expect 2 train data/pictures $still --preview sheet.jpg
has err "--preview takes a file whose name ends in .png, not 'sheet.jpg'"
expect 2 train data/pictures $still --preview sheet.png --out kept
has err "--out cannot be given here, because no run is kept"
expect 1 train data/pictures $still --preview no/folder/sheet.png
train data/pictures --epochs 1 --out run
expect 2 train --resume run --preview sheet.png
has err "--preview cannot be given"
