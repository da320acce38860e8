# Completion of mcpfier for fish.
#
# What can stand at the cursor, the tools of your file among it, mcpfier itself says when TAB is
# pressed; this script only asks.

function __mcpfier_complete
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    $program __complete fish $words (commandline -ct | string collect --allow-empty) 2>/dev/null
end

complete -c mcpfier -f -k -a '(__mcpfier_complete)'
