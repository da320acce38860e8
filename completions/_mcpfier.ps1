# Completion of mcpfier for PowerShell.
#
# What can stand at the cursor, the tools of your file among it, mcpfier itself says when TAB is
# pressed; this script only asks.

Register-ArgumentCompleter -Native -CommandName mcpfier -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @()
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        $isText = $element -is [System.Management.Automation.Language.StringConstantExpressionAst]
        $before += if ($isText) { $element.Value } else { $element.Extent.Text }
    }
    $program, $words = $before
    # An empty word would get lost on its way, so the one at the cursor has a dot before it.
    & $program __complete powershell @words ".$wordToComplete" 2>$null | ForEach-Object {
        $text, $label, $about = $_ -split "`t"
        [System.Management.Automation.CompletionResult]::new($text, $label, 'ParameterValue', $about)
    }
}
