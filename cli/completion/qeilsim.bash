# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion for bash: the program itself tells which words can follow; "@file" is any file.
_qeilsim()
{
    local -a typed=() words=()
    local word glue='' current
    # bash splits at '=' and ':' too. What stood together is joined; --option=value is two words.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        if [[ $word == = && ${typed[-1]-} == --* && ${typed[-1]} != *=* ]]; then
            typed+=('') glue=yes
        elif [[ ${#typed[@]} -gt 0 && ($glue || $word == [:=]) ]]; then
            typed[-1]+=$word
            glue=''
            [[ $word != [:=] ]] || glue=yes
        else
            typed+=("$word")
        fi
    done
    current=${typed[-1]-}
    [[ ${#typed[@]} -eq 0 ]] || unset 'typed[-1]'
    mapfile -t words < <("$1" ${typed[0]+"${typed[0]}"} --complete-words "${typed[@]:1}" 2>/dev/null)
    COMPREPLY=()
    for word in "${words[@]}"; do
        if [[ $word == @file ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
        elif [[ $word == "$current"* && ($word != -* || $current == -*) ]]; then
            COMPREPLY+=("$word")
        fi
    done
    # Only what follows the last ':' or '=' is replaced.
    local before=${current%"${current##*[:=]}"}
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -F _qeilsim qeilsim
