# Runs inside the virtual machine, where cgroup v2 has every controller: one line a check.

cgroups=/sys/fs/cgroup

verdict() {
  if [ "$1" = 0 ]; then echo "PASS $2"; else
    echo "FAIL $2"
    sed 's/^/  | /' /tmp/said
    find $cgroups -name 'mcpfier-*'
  fi
}

# says TEXT…: the last command said every one of them.
says() {
  for text; do grep -qF "$text" /tmp/said || return 1; done
}

# Waits at most three seconds for something to become true.
soon() {
  for _ in $(seq 60); do
    if "$@"; then return 0; fi
    usleep 50000
  done
  return 1
}

# The words of all command lines first, so that the search does not find itself.
alive() {
  cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' >/tmp/words
  grep -qxF "$1" /tmp/words
}
none_alive() { ! alive "$1"; }
no_folders() { [ -z "$(find "$1" -name 'mcpfier-*' -type d)" ]; }
said() { grep -qsF "$1" /tmp/said; }
run() { host "$@" >/tmp/said 2>&1; }

run --memory 32 --timeout 60000 /bin/adversary mark-memory allocate 300
says 'memory: Cgroup' 'end OutOfMemory'
verdict $? 'a memory limit is enforced by the cgroup and named'

run --memory 200 --timeout 60000 /bin/adversary mark-enough both 3
says 'out 2' 'end Success'
verdict $? 'a command within its memory limit runs'

run --pids 20 --timeout 60000 /bin/adversary mark-pids bomb 100
says 'refused' 'end TooManyProcesses'
verdict $? 'a process limit is enforced by the cgroup and named'

host --cpu 500 --memory 100 --pids 30 /bin/adversary mark-files stubborn >/tmp/said 2>&1 &
server=$!
soon said stubborn
leaf=$(dirname "$(find $cgroups/mcpfier-*/ -name memory.max | grep '/[0-9]*/memory.max$')")
for file in cpu.max memory.max memory.swap.max memory.oom.group pids.max; do
  echo "$file $(cat "$leaf/$file")"
done >>/tmp/said
# A kernel without swap has no file for it.
says 'cpu.max 50000 100000' 'memory.max 104857600' 'memory.oom.group 1' 'pids.max 30'
verdict $? 'every limit is set in the cgroup of the command'
kill -9 $server
soon none_alive mark-files
verdict $? 'a killed server leaves no process of a limited command'
run --pids 5 /bin/true
no_folders $cgroups
verdict $? 'the next server removes what a killed one left, and its own when it ends'

run --pids 300 --timeout 4000 --grace 100 /bin/adversary mark-storm storm 100
says 'raging' 'end TimedOut' && none_alive mark-storm && no_folders $cgroups
verdict $? 'a storm is killed with its cgroup and leaves nothing'

host --pids 100 /bin/adversary mark-orphans tree >/tmp/said 2>&1 &
server=$!
soon said 'tree stands'
# The server, its fork server and its supervisors at once: nobody is left to clean up.
guards=$(grep -lsE '^(host|mcpfier-)' /proc/[0-9]*/comm | cut -d/ -f3)
kill -STOP $guards
kill -9 $guards
usleep 200000
alive mark-orphans
verdict $? 'without any of its guards a tree lives on'
run --pids 5 /bin/true
none_alive mark-orphans && no_folders $cgroups
verdict $? 'the next server kills what such a tree left'

echo '+memory +pids +cpu' >$cgroups/cgroup.subtree_control
mkdir $cgroups/delegated
chown -R 1000:1000 $cgroups/delegated
chmod 777 /tmp /tmp/said

# in_delegated COMMAND…: as an ordinary user, alone in a cgroup that is delegated to it.
in_delegated() {
  sh -c 'echo 0 >/sys/fs/cgroup/delegated/cgroup.procs && exec "$@"' sh "$@"
}
in_delegated host --user 1000 --memory 32 --timeout 60000 /bin/adversary mark-user allocate 300 >/tmp/said 2>&1
says 'memory: Cgroup' 'end OutOfMemory' && no_folders $cgroups
verdict $? 'a user with a delegated cgroup of its own has limits'
in_delegated host --user 1000 --pids 20 --timeout 60000 /bin/adversary mark-user bomb 100 >/tmp/said 2>&1
says 'end TooManyProcesses' && no_folders $cgroups
verdict $? 'and again, since the first server put everything back'

sleep 1000 &
sleeper=$!
echo $sleeper >$cgroups/delegated/cgroup.procs
in_delegated host --user 1000 --memory 32 --timeout 60000 /bin/adversary mark-shared allocate 300 >/tmp/said 2>&1
says 'memory: Watched' 'end OutOfMemory' && grep -q $sleeper $cgroups/delegated/cgroup.procs
verdict $? 'a cgroup that others use as well is left alone, and memory is watched'
kill $sleeper

host --user 1000 --memory 32 --pids 50 --timeout 60000 /bin/adversary mark-none allocate 300 >/tmp/said 2>&1
says 'memory: Watched' 'pids: Watched' 'cpu: NotEnforced' 'end OutOfMemory'
verdict $? 'a user without a cgroup has its memory watched'

cat >/tmp/config.yaml <<'YAML'
version: 1
commands:
  - name: greedy
    description: Takes too much memory
    script: /bin/adversary
    args: [mark-call, allocate, "300"]
    limits: { memory: 32MiB, cpu: 0.5 }
YAML
mcpfier --config /tmp/config.yaml --validate >/tmp/said 2>&1
says 'memory cgroup v2' 'cpu cgroup v2'
verdict $? 'a validated file says which means enforces its limits'
mcpfier --config /tmp/config.yaml call greedy >/tmp/said 2>&1
says 'out of memory' && none_alive mark-call && no_folders $cgroups
verdict $? 'a call says that it ran out of memory'

echo done
