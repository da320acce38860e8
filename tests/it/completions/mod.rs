//! Completion at a shell: what is offered where, and the scripts in their real shells.

mod offers;
mod scripts;
mod shells;

/// Tools whose arguments say what they were given.
const TOOLS: &str = r#"version: 1
commands:
  - name: greet
    description: "Greet: politely"
    shell: sh
    run: |
      echo "[$PARAM_mode|$PARAM_deep|$PARAM_file]"
    params:
      mode: { type: string, description: How it is done, enum: [fast, "very slow", "a:b", "it's $x"], default: fast }
      file: { type: string, description: Which file, format: path, within: ., optional: true }
      deep: { type: boolean, description: How far, optional: true }
  - name: group
    description: Group items.
    script: echo
    working_dir: ./below
    args: ["{{first}}", "{{colours}}", "{{limit}}", "{{size}}", "{{file}}"]
    params:
      limit: { type: integer, description: How many, minimum: 1, maximum: 9, default: 3 }
      first: { type: string, description: What to begin with, maxLength: 10, pattern: "^[a-z]+$", examples: [one] }
      colours: { type: array, description: Which, items: { type: string, enum: [red, green] }, optional: true }
      size: { type: object, description: How large, optional: true }
      file: { type: string, description: Where, format: path, within: ., optional: true }
      token: { type: string, description: Secret word, sensitive: true, default: hunter22, pattern: "^[a-z0-9]+$" }
    env: { TOKEN: "{{token}}" }
  - name: list
    description: Has the name of a verb.
    script: echo
  - name: inner
    description: Is for others.
    script: echo
    expose: false
"#;
