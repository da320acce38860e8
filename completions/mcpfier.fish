# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mcpfier_global_optspecs
    string join \n c/config= mcp validate dry-run strict offline sarif env-file= locked json setup server analytics h/help V/version
end

function __fish_mcpfier_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mcpfier_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mcpfier_using_subcommand
    set -l cmd (__fish_mcpfier_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mcpfier -n "__fish_mcpfier_needs_command" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l env-file -d 'With --validate: look variables up in FILE, as on another host, and not in the environment' -r -F
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l mcp -d 'Serve over stdio; what happens without any other word'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l validate -d 'Say everything that is wrong with the file (or these files), and run nothing'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l strict -d 'With --validate: warnings count as errors'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l offline -d 'With --validate: what only this host lacks is a note'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l sarif -d 'With --validate: print SARIF 2.1.0, which code hosts show beside the lines of a change'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l setup -d 'Print what to paste into a client\'s configuration'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l server -d 'Serve over HTTP (not supported yet)'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -l analytics -d 'Show the calls of the last days (not supported yet)'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -s V -l version -d 'Print version'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "call" -d 'Run one tool here and now'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "list" -d 'List the tools that the file offers'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "test" -d 'Run the tests that the file has for its commands'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "explain" -d 'Say what a code of --validate means, with an example; without a code, list them'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "init" -d 'Write a file to begin with'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "new" -d 'Print a template of commands, or add it to a file'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "add" -d 'Propose a command from a program\'s own help'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "import" -d 'Make commands of another tool\'s file: package.json, justfile, Makefile, OpenAPI and others'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "setup" -d 'Put this server into the files of the clients that are found, or of these'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "trust" -d 'Serve a file that lies in the current folder, as long as it stays as it is'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "lock" -d 'Write down what the tools are, for `--locked`'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "doctor" -d 'Look for what usually goes wrong, and say the cure'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "bundle" -d 'Pack this program and the file into one `.mcpb` that desktop clients install'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "secret" -d 'Keep secrets in the encrypted store of this user'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "completions" -d 'Print a completion script for a shell'
complete -c mcpfier -n "__fish_mcpfier_needs_command" -a "schema" -d 'Print the JSON Schema of the file, or of a document that mcpfier prints'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand call" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand call" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand call" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand call" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand call" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand list" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand list" -l all -d 'Also what is hidden, and why'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand list" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand list" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand list" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand list" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l junit -d 'Also write the verdicts to FILE, as JUnit XML' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l jobs -d 'How many run at once [default: as many as there are cores]' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l list -d 'List the tests and run none'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l fail-fast -d 'Begin no other test after the first failure'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l strict -d 'A test that this host cannot run counts as failed'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand test" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand explain" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand explain" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand explain" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand explain" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand explain" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand init" -l template -d 'A template to begin with, instead of being asked; `mcpfier new --list` lists them' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand init" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand init" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand init" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand init" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand init" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -l template -d 'The same' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -l into -d 'Add its commands to this file instead of printing them' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -l list -d 'List all templates'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand new" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -l from-help -d 'The program with its words, as in \'rg --help\' or \'git grep -h\'; it is run once' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -l name -d 'The name of the command' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -l into -d 'Add it to this file instead of printing it' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand add" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l as -d 'What it is, if its name does not say: npm, just, make, openapi, mcpshell, mcp-this, any-script' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l into -d 'Add the commands to this file instead of printing them' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l only -d 'Of OpenAPI: only operations such as `GET /pets*`, or of such an operationId; may be repeated' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l tag -d 'Of OpenAPI: only operations with this tag; may be repeated' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand import" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l name -d 'The name of the entry [default: that of the server in the file]' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l print -d 'Show what would change, and change nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l remove -d 'Take our entry out'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l project -d 'The files of the project in this folder rather than those of the user'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand setup" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -s y -l yes -d 'Agree without being asked'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -l list -d 'List the trusted files'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -l remove -d 'Trust the file no more'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand trust" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand lock" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand lock" -l check -d 'Only say what differs from `mcpfier.lock`'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand lock" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand lock" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand lock" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand lock" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand doctor" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand doctor" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand doctor" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand doctor" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -s o -l output -d 'Where to write it [default: the name of the server, with `.mcpb`]' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -l release -d 'The version of the bundle' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -l author -d 'Who made it' -r
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand bundle" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -f -a "set" -d 'Store a secret; its value is read from stdin, or asked for without showing it'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -f -a "list" -d 'List what is stored: names, never values'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and not __fish_seen_subcommand_from set list rm" -f -a "rm" -d 'Remove a secret'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from set" -l from-file -d 'Read the value from this file' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from set" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from set" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from set" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from list" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from list" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from list" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from list" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from rm" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from rm" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from rm" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from rm" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand secret; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand completions" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand completions" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand completions" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand completions" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand completions" -s h -l help -d 'Print help'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand schema" -s c -l config -d 'The file that declares the commands' -r -F
complete -c mcpfier -n "__fish_mcpfier_using_subcommand schema" -l dry-run -d 'Show what a call (or each command) would run, and run nothing'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand schema" -l locked -d 'Refuse tools that are not exactly what `mcpfier.lock` says'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand schema" -l json -d 'Print JSON for programs'
complete -c mcpfier -n "__fish_mcpfier_using_subcommand schema" -s h -l help -d 'Print help'
