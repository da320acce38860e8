# Completion of mcpfier for Elvish.
#
# What can stand at the cursor, the tools of your file among it, mcpfier itself says when TAB is
# pressed; this script only asks.

use str

set edit:completion:arg-completer[mcpfier] = {|program @words|
    try {
        (external $program) __complete elvish $@words 2>/dev/null | from-lines | each {|line|
            var text suffix about = (str:split "\t" $line)
            if (eq $about '') {
                edit:complex-candidate $text &code-suffix=$suffix
            } else {
                edit:complex-candidate $text &code-suffix=$suffix &display=$text'  ('$about')'
            }
        }
    } catch error {
        nop
    }
}
