
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
            cand --sarif 'With --validate: print SARIF 2.1.0, which code hosts show beside the lines of a change'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
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
            cand test 'Run the tests that the file has for its commands'
            cand explain 'Say what a code of --validate means, with an example; without a code, list them'
            cand init 'Write a file to begin with'
            cand new 'Print a template of commands, or add it to a file'
            cand add 'Propose a command from a program''s own help'
            cand import 'Make commands of another tool''s file: package.json, justfile, Makefile, OpenAPI and others'
            cand setup 'Put this server into the files of the clients that are found, or of these'
            cand trust 'Serve a file that lies in the current folder, as long as it stays as it is'
            cand lock 'Write down what the tools are, for `--locked`'
            cand doctor 'Look for what usually goes wrong, and say the cure'
            cand bundle 'Pack this program and the file into one `.mcpb` that desktop clients install'
            cand secret 'Keep secrets in the encrypted store of this user'
            cand completions 'Print a completion script for a shell'
            cand schema 'Print the JSON Schema of the file, or of a document that mcpfier prints'
        }
        &'mcpfier;call'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;list'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --all 'Also what is hidden, and why'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;test'= {
            cand --junit 'Also write the verdicts to FILE, as JUnit XML'
            cand --jobs 'How many run at once [default: as many as there are cores]'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --list 'List the tests and run none'
            cand --fail-fast 'Begin no other test after the first failure'
            cand --strict 'A test that this host cannot run counts as failed'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;explain'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;init'= {
            cand --template 'A template to begin with, instead of being asked; `mcpfier new --list` lists them'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;new'= {
            cand --template 'The same'
            cand --into 'Add its commands to this file instead of printing them'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --list 'List all templates'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;add'= {
            cand --from-help 'The program with its words, as in ''rg --help'' or ''git grep -h''; it is run once'
            cand --name 'The name of the command'
            cand --into 'Add it to this file instead of printing it'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;import'= {
            cand --as 'What it is, if its name does not say: npm, just, make, openapi, mcpshell, mcp-this, any-script'
            cand --into 'Add the commands to this file instead of printing them'
            cand --only 'Of OpenAPI: only operations such as `GET /pets*`, or of such an operationId; may be repeated'
            cand --tag 'Of OpenAPI: only operations with this tag; may be repeated'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;setup'= {
            cand --name 'The name of the entry [default: that of the server in the file]'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --print 'Show what would change, and change nothing'
            cand --remove 'Take our entry out'
            cand --project 'The files of the project in this folder rather than those of the user'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;trust'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand -y 'Agree without being asked'
            cand --yes 'Agree without being asked'
            cand --list 'List the trusted files'
            cand --remove 'Trust the file no more'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;lock'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --check 'Only say what differs from `mcpfier.lock`'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;doctor'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;bundle'= {
            cand -o 'Where to write it [default: the name of the server, with `.mcpb`]'
            cand --output 'Where to write it [default: the name of the server, with `.mcpb`]'
            cand --release 'The version of the bundle'
            cand --author 'Who made it'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;secret'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
            cand set 'Store a secret; its value is read from stdin, or asked for without showing it'
            cand list 'List what is stored: names, never values'
            cand rm 'Remove a secret'
        }
        &'mcpfier;secret;set'= {
            cand --from-file 'Read the value from this file'
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;secret;list'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;secret;rm'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;completions'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpfier;schema'= {
            cand -c 'The file that declares the commands'
            cand --config 'The file that declares the commands'
            cand --dry-run 'Show what a call (or each command) would run, and run nothing'
            cand --locked 'Refuse tools that are not exactly what `mcpfier.lock` says'
            cand --json 'Print JSON for programs'
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
