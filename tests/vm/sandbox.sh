# Runs inside the virtual machine, whose kernel is older than parts of the sandbox: one line a check.

verdict() {
  if [ "$1" = 0 ]; then echo "PASS $2"; else
    echo "FAIL $2"
    sed 's/^/  | /' /tmp/said
  fi
}

# says TEXT…: the last command said every one of them.
says() {
  for text; do grep -qF "$text" /tmp/said || return 1; done
}

mkdir /tmp/outside /tmp/work
echo 'a secret' >/tmp/outside/secret
echo content >/tmp/work/readable
cd /tmp/work
sleep 600 &
victim=$!
cat >tools.yaml <<YAML
version: 1
commands:
  - name: escape
    description: Tries to.
    script: /bin/escape
    sandbox: true
    env: { OUTSIDE: /tmp/outside, SERVER: "$victim", TCP: "1", UDP: "1", UNIX: /tmp/outside/socket, ABSTRACT: none }
  - name: keep
    description: Reads and writes what it may.
    run: cat readable && echo x > ~/x && ls ~ && ! cat /tmp/outside/secret
    sandbox: true
YAML
m() { mcpfier --config tools.yaml "$@" >/tmp/said 2>&1; }

m --validate
says 'sandbox on this host: not kept: emptying files outside' 'signals to other processes: needs Linux 6.12'
verdict $? 'what an older kernel does not keep is said'

m call keep
says content x 'Permission denied'
verdict $? 'what it keeps holds'

m call escape
sed -n 's/^managed: //p' /tmp/said | sort -u >/tmp/managed
printf '%s\n' 'signal another process' 'signal another process by a descriptor' \
  'truncate a file outside by its name' | cmp -s - /tmp/managed
verdict $? 'nothing else is managed than what is said not to be kept'

sed -i 's/^version: 1$/version: 1\ndefaults: { limits_enforcement: required }/' tools.yaml
m call keep
[ $? != 0 ] && says 'emptying files outside' '`limits_enforcement` is `required`' && ! says content
verdict $? 'what is required and not kept is refused'

echo done
