//! What holds a container: tried from inside, and read back from the engine.

use mcpfier::model::{ByteSize, Cores, Enforcement, Lockdown, Network, Tmpfs};
use mcpfier::plan::PlannedMount;
use mcpfier::runner::End;
use mcpfier::runner::container::ContainerFailure;
use tokio_util::sync::CancellationToken;

use super::{bench, first_words, shell, to_the_end};

#[tokio::test]
async fn the_root_cannot_be_written_and_the_scratch_folder_can() {
    let script = "for place in / /etc /bin /dev/shm/.. /proc/sys/kernel; do echo x > $place/x 2>/dev/null && echo wrote $place; done; \
                  echo kept > /tmp/x && cat /tmp/x";
    let Some(bench) = shell(script) else { return };
    bench.run().await.says("kept\n");
}

#[tokio::test]
async fn the_scratch_folder_holds_as_much_as_it_may() {
    let Some(bench) = shell("head -c 3000000 /dev/zero > /tmp/x; wc -c < /tmp/x") else { return };
    let tmpfs = Tmpfs { target: "/tmp".to_owned(), size: Some(ByteSize::mib(1)) };
    let ran = bench.with(|plan| plan.tmpfs = vec![tmpfs]).run().await;
    assert_eq!(ran.text(), "1048576\n");
    assert!(ran.stderr.contains("head: "), "the rest was refused: {}", ran.stderr);
}

#[tokio::test]
async fn there_is_no_network_but_its_own_loopback() {
    let Some(bench) = shell("ls /sys/class/net; wget -T 2 -q -O - http://1.1.1.1/ && echo reached; true")
    else {
        return;
    };
    bench.run().await.says("lo\n");
}

#[tokio::test]
async fn the_user_is_nobody_without_any_capability() {
    let script =
        "id -u; id -g; grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status";
    let Some(bench) = shell(script) else { return };
    let expected = "65534\n65534\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
                    CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n";
    bench.run().await.says(expected);
}

#[tokio::test]
async fn a_capability_that_is_given_back_is_the_only_one() {
    let Some(bench) = shell("grep CapBnd /proc/self/status") else { return };
    let bench = bench.with(|plan| plan.lockdown.cap_add = vec!["CHOWN".to_owned()]);
    bench.run().await.says("CapBnd:\t0000000000000001\n");
}

#[tokio::test]
async fn only_what_is_mounted_is_seen_and_only_in_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("seen"), "text\n").unwrap();
    std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
    let mount = |target: &str, read_only| PlannedMount {
        source: folder.path().canonicalize().unwrap(),
        target: target.to_owned(),
        read_only,
    };
    let script = "cat /in/seen; echo x > /in/new 2>/dev/null && echo wrote; echo made > /out/made";
    let Some(bench) = shell(script) else { return };
    bench
        .with(|plan| plan.mounts = vec![mount("/in", true), mount("/out", false)])
        .run()
        .await
        .says("text\n");
    assert_eq!(std::fs::read_to_string(folder.path().join("made")).unwrap(), "made\n");
}

#[tokio::test]
async fn a_mount_whose_source_is_not_there_is_refused() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let mount = PlannedMount { source: "/no/such/folder".into(), target: "/in".to_owned(), read_only: true };
    let told = bench.with(|plan| plan.mounts = vec![mount]).failure().await.to_string();
    assert!(told.contains("/no/such/folder"), "{told}");
}

#[tokio::test]
async fn the_engine_has_every_limit_that_was_planned() {
    let Some(bench) = shell("echo up; sleep 60") else { return };
    let bench = bench.with(|plan| {
        plan.limits.cpu = Some(Cores(500));
        plan.limits.memory = Some(ByteSize::mib(48));
        plan.limits.pids = Some(17);
        plan.limits.files = Some(99);
        plan.init = true;
    });
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    let found = bench.inspected();
    let host = &found["HostConfig"];
    assert_eq!(host["Memory"], 48 << 20);
    assert_eq!(host["MemorySwap"], 48 << 20);
    assert_eq!(host["NanoCpus"], 500_000_000);
    assert_eq!(host["PidsLimit"], 17);
    let name = host["Ulimits"][0]["Name"].as_str().unwrap();
    assert!(["nofile", "RLIMIT_NOFILE"].contains(&name), "{name}");
    assert_eq!(host["Ulimits"][0]["Hard"], 99);
    assert_eq!(host["NetworkMode"], "none");
    assert_eq!(host["ReadonlyRootfs"], true);
    // Podman says which those are.
    let dropped = host["CapDrop"].as_array().unwrap();
    assert!(dropped[0] == "ALL" || bench.engine.is_podman && dropped.len() > 5, "{dropped:?}");
    assert_eq!(host["SecurityOpt"][0], "no-new-privileges");
    assert_eq!(host["LogConfig"]["Type"], "none");
    assert_eq!(host["Init"], true);
    assert_eq!(host["Privileged"], false);
    assert_eq!(found["Config"]["User"], "65534:65534");
    assert!(found["Name"].as_str().unwrap().starts_with("/mcpfier-"), "{}", found["Name"]);
    cancel.cancel();
    assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
}

#[tokio::test]
async fn without_a_lockdown_it_is_as_the_engine_has_it() {
    let Some(bench) = shell("id -u; echo x > /x && cat /x; ls /sys/class/net | grep -c .") else { return };
    let bench = bench.with(|plan| {
        plan.lockdown = Lockdown::open();
        plan.network = Network::Bridge;
    });
    bench.run().await.says("0\nx\n2\n");
}

#[tokio::test]
async fn a_disk_limit_that_the_engine_cannot_keep_is_refused_if_it_is_required() {
    let Some(bench) = bench(&["/bin/echo", "ran"]) else { return };
    let driver = bench.engine.docker(&["info", "--format", "{{.Driver}} {{.DriverStatus}}"]);
    if driver.contains("xfs") || !driver.starts_with("overlay") {
        return crate::support::skip::skip(&format!("an engine without limits of disk (it has {driver})"));
    }
    let limited = bench.with(|plan| {
        plan.limits.disk = Some(ByteSize::mib(10));
        plan.lockdown.read_only_root = false;
    });
    limited.run().await.says("ran\n");
    let required = limited.with(|plan| plan.limits.enforcement = Enforcement::Required);
    let failure = required.failure().await;
    assert!(matches!(failure, ContainerFailure::NoDiskLimit { .. }), "{failure}");
}
