//! What stands below the help of each verb: lines to copy, and what the exit codes mean.

pub const ROOT: &str = "\
Examples:
  mcpfier --config tools.yaml                 serve the file over stdio (what an MCP client starts)
  mcpfier --validate                          say everything that is wrong with the file
  mcpfier --dry-run search pattern=TODO       show exactly what would run, and run nothing
  mcpfier search pattern=TODO                 run it here, now; its exit code is ours
  mcpfier search --help                       what `search` does and takes
  mcpfier list                                what the file offers";

pub const ROOT_DETAILS: &str = "\
Arguments of a tool are `name=value`, typed by its parameters; repeat a name to fill a list;
`name:=JSON` passes any value.

The file is --config, or $MCPFIER_CONFIG, or config.yaml in this folder, beside the program,
in ~/.mcpfier, in ~/mcpfier or in /etc/mcpfier.

Exit codes:
  0      fine
  1      something failed that no other code names
  2      the command line or a tool's arguments do not fit
  3      the file has errors
  4      there is no file, or it may not be used unasked
  5      there is no such tool, or this host cannot run it
  6      refused: denied or busy
  7      not supported yet
  22     an HTTP call was answered with a status that is no success
  124    the tool timed out and was killed
  125    the tool could not be started, wrote too much, or got no answer
  130    interrupted
  137    the tool went over a limit
  128+N  the tool was ended by signal N, which nobody here sent

A tool that ran to its end gives its own code.";

pub const CALL: &str = "\
Examples:
  mcpfier call search pattern=TODO
  mcpfier call search pattern=TODO paths=src paths=tests      a list, item by item
  mcpfier call search 'paths:=[\"src\", \"tests\"]'             any value, as JSON
  mcpfier call search pattern=TODO --json                     the result as one JSON document
  mcpfier call search --help                                  what `search` does and takes

Output comes as the tool writes it, and its exit code is ours. `call` is only needed for a tool
that has the name of a verb: `mcpfier search pattern=TODO` does the same.";

pub const TEST: &str = "\
Examples:
  mcpfier test                         every test of the file
  mcpfier test search                  those of one tool
  mcpfier test 'search: finds*'        those of these names
  mcpfier test --junit report.xml      also for a build server";

pub const LIST: &str = "\
Examples:
  mcpfier list                         each tool with its parameters; optional ones in brackets
  mcpfier list --all                   also what is hidden, and why
  mcpfier list --json                  with the schemas that clients see";

pub const CONFIG: &str = "\
Examples:
  mcpfier config show                            the file, put together from all that belongs to it
  mcpfier --profile prod config show --origin    with where each value was written
  mcpfier config show --resolved --json          for programs, with everything filled in";

pub const GRAPH: &str = "\
Examples:
  mcpfier graph                                  all commands, and which of them runs which
  mcpfier graph release                          the steps of one
  mcpfier graph release --format svg > release.svg";

pub const EXPLAIN: &str = "\
Examples:
  mcpfier explain E0012
  mcpfier explain                      every code with its title";

pub const INIT: &str = "\
Examples:
  mcpfier init                         asks in a terminal; else begins with `files` and `search`
  mcpfier init --template git,npm      two templates, nothing is asked
  mcpfier init tools.yaml              another file than config.yaml

A file that is there is never touched.";

pub const NEW: &str = "\
Examples:
  mcpfier new --list                   all templates with their commands
  mcpfier new git                      print one as a whole file
  mcpfier new git --into tools.yaml    add its commands to a file";

pub const ADD: &str = "\
Examples:
  mcpfier add --from-help 'rg --help'
  mcpfier add --from-help 'git grep -h' --name git-grep --into tools.yaml

The program is run once, without a shell, for at most 10 seconds. Read the proposal before you
serve it.";

pub const IMPORT: &str = "\
Examples:
  mcpfier import package.json
  mcpfier import justfile --into tools.yaml
  mcpfier import tasks.mk --as make
  mcpfier import openapi.yaml --only 'GET /orders*' > shop.yaml

Formats: npm, just, make, openapi, mcpshell, mcp-this, any-script; most are known by the file's name.";

pub const SETUP: &str = "\
Examples:
  mcpfier setup --config tools.yaml    every client that is found
  mcpfier setup cursor zed             these two
  mcpfier setup --print                show what would change, and change nothing
  mcpfier setup --remove               take our entry out again

The file of a client is kept beside it before it is changed, and everything else in it stays as it
is. Ends with 1 if a file had to be left alone.";

pub const MIGRATE: &str = "\
Examples:
  mcpfier migrate old.yaml                   print the new file; the report is on stderr
  mcpfier migrate old.yaml --check           only say what would change
  mcpfier migrate old.yaml -o new.yaml       write it where no file is yet
  mcpfier migrate --in-place                 replace config.yaml; config.yaml.original is as it was";

pub const TRUST: &str = "\
Examples:
  mcpfier trust                        show what the file here would run, and ask
  mcpfier trust tools.yaml --yes       agree without being asked
  mcpfier trust --list                 the files that are trusted
  mcpfier trust --remove               trust the file here no more

Only a file that is found in the current folder has to be trusted; one that `--config` names is
served as it is.";

pub const LOCK: &str = "\
Examples:
  mcpfier lock                         write `mcpfier.lock` beside the file
  mcpfier lock --check                 only say what differs from it
  mcpfier --locked                     serve, unless a tool differs";

pub const SECRET: &str = "\
Examples:
  mcpfier secret set github            ask for the value without showing it
  mcpfier secret set github < token    or read it
  mcpfier secret list                  names and when each was set, never values
  mcpfier secret rm github

A file names a stored secret with `secrets: { github: { store: true } }`.";

pub const KEY: &str = "\
Examples:
  mcpfier key create ci --allow 'test-*' --allow build
  mcpfier key create ann --expires 2027-01-01
  mcpfier key list                     who is let in, and by what
  mcpfier key rotate ci                a new key for ci; the one before lets nobody in
  mcpfier key rotate ci --keep-until 2027-01-01
  mcpfier key revoke ci
  mcpfier key hash-password            for `auth.basic`; asks, or reads stdin

The key is shown once. What the file gets is its fingerprint, under `server.http.auth.api_keys`.";

pub const POLICY: &str = "\
Examples:
  mcpfier policy check --as key:ci                   what the key `ci` may call
  mcpfier policy check --as key:ci deploy target=prod   this very call, and which rule decides
  mcpfier policy check --as token:ann@example.com --claims '{\"groups\":[\"admins\"]}' deploy target=prod
  mcpfier policy check --at 2026-11-27 deploy target=prod

Nothing runs. The answer is the one that a server gives; it ends with 6 if the call is denied.";
pub const AUDIT: &str = "\
Examples:
  mcpfier audit verify                           is the log as it was written?
  mcpfier audit query --caller key:ci --failed --since 2026-11-21
  mcpfier audit tail --follow                    what happens now
  mcpfier audit export --format csv > calls.csv
  mcpfier audit key /etc/mcpfier/audit.key       a key for `checkpoint.key`
  mcpfier audit key --ed25519 /etc/mcpfier/audit.key > audit.pub
  mcpfier audit verify --public-key audit.pub copy.jsonl

The log is the `file` of `audit` in the configuration, with those that were put aside, or FILE.
`verify` ends with 1 if something was done to it.";

pub const IMAGES: &str = "\
Examples:
  mcpfier images                       what the containers of the file run in
  mcpfier images pull                  fetch what calls would fetch
  mcpfier images build                 build what calls would build
  mcpfier images pin                   write the digests into the file
  mcpfier images scan --block-on high  known vulnerabilities, by trivy or grype

Without a word it is `images list`. NAME is an image, or a tool that runs in it.";

pub const APPROVALS: &str = "\
Examples:
  mcpfier approvals                    the calls that wait, and those that were decided
  mcpfier approvals show 4f            what exactly would run
  mcpfier approvals approve 4f         let it run, one time, when it is called again
  mcpfier approvals deny 4f --reason \"not before noon\"

Calls wait here whose tool says `confirm: { approve: { cli: true } }`, those of all servers of this
user. Without a word it is `approvals list`.";

pub const CACHE: &str = "\
Examples:
  mcpfier cache stats                  how much of each tool is remembered on disk
  mcpfier cache clear                  forget all of it
  mcpfier cache clear prices           forget what is remembered of one tool
  mcpfier --no-cache prices            run it in any case, and remember the new result

Only of tools with `cache: { store: disk }`: what a server remembers in memory is its own.
Without a word it is `cache stats`.";

pub const SCHEDULE: &str = "\
Examples:
  mcpfier schedule                     what runs by the clock, as whom and when
  mcpfier schedule next --count 20     the times that come, as clocks there will show them
  mcpfier schedule next report --from 2027-03-27
  mcpfier schedule run report          run it now, as the clock would

`mcpfier --server` is what keeps the time; at a shell nothing waits. Without a word it is `schedule list`.";

pub const JOBS: &str = "\
Examples:
  mcpfier jobs                         what runs, and what is over and not forgotten yet
  mcpfier jobs show 4kQ                how one stands, and its result
  mcpfier jobs logs -f 4kQ             what it writes, until it is over
  mcpfier jobs cancel 4kQ              end it, with all of its processes
  mcpfier jobs prune --older 1h        forget what has been over for an hour

A call becomes a job when it takes longer than `detach_after`, or at once with `background: true`.
Every file that is served has jobs of its own; here are those of all that this user serves.";

pub const CLEAN: &str = "\
Examples:
  mcpfier clean
  mcpfier clean --json

Only containers that mcpfier made on this host, and whose server was killed. A server does the same
beside its first call in a container.";

pub const DOCTOR: &str = "\
Examples:
  mcpfier doctor
  mcpfier doctor --config tools.yaml --json

Ends with 1 if it finds a problem.";

pub const BUNDLE: &str = "\
Examples:
  mcpfier bundle --config tools.yaml                     writes NAME.mcpb
  mcpfier bundle --dry-run                               print the manifest, and write nothing
  mcpfier bundle --output tools.mcpb --release 1.2.0
  mcpfier bundle --output tools.mcpb --release 1.2.0 \\
      --server-json io.github.YOU/tools \\
      --url https://github.com/YOU/tools/releases/download/v1.2.0/tools.mcpb > server.json

A bundle runs on the platform of this program. `--server-json` prints the bundle's entry for the
MCP registry; publish the very file that it was printed for.";

pub const COMPLETIONS: &str = "\
To use them from now on:
  bash         mcpfier completions bash > ~/.local/share/bash-completion/completions/mcpfier
  zsh          mcpfier completions zsh > ~/.zfunc/_mcpfier       # a folder of $fpath
  fish         mcpfier completions fish > ~/.config/fish/completions/mcpfier.fish
  powershell   mcpfier completions powershell >> $PROFILE
  elvish       mcpfier completions elvish >> ~/.config/elvish/rc.elv

Tools, parameters and values come from your file when TAB is pressed, so a script need not be
written again.";

pub const SCHEMA: &str = "\
Examples:
  mcpfier schema >mcpfier.schema.json  what the file can say, for an editor
  mcpfier schema plan                  what `--dry-run NAME --json` prints
  mcpfier schema result                what `call NAME --json` prints
  mcpfier schema validation            what `--validate --json` prints
  mcpfier schema audit                 a record of `audit`";

pub const HELP: &str = "\
Examples:
  mcpfier help                         the whole help
  mcpfier help setup                   that of a verb
  mcpfier help search                  what the tool `search` of your file does and takes";
