# Runs inside the virtual machine: a server that nobody tells of changes sees them all the same.

verdict() {
  if [ "$1" = 0 ]; then echo "PASS $2"; else
    echo "FAIL $2"
    sed 's/^/  | /' out err
  fi
}

# Waits at most fifteen seconds for a file to say something.
soon() {
  for _ in $(seq 300); do
    if grep -qF "$2" "$1"; then return 0; fi
    usleep 50000
  done
  return 1
}

edition() {
  printf 'version: 1\ncommands: [{ name: %s, description: A tool., script: echo }]\n' "$1" >tools.yaml
}

# Starts a server on tools.yaml, opens a session with it and lists its tools.
serve() {
  rm -f in out err
  mkfifo in
  mcpfier --config tools.yaml --mcp <in >out 2>err &
  exec 3>in
  echo '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' >&3
  echo '{"jsonrpc":"2.0","method":"notifications/initialized"}' >&3
  echo '{"jsonrpc":"2.0","id":2,"method":"tools/list"}' >&3
  soon out '"id":2'
}

cd /tmp || exit 1

echo 0 >/proc/sys/fs/inotify/max_user_instances
edition first
serve && soon err 'looked at every 2s'
verdict $? 'a server without inotify says that it looks by the clock'
edition second
soon out 'notifications/tools/list_changed' && soon err 'new: second; gone: first'
verdict $? 'and sees a change'
exec 3>&-
wait

echo 128 >/proc/sys/fs/inotify/max_user_instances
mkdir ram && mount -t ramfs none ram && cd ram || exit 1
edition first
serve && soon err 'looked at every 2s'
verdict $? 'a file system that is not known to be local is looked at by the clock'
edition second
soon out 'notifications/tools/list_changed'
verdict $? 'and so is what changes there'
exec 3>&-
wait

echo done
