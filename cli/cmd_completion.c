#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"

static const opt_page page = {
    .command = "completion",
    .usage = {"completion bash|zsh|fish"},
    .about = "Print a script by which a shell completes command lines of 'alexnet' when Tab is "
             "pressed: commands, options, and their values. 'make install' installs the scripts. "
             "Without that, bash completes after 'source <(alexnet completion bash)', a line for "
             "~/.bashrc.",
    .examples = {{"completion fish > ~/.config/fish/completions/alexnet.fish", "for fish"},
                 {"completion zsh > ~/.zsh/_alexnet",
                  "for zsh, if ~/.zsh is one of the folders of fpath when compinit is called"}},
};

/* ---- The scripts around what opt_complete.c prints of each command ---- */

static const char bash_before[] =
    "# Completion of alexnet in bash, as 'alexnet completion bash' prints it.\n"
    "_alexnet()\n"
    "{\n"
    "    local typed=$2 before=$3 IFS=' ' word paths='' # typed: up to the cursor\n"
    "    local line=\"${COMP_WORDS[*]:1:COMP_CWORD - 1} \"\n"
    "    local options=( --help --version ) words=(";
static const char bash_between[] = ")\n"
                                   "    COMPREPLY=()\n"
                                   "    case $before in\n"
                                   "    =) before=${COMP_WORDS[COMP_CWORD - 2]} ;;\n"
                                   "    *[\\<\\>]*) return ;; # a file that the shell opens\n"
                                   "    esac\n"
                                   "    case $line in\n"
                                   "    ' ') ;;\n";
static const char bash_after[] =
    "    *) options=() words=() ;;\n"
    "    esac\n"
    "    if [[ $typed == -* && ${#options[@]} -gt 0 ]]; then\n"
    "        words=(\"${options[@]}\") paths=\n"
    "    elif [[ ${#words[@]} -eq 0 && ! $paths ]]; then\n"
    "        words=(\"${options[@]}\")\n"
    "    fi\n"
    "    for word in \"${words[@]}\"; do\n"
    "        [[ $word == \"$typed\"* ]] && COMPREPLY+=(\"$word\")\n"
    "    done\n"
    "    # Without an answer, bash completes variables and names of files itself.\n"
    "    if [[ $paths == files && ${#COMPREPLY[@]} -gt 0 ]]; then\n"
    "        for word in \"$typed\"*; do\n"
    "            [[ -e $word ]] && COMPREPLY+=(\"$word\")\n"
    "        done\n"
    "        compopt -o filenames\n"
    "    elif [[ $paths == folders ]]; then\n"
    "        compopt -o dirnames +o default\n"
    "    elif [[ ! $paths ]]; then\n"
    "        compopt +o default\n"
    "    fi\n"
    "}\n"
    "complete -o bashdefault -o default -F _alexnet alexnet\n";

static const char zsh_before[] =
    "#compdef alexnet\n"
    "# Completion of alexnet in zsh, as 'alexnet completion zsh' prints it.\n"
    "_alexnet_or_files()\n"
    "{\n"
    "    _alternative \"words:word:($*)\" 'files:file:_files'\n"
    "}\n"
    "_alexnet()\n"
    "{\n"
    "    local curcontext=$curcontext state line commands\n"
    "    typeset -A opt_args\n"
    "    commands=(";
static const char zsh_between[] =
    "\n    )\n"
    "    case \"${words[2,CURRENT-1]} \" in\n"
    "    ' ') _arguments '1: :{_describe command commands}' --help --version ;;\n";
static const char zsh_after[] = "    esac\n"
                                "}\n"
                                "if [[ $funcstack[1] == _alexnet ]]; then\n"
                                "    _alexnet \"$@\"\n"
                                "else\n"
                                "    compdef _alexnet alexnet\n"
                                "fi\n";

static const char fish_before[] =
    "# Completion of alexnet in fish, as 'alexnet completion fish' prints it.\n"
    "# Whether the line begins with the words of a command; has no others; has others.\n"
    "function __alexnet_at\n"
    "    set -l words (commandline -opc)\n"
    "    string match -q -- \"$argv *\" \"$words[2..] \"\n"
    "end\n"
    "function __alexnet_after\n"
    "    set -l words (commandline -opc)\n"
    "    test \"$words[2..]\" = \"$argv\"\n"
    "end\n"
    "function __alexnet_past\n"
    "    __alexnet_at $argv; and not __alexnet_after $argv\n"
    "end\n"
    "complete -c alexnet -f\n"
    "complete -c alexnet -n __alexnet_after -l help\n"
    "complete -c alexnet -n __alexnet_after -l version\n";

static void list_bash(const command *c)
{
    printf(" %s", c->name);
}

static void list_zsh(const command *c)
{
    char *text = cli_format("%s:%s", c->name, c->help), *quoted = cli_quote(text);
    printf("\n        %s", quoted);
    free(quoted);
    free(text);
}

static void list_fish(const command *c)
{
    char *help = cli_quote(c->help);
    printf("complete -c alexnet -n __alexnet_after -a %s -d %s\n", c->name, help);
    free(help);
}

static const struct {
    const char *name, *before, *between, *after;
    void (*list)(const command *c);
    const char *form;
} shells[] = {
    {"bash", bash_before, bash_between, bash_after, list_bash, "--help=bash"},
    {"zsh", zsh_before, zsh_between, zsh_after, list_zsh, "--help=zsh"},
    {"fish", fish_before, "", "", list_fish, "--help=fish"},
};

static int print_script(const char *shell)
{
    for (size_t i = 0; i < COUNT_OF(shells); i++)
        if (strcmp(shells[i].name, shell) == 0) {
            fputs(shells[i].before, stdout);
            for (const command *c = commands.rows; c->name; c++)
                shells[i].list(c);
            fputs(shells[i].between, stdout);
            command_each(&commands, shells[i].form);
            fputs(shells[i].after, stdout);
            return CLI_DONE;
        }
    return opt_wrong(&page, "there is no completion for '%s', only for bash, zsh and fish", shell);
}

int cmd_completion(int argc, char **argv)
{
    int code;
    opt_args args = {.page = &page};
    if (!opt_parse(&args, argc, argv, &code))
        return code;
    if (args.file_count != 1)
        return opt_wrong(&page, "completion takes the name of one shell: bash, zsh or fish");
    return print_script(args.files[0]);
}
