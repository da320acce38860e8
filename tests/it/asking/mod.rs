//! Clients that are asked in the middle of a call: in a session, by the answer of a request, at a shell.

mod content;
pub mod house;
mod prompts;
mod shell;
mod states;
mod stdio;
mod terminal;
mod webhook;

/// Commands that ask.
const COMMANDS: &str = r#"
commands:
  - name: deploy
    description: Deploys a version.
    script: touch
    args: ["deployed-{{version}}"]
    params: { version: { type: string, pattern: "^[a-z0-9.]+$" } }
    confirm: "Deploy {{version}}?"
  - name: lenient
    description: Asks where it can.
    script: echo
    args: [ran]
    confirm: { text: "Really?", fallback: allow }
  - name: watched
    description: Somebody else decides.
    script: echo
    args: [ran, "{{what}}"]
    params: { what: { type: string, pattern: "^[a-z]+$" } }
    confirm: { text: "Run {{what}}?", approve: { cli: true } }
  - name: judged
    description: A command decides.
    script: echo
    args: [ran, "{{what}}"]
    params: { what: { type: string, pattern: "^[a-z]+$" } }
    confirm: { text: "Run {{what}}?", approve: { command: judge } }
  - name: judge
    description: Decides.
    shell: sh
    run: case "$PARAM_text" in *good*) exit 0;; *) echo "not that"; exit 1;; esac
    params: { text: string }
    expose: false
  - name: outer
    description: Deploys as one of its steps.
    params: { version: { type: string, pattern: "^[a-z0-9.]+$" } }
    steps:
      - { id: go, command: deploy, with: { version: "{{version}}" } }
  - name: greet
    description: Greets whoever it is told to.
    script: echo
    args: ["hello {{name}}", "{{times}}"]
    params:
      name: { type: string, description: Whom to greet, pattern: "^[A-Za-z]+$", ask: true }
      times: { type: integer, minimum: 1, ask: true }
  - name: ruled
    description: A policy asks about it.
    script: echo
    args: ["{{target}}"]
    params: { target: { type: string, enum: [prod, test] } }
  - name: curious
    description: Asks for itself.
    shell: sh
    run: |
      if [ -z "${MCPFIER_INPUT:-}" ]; then
        printf '%s' '{"input_required":{"requests":{"who":{"method":"elicitation/create","params":{"message":"Who?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}}}}},"model":{"method":"sampling/createMessage","params":{"messages":[],"maxTokens":10}}},"state":{"step":1}}}'
      else
        printf '%s' "{\"content\":[{\"type\":\"text\",\"text\":\"heard\"}],\"structuredContent\":$MCPFIER_INPUT}"
      fi
    output: { format: mcp }
  - name: blocks
    description: Blocks of content.
    shell: sh
    run: cat content.json
    output: { format: mcp }
policies:
  - { name: careful, commands: [ruled], confirm: 'args.target == "prod"', message: "Touch production?" }
audit: { file: audit.jsonl }
"#;
