//! A planned container as the engine's create request. Nothing is decided here.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, DeviceRequest, HostConfig, HostConfigLogConfig, Mount, MountType,
    ResourcesUlimits,
};
use bytes::Bytes;

use crate::model::{ByteSize, Gpus, Limits, Network};
use crate::plan::{ContainerPlan, PlannedStdin};
use crate::runner::{RunId, SecretValues, StartError};

use super::connection::PATIENCE;
use super::init;
use super::owner::{CALL, OWNER, Owner};

/// Everything that a life of a container needs, every hole filled. It holds secrets, so nothing of
/// it is ever printed.
pub struct Order {
    pub name: String,
    pub owner: Owner,
    pub body: ContainerCreateBody,
    /// Text by the path where the container finds it.
    pub files: Vec<(String, String)>,
    pub stdin: Option<Bytes>,
    pub plan: ContainerPlan,
}

impl Order {
    pub fn fill(
        plan: &ContainerPlan,
        secrets: &SecretValues,
        run: &RunId,
        owner: Owner,
    ) -> Result<Self, StartError> {
        let filled = |words: &[(String, crate::plan::Word)]| -> Result<Vec<(String, String)>, StartError> {
            words.iter().map(|(name, word)| Ok((name.clone(), secrets.fill(word)?.into_owned()))).collect()
        };
        let variables = filled(&plan.variables)?;
        let arguments: Result<Vec<String>, StartError> =
            plan.arguments.iter().map(|word| Ok(secrets.fill(word)?.into_owned())).collect();
        let stdin = match &plan.stdin {
            PlannedStdin::Null => None,
            PlannedStdin::Text(word) => Some(Bytes::from(secrets.fill(word)?.into_owned())),
        };
        let mut body = body(plan, &variables, arguments?, stdin.is_some());
        let labels = body.labels.get_or_insert_default();
        labels.insert(CALL.to_owned(), run.to_string());
        labels.insert(OWNER.to_owned(), owner.label());
        // No other container of this host has it.
        let name = format!("mcpfier-{run}-{:x}", std::process::id());
        Ok(Self { name, owner, body, files: filled(&plan.files)?, stdin, plan: plan.clone() })
    }
}

impl Order {
    /// A container that waits for its command with everything else in force: limits, mounts, network.
    /// Of the command it knows nothing.
    pub fn ahead(plan: &ContainerPlan, name: String, owner: Owner, init: Mount) -> Self {
        let mut body = body(plan, &[], Vec::new(), true);
        let labels = body.labels.get_or_insert_default();
        labels.insert(CALL.to_owned(), name.clone());
        labels.insert(OWNER.to_owned(), owner.label());
        body.entrypoint = Some(vec![init::TARGET.to_owned()]);
        let host = body.host_config.get_or_insert_default();
        host.mounts.get_or_insert_default().push(init);
        // Ours does what that does, and is one process more than the command's.
        host.init = None;
        host.pids_limit = plan.limits.pids.map(|pids| i64::from(pids) + 1);
        let files = plan.files.iter().map(|(path, _)| (path.clone(), String::new())).collect();
        // Nobody waits for it, so the engine may take its time.
        let plan = ContainerPlan { timeout: PATIENCE, ..plan.clone() };
        Self { name, owner, body, files, stdin: None, plan }
    }

    /// The words of the command and its variables, as `NAME=VALUE`.
    pub fn command(&self, image: &OwnWords) -> (Vec<String>, &[String]) {
        let ContainerCreateBody { entrypoint, cmd, env, .. } = &self.body;
        let words = match (entrypoint, cmd) {
            (Some(entrypoint), cmd) => [entrypoint.as_slice(), cmd.as_deref().unwrap_or_default()].concat(),
            (None, Some(words)) => [&*image.entrypoint, words].concat(),
            (None, None) => [&*image.entrypoint, &*image.words].concat(),
        };
        (words, env.as_deref().unwrap_or_default())
    }
}

/// What an image runs by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnWords {
    pub entrypoint: Vec<String>,
    pub words: Vec<String>,
}

fn body(
    plan: &ContainerPlan,
    variables: &[(String, String)],
    arguments: Vec<String>,
    has_stdin: bool,
) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(plan.image.clone()),
        entrypoint: plan.entrypoint.clone(),
        cmd: (!arguments.is_empty()).then_some(arguments),
        env: Some(variables.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        user: plan.lockdown.user.clone(),
        working_dir: plan.workdir.clone(),
        attach_stdin: Some(has_stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(has_stdin),
        stdin_once: Some(has_stdin),
        stop_signal: plan.stop_signal.clone(),
        labels: Some(plan.labels.iter().cloned().collect()),
        host_config: Some(host_config(plan)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(plan: &ContainerPlan) -> HostConfig {
    let lockdown = &plan.lockdown;
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let texts = |items: &[std::net::IpAddr]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
    let hosts = plan.hosts.iter().map(|(name, address)| format!("{name}:{address}")).collect();
    HostConfig {
        network_mode: Some(network(&plan.network).to_owned()),
        readonly_rootfs: Some(lockdown.read_only_root),
        cap_drop: lockdown.drop_capabilities.then(|| vec!["ALL".to_owned()]),
        cap_add: some(lockdown.cap_add.iter().map(|name| capability(name)).collect()),
        security_opt: lockdown.no_new_privileges.then(|| vec!["no-new-privileges".to_owned()]),
        mounts: Some(mounts(plan)),
        tmpfs: Some(tmpfs(plan)),
        extra_hosts: some(hosts),
        dns: some(texts(&plan.dns)),
        devices: Some(devices(plan)),
        device_requests: plan.gpus.as_ref().map(|gpus| vec![graphics(gpus)]),
        init: plan.init.then_some(true),
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: Some(HashMap::default()),
        }),
        storage_opt: plan.root_size().map(|disk| HashMap::from([("size".to_owned(), disk.0.to_string())])),
        ..limited(&plan.limits)
    }
}

/// The limits, in the engine's words. Memory and swap together are as much as memory alone.
fn limited(limits: &Limits) -> HostConfig {
    let bytes = limits.memory.map(|memory| signed(memory.0));
    let files = limits.files.map(|files| ResourcesUlimits {
        name: Some("nofile".to_owned()),
        soft: Some(signed(files)),
        hard: Some(signed(files)),
    });
    HostConfig {
        memory: bytes,
        memory_swap: bytes,
        nano_cpus: limits.cpu.map(|cores| i64::from(cores.0) * 1_000_000),
        pids_limit: limits.pids.map(i64::from),
        ulimits: files.map(|files| vec![files]),
        ..HostConfig::default()
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn network(network: &Network) -> &str {
    match network {
        Network::None | Network::Only(_) => "none",
        Network::Bridge => "bridge",
        Network::Named(name) => name,
    }
}

/// As Docker's own client spells it.
fn capability(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
}

fn mounts(plan: &ContainerPlan) -> Vec<Mount> {
    let mounts = plan.mounts.iter().map(|mount| Mount {
        target: Some(mount.target.clone()),
        source: Some(mount.source.display().to_string()),
        typ: Some(MountType::BIND),
        read_only: Some(mount.read_only),
        ..Mount::default()
    });
    mounts.collect()
}

fn tmpfs(plan: &ContainerPlan) -> HashMap<String, String> {
    plan.tmpfs.iter().map(|tmpfs| (tmpfs.target.clone(), memory(tmpfs.size))).collect()
}

/// The options of a folder in memory. Whichever user runs there may write, whatever mode the image has
/// for its place.
pub fn memory(size: Option<ByteSize>) -> String {
    let size = size.map(|size| format!(",size={}", size.0)).unwrap_or_default();
    format!("mode=1777{size}")
}

/// As `docker run --gpus` asks for them.
fn graphics(gpus: &Gpus) -> DeviceRequest {
    let (count, ids) = match gpus {
        Gpus::All => (-1, None),
        Gpus::Count(count) => (i64::from(*count), None),
        Gpus::Ids(ids) => (0, Some(ids.clone())),
    };
    DeviceRequest {
        driver: Some(String::new()),
        count: Some(count),
        device_ids: ids,
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        options: Some(HashMap::new()),
    }
}

fn devices(plan: &ContainerPlan) -> Vec<DeviceMapping> {
    let devices = plan.devices.iter().map(|device| {
        let path = Some(device.display().to_string());
        DeviceMapping {
            path_on_host: path.clone(),
            path_in_container: path,
            cgroup_permissions: Some("rwm".to_owned()),
        }
    });
    devices.collect()
}
