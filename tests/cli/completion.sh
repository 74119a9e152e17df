# The completion of command lines: what is offered is what help says, in every shell that is there,
# and nothing that is typed or that a file is called is run.
. "${0%/*}/lib.sh"
command -v bash >/dev/null || exit 77

expect 2 completion
expect 2 completion bash zsh
expect 2 completion csh
has err "there is no completion for 'csh', only for bash, zsh and fish"
for shell in bash zsh fish; do
    expect 0 completion $shell
    mv out script.$shell
    ! command -v $shell >/dev/null || $shell -n script.$shell || fail "the script of $shell"
done

# offered WORD...: what bash offers in the folder `here` for the last word of this line, in the file
# out; in the file how, what it asks of readline, which completes if nothing is offered. The cursor is
# behind the last word, or behind the part of it that is in $left.
mkdir here
cat >ask.bash <<'END'
compopt() { echo "$*" >../how; }
set -u
. ../script.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
typed=${left-${!#}}
_alexnet "$1" "${typed#=}" "${COMP_WORDS[COMP_CWORD - 1]}" # as bash calls it
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]//$'\n'/|}"
END
offered() {
    echo default >how
    (cd here && bash --norc ../ask.bash alexnet "$@") >out 2>err || fail "bash: $*"
    [ ! -s err ] || fail "bash says something: $*"
}
words() { tr '\n' ' ' <out | sed 's/ $//'; }

# The options of each command are those of its help. zsh and fish have them as specifications.
cat >ask.zsh <<'END'
compdef() { }
_arguments() { print -rl -- "$@" | sed -n 's/^[*]*\(--[a-z0-9-]*\).*/\1/p'; }
source ./script.zsh
words=(alexnet $@ '') CURRENT=$#words
_alexnet
END
cat >ask.fish <<'END'
source ./script.fish
complete -C "alexnet $argv --" | string match -r -- '^--[^\t]*'
END
expect 0 help
sed -n 's/^  \([a-z]*\) .*/\1/p' out >commands
less 18 "$(wc -l <commands)" "commands"
offered ''
cmp -s out commands || fail "other commands: $(diff out commands)"
{
    cat commands
    printf 'data %s\n' check pack stats
} >each
echo >>each # without a command
while read -r line; do
    if [ "$line" ]; then
        expect 0 $line --help
        sed -n 's/^  \(    \|-., \)\(--[a-z0-9-]*\).*/\2/p' out | sort >options
    else
        printf '%s\n' --help --version >options
    fi
    [ -s options ] || fail "$line has no options"
    offered $line --
    sort out | cmp -s - options || fail "$line: bash offers other options"
    if command -v zsh >/dev/null; then
        zsh -f ask.zsh $line >out 2>err || fail "zsh: $line"
        sort out | cmp -s - options || fail "$line: zsh offers other options"
    fi
    if command -v fish >/dev/null; then
        HOME=$work fish ask.fish $line >out 2>err </dev/null || fail "fish: $line"
        sort -u out | cmp -s - options || fail "$line: fish offers other options"
    fi
done <each

# Values: the built-in names, and the words of choices, after a blank or '='.
"$ALEXNET" info --json >all
for kind in network recipe; do
    sed -n 's/^{"name": "\([^"]*\)", "kind": "'$kind'".*/\1/p' all >${kind}s
    less 6 "$(wc -l <${kind}s)" "${kind}s"
done
offered train --net ''
cmp -s out networks || fail "other networks"
offered bench --recipe ''
cmp -s out recipes || fail "other recipes"
offered info ''
cat networks recipes | cmp -s - out || fail "other names"
offered train photos --rule ''
is "$(words)" "2012 nesterov adam adamw" "the words of a choice"
offered train photos --rule = nest
is "$(words)" nesterov "a word after ="
offered train photos --class-weights =
is "$(words)" "none balanced" "the words beside a file"
left=ne offered train photos --rule nadam
is "$(words)" nesterov "a word with the cursor inside"
offered train photos --rule x
is "$(words) $(cat how)" " +o default" "what cannot be a choice"
offered selftest --device r
is "$(words)" ref "a device"
offered convert in out --to caffem
is "$(words)" caffemodel "a format"
offered plot ''
is "$(words)" "filters curves confusion" "what is plotted"
offered data ''
is "$(words)" "check pack stats" "the commands of data"
offered help data ''
is "$(words)" "check pack stats" "the commands of data, for help"
offered help data check ''
is "$(words)" "--help" "after a command to be explained"
offered nonsense ''
is "$(words) $(cat how)" " +o default" "after an unknown command"
offered train photos --epochs ''
is "$(words) $(cat how)" " +o default" "a number"

# The same in the other shells.
if command -v fish >/dev/null; then
    for line in "plot |confusion curves filters" "data |check pack stats" "train --rule ne|nesterov" \
        "help data |check pack stats" "train --rule=ne|--rule=nesterov" "train --epochs |"; do
        HOME=$work fish -c "source script.fish; complete -C 'alexnet ${line%|*}'" </dev/null | cut -f1 >out
        is "$(words)" "${line#*|}" "what fish offers after ${line%|*}"
    done
fi
line script.zsh "'1:argument:(filters curves confusion)' \\" "'help data ') compadd -- check pack stats ;;"
has script.zsh "]:FILE.csv:_files -g \"*(.csv)\"'" "]:2012|nesterov|adam|adamw:(2012 nesterov adam adamw)'" \
    "]:NET: _alexnet_or_files $(tr '\n' ' ' <networks | sed 's/ $//')'" "]:LAYER\\:INDEX: '" "]:RUN:_files -/'"

# Files are left to readline, which quotes them; so are folders where no file will do.
for line in "classify " "plot curves " "train --quiet " "data check " "eval --confusion " \
    "completion zsh >" "version 2>>"; do
    offered $line ''
    is "$(words) $(cat how)" " default" "files after $line"
done
offered train --resume ''
is "$(words) $(cat how)" " -o dirnames +o default" "a run"

# Beside names of our own, files are offered as they are called.
: >'here/alex$(touch ran)' && : >'here/alex`touch ran`' && : >'here/alex a;touch ran' && : >'here/alex*'
: >"$(printf 'here/alex\nnet')"
offered info alex
is "$(cat how)" "-o filenames" "files beside networks"
{
    grep ^alex networks
    (cd here && for name in alex*; do printf '%s' "$name" | tr '\n' '|' && echo; done)
} | sort >wanted
sort out | cmp -s - wanted || fail "other files"
for word in '$(touch ran)' '`touch ran`' 'alex$(touch ran)' "'\$(touch ran)" '*' ';touch ran' 'a[$(touch ran)]'; do
    offered info "$word"
    offered train --net "$word"
    offered "$word" "$word"
    offered info "$word" "$word"
    offered info "$word" = "$word"
done
[ ! -e here/ran ] || fail "a name was run"
exit 0
