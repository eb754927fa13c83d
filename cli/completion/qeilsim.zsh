#compdef qeilsim
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion for zsh: the program itself tells which words can follow; "@file" is any file.
local -a typed found
typed=("${(@Q)words[2,CURRENT-1]}")
if [[ $PREFIX == --*=* ]]; then
    typed+=("${PREFIX%%=*}")
    compset -P 1 '*='
fi
if (( $#typed )); then
    found=("${(@f)$($words[1] $typed[1] --complete-words "${(@)typed[2,-1]}" 2>/dev/null)}")
else
    found=("${(@f)$($words[1] --complete-words 2>/dev/null)}")
fi
[[ $PREFIX == -* ]] || found=("${(@)found:#-*}")
(( ! $found[(Ie)@file] )) || _files
compadd -- "${(@)found:#@file}"
