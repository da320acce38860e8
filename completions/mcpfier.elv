
use builtin;
use str;

set edit:completion:arg-completer[mcpfier] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'mcpfier'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'mcpfier'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --env-file 'With --validate: look variables up in FILE, as on another host, and not in the environment'
            cand --mcp 'Serve over stdio; what happens without any other word'
            cand --validate 'Say everything that is wrong with the file (or these files), and run nothing'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --strict 'With --validate: warnings count as errors'
            cand --offline 'With --validate: what only this host lacks is a note'
            cand --json 'Print JSON for programs'
            cand --setup 'Print what to paste into a client''s configuration'
            cand --server 'Serve over HTTP (not supported yet)'
            cand --analytics 'Show the calls of the last days (not supported yet)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand call 'Run one tool here and now'
            cand list 'List the tools that the file offers'
            cand completions 'Print a completion script for a shell'
            cand schema 'Print the JSON Schema of a document that mcpfier prints'
        }
        &'mcpfier;call'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;list'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --all 'Also what is hidden, and why'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;completions'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;schema'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
