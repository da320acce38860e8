
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
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a document that mcpfier prints')
            break
        }
        'mcpfier;call' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
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
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;completions' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpfier;schema' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The file that declares the commands')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what a call (or each command) would run, and run nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON for programs')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
