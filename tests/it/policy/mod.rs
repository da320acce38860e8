//! Who may call what: decisions as tables, at a shell, and in tests of a file.

#[cfg(feature = "server")]
mod agrees;
mod decisions;
mod shell;

/// One file for all of them.
const TOOLS: &str = r#"version: 1
roles:
  - { name: viewer, permissions: ["list-*"] }
  - { name: developer, permissions: ["git-*", "stage:*"], inherits: [viewer] }
  - { name: release-manager, permissions: [release, deploy] }
  - { name: admin, permissions: ["*"], inherits: [release-manager] }
user_roles:
  ann@example.com: [developer]
  "key:deployer": [release-manager]
role_claims:
  groups: { tool-admins: [admin] }
  realm_access.roles: { dev: [developer] }
policies:
  - name: no-prod-on-friday
    commands: ["deploy*"]
    deny: args.target == "prod" && now.getDayOfWeek() == 5
    message: Nothing goes to production on Fridays.
  - name: no-force
    deny: plan.kind == "process" && "--force" in plan.argv
  - name: no-tenant-x
    deny: caller.tenant == "x"
  - name: destructive-needs-certificate
    deny: '"dangerous" in tool.tags && caller.method != "certificate" && caller.method != "local"'
server:
  http:
    auth:
      api_keys:
        - { name: ci, key: a-key-of-ci-that-is-long-too, permissions: ["git-*", "deploy"] }
        - { name: deployer, key: a-key-of-deployer-that-is-long, permissions: [] }
        - { name: all, key: a-key-of-all-that-is-long-enough }
commands:
  - { name: list-things, description: What there is., script: echo, args: [things], annotations: { read_only: true } }
  - name: git-log
    description: The latest commits.
    script: echo
    args: [log, "{{flag}}"]
    params: { flag: { type: string, description: A flag, optional: true, allow_dash: true } }
  - name: git-hide
    description: A flag that nobody sees.
    script: echo
    args: [log, "{{flag}}"]
    params: { flag: { type: string, description: A flag, sensitive: true, allow_dash: true } }
  - name: deploy
    description: Deploy.
    script: echo
    args: ["to {{target}}"]
    params: { target: { type: string, description: Where to, enum: [dev, prod] } }
  - name: release
    description: Tag and deploy.
    params: { version: { type: string, description: The version } }
    steps:
      - { id: tag, command: set-tag, with: { version: "{{version}}" } }
      - { id: out, command: deploy, with: { target: dev } }
    authorization: { required_roles: [release-manager], grants: [set-tag] }
  - name: both
    description: The same without a grant.
    steps: [{ id: tag, command: set-tag, with: { version: "1" } }]
  - { name: set-tag, description: Set a tag., script: echo, args: ["v{{version}}"], params: { version: { type: string, description: The version } }, expose: false }
  - { name: git-stage, description: Stage., script: "true", authorization: { required_permissions: ["stage:all"] } }
  - { name: git-wipe, description: Wipe., script: "true", tags: [dangerous] }
  - { name: git-echo, description: Steps., steps: [{ id: said, command: git-say }, { id: again, command: git-log, with: { flag: "{{steps.said.stdout}}" } }] }
  - { name: git-say, description: Says a flag., shell: sh, run: echo --force }
  - name: git-inline
    description: A step of its own.
    steps: [{ id: own, script: echo, args: [--force] }]
"#;
