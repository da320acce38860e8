# Completion of mcpfier for bash.
#
# What can stand at the cursor, the tools of your file among it, mcpfier itself says when TAB is
# pressed; this script only asks.

_mcpfier() {
    local rest=${COMP_LINE:0:COMP_POINT} tail word i
    local -a words=()
    # `=` and `:` part words for readline: they are put together as they stand in the line.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        tail=${rest#"${rest%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then word=$tail; fi
        if ((i == 0)) || [[ $tail != "$rest" ]]; then
            words[${#words[@]}]=$word
        else
            words[${#words[@]} - 1]+=$word
        fi
        rest=${tail#"$word"}
    done
    local program=${words[0]}
    if [[ $program == '~/'* ]]; then program=$HOME/${program#'~/'}; fi
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY[${#COMPREPLY[@]}]=$word
    done < <("$program" __complete bash "$2" "${words[@]:1}" 2>/dev/null)
    # Behind `name=`, `folder/` and `key.` more follows in the same word.
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[=/.] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -o nosort -F _mcpfier mcpfier 2>/dev/null || complete -F _mcpfier mcpfier
