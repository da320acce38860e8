
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'mcpfier' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'mcpfier'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'mcpfier' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'With --validate: look variables up in FILE, as on another host, and not in the environment')
            [CompletionResult]::new('--mcp', '--mcp', [CompletionResultType]::ParameterName, 'Serve over stdio; what happens without any other word')
            [CompletionResult]::new('--validate', '--validate', [CompletionResultType]::ParameterName, 'Say everything that is wrong with the file (or these files), and run nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'With --validate: warnings count as errors')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'With --validate: what only this host lacks is a note')
            [CompletionResult]::new('--sarif', '--sarif', [CompletionResultType]::ParameterName, 'With --validate: print SARIF 2.1.0, which code hosts show beside the lines of a change')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('--setup', '--setup', [CompletionResultType]::ParameterName, 'Print what to paste into a client''s configuration')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Serve over HTTP (not supported yet)')
            [CompletionResult]::new('--analytics', '--analytics', [CompletionResultType]::ParameterName, 'Show the calls of the last days (not supported yet)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Run one tool here and now')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the tools that the file offers')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the tests that the file has for its commands')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say what a code of --validate means, with an example; without a code, list them')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a file to begin with')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Print a template of commands, or add it to a file')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Propose a command from a program''s own help')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make commands of another tool''s file: package.json, justfile, Makefile, OpenAPI and others')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Put this server into the files of the clients that are found, or of these')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Serve a file that lies in the current folder, as long as it stays as it is')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Write down what the tools are, for `--locked`')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look for what usually goes wrong, and say the cure')
            [CompletionResult]::new('bundle', 'bundle', [CompletionResultType]::ParameterValue, 'Pack this program and the file into one `.mcpb` that desktop clients install')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Keep secrets in the encrypted store of this user')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of the file, or of a document that mcpfier prints')
            break
        }
        'mcpfier;call' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also what is hidden, and why')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;test' {
            [CompletionResult]::new('--junit', '--junit', [CompletionResultType]::ParameterName, 'Also write the verdicts to FILE, as JUnit XML')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many run at once [default: as many as there are cores]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List the tests and run none')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Begin no other test after the first failure')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'A test that this host cannot run counts as failed')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;explain' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;init' {
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'A template to begin with, instead of being asked; `mcpfier new --list` lists them')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;new' {
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'The same')
            [CompletionResult]::new('--into', '--into', [CompletionResultType]::ParameterName, 'Add its commands to this file instead of printing them')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List all templates')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;add' {
            [CompletionResult]::new('--from-help', '--from-help', [CompletionResultType]::ParameterName, 'The program with its words, as in ''rg --help'' or ''git grep -h''; it is run once')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the command')
            [CompletionResult]::new('--into', '--into', [CompletionResultType]::ParameterName, 'Add it to this file instead of printing it')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;import' {
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'What it is, if its name does not say: npm, just, make, openapi, mcpshell, mcp-this, any-script')
            [CompletionResult]::new('--into', '--into', [CompletionResultType]::ParameterName, 'Add the commands to this file instead of printing them')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Of OpenAPI: only operations such as `GET /pets*`, or of such an operationId; may be repeated')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Of OpenAPI: only operations with this tag; may be repeated')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;setup' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the entry [default: that of the server in the file]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Take our entry out')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'The files of the project in this folder rather than those of the user')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;trust' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Agree without being asked')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Agree without being asked')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List the trusted files')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Trust the file no more')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;lock' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Only say what differs from `mcpfier.lock`')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;doctor' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;bundle' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Where to write it [default: the name of the server, with `.mcpb`]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Where to write it [default: the name of the server, with `.mcpb`]')
            [CompletionResult]::new('--release', '--release', [CompletionResultType]::ParameterName, 'The version of the bundle')
            [CompletionResult]::new('--author', '--author', [CompletionResultType]::ParameterName, 'Who made it')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;secret' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a secret; its value is read from stdin, or asked for without showing it')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: names, never values')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a secret')
            break
        }
        'mcpfier;secret;set' {
            [CompletionResult]::new('--from-file', '--from-file', [CompletionResultType]::ParameterName, 'Read the value from this file')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;secret;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;secret;rm' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;completions' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;schema' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--locked', '--locked', [CompletionResultType]::ParameterName, 'Refuse tools that are not exactly what `mcpfier.lock` says')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
