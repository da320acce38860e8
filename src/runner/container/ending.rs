//! How a container ends: by itself, which the engine tells, or by us: asked, killed, and removed in any case.

use std::num::NonZeroI32;
use std::time::Duration;

use bollard::models::ContainerStateStatusEnum;
use bollard::query_parameters::{KillContainerOptions, WaitContainerOptions};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::clean::{remove, remove_if_there};
use super::connection::{Connection, Trouble};
use super::init;
use super::life::{Alive, LAST_OUTPUT, Life};
use super::verdict::end_told;
use crate::runner::End;

/// Between attempts to remove a container from an engine that is away.
const PAUSES: [u64; 8] = [100, 300, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

impl Life {
    /// Removes it, and hands on what it wrote last. An engine that is away cannot be waited for.
    pub(super) async fn kill(&self, alive: &mut Alive) {
        let until = Instant::now() + LAST_OUTPUT;
        let connection = alive.connection.clone();
        let mut removal = Box::pin(remove(&connection, &self.order.name));
        let mut is_removed = false;
        while !(is_removed && alive.output.is_over()) {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                () = self.wires.events.closed() => return,
                removed = &mut removal, if !is_removed => match removed {
                    Ok(()) => is_removed = true,
                    Err(_) => return,
                },
                Some(chunk) = alive.output.next() => {
                    let _ = timeout_at(until, self.wires.events.send(chunk)).await;
                }
            }
        }
    }

    /// How it ended, if our init has told that; otherwise as the engine says.
    pub(super) async fn exit_as_told(&self, connection: Connection, told: Option<init::Ended>) -> End {
        match told.and_then(end_told) {
            Some(end) => end,
            None => self.exit(connection).await,
        }
    }

    /// Waits until it has ended by itself.
    pub(super) async fn exit(&self, connection: Connection) -> End {
        // Some engines answer nothing at all before the end.
        let longest = self.order.plan.timeout + self.order.plan.kill_grace + LAST_OUTPUT;
        let docker = connection.docker.clone().with_timeout(longest);
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut answers = Box::pin(docker.wait_container(&self.order.name, Some(options)));
        let code = match answers.next().await {
            Some(Ok(answer)) if answer.error.is_none() => answer.status_code,
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
            Some(Ok(_) | Err(_)) | None => return End::Lost,
        };
        match u16::try_from(code).map(|code| NonZeroI32::new(code.into())) {
            Ok(None) if self.is_removed_by_others(&connection).await => End::Lost,
            Ok(None) => End::Success,
            Ok(Some(code)) => self.failed(&connection, code).await,
            Err(_) => End::Lost,
        }
    }

    /// Podman says 0 of a container that somebody else removes while it runs.
    async fn is_removed_by_others(&self, connection: &Connection) -> bool {
        let inspected = connection.docker.inspect_container(&self.order.name, None);
        match connection.answer("to look at the container", inspected).await {
            Ok(found) => found.state.is_some_and(|state| {
                state.status == Some(ContainerStateStatusEnum::REMOVING) || state.exit_code != Some(0)
            }),
            Err(Trouble::Said { status, .. }) => status == 404,
            Err(Trouble::Away(_)) => true,
        }
    }

    async fn failed(&self, connection: &Connection, code: NonZeroI32) -> End {
        const KILLED: i32 = 128 + 9;
        let may_be_short = code.get() == KILLED && self.order.plan.limits.memory.is_some();
        match code.get() {
            _ if self.is_noted_short(connection).await => End::OutOfMemory,
            _ if may_be_short && self.is_found_short(connection).await => End::OutOfMemory,
            KILLED => End::Signalled(9),
            _ => End::Failed(code),
        }
    }

    /// Its signal, and then its grace. Whoever ignores that is killed by the removal.
    pub(super) async fn ask_to_end(&self, alive: &mut Alive) {
        let until = Instant::now() + self.order.plan.kill_grace;
        let asking = self.signal(&alive.connection);
        if timeout_at(until, asking).await.is_err() {
            return;
        }
        let mut exit = Box::pin(self.exit(alive.connection.clone()));
        while alive.output.told().is_none() || !alive.output.is_over() {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                _ = &mut exit => return,
                () = self.wires.events.closed() => return,
                chunk = alive.output.next(), if !alive.output.is_over() => {
                    let Some(chunk) = chunk else { continue };
                    if timeout_at(until, self.wires.events.send(chunk)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn signal(&self, connection: &Connection) {
        let name = &self.order.name;
        let signal = match &self.order.plan.stop_signal {
            Some(signal) => Some(signal.clone()),
            None => {
                let inspected = connection.docker.inspect_container(name, None).await;
                inspected.ok().and_then(|found| found.config?.stop_signal).filter(|signal| !signal.is_empty())
            }
        };
        let signal = signal.unwrap_or_else(|| "SIGTERM".to_owned());
        let _ = connection.docker.kill_container(name, Some(KillContainerOptions { signal })).await;
    }

    /// Until the engine says that it is gone, or has been away for a minute. One that never said that
    /// it made it may do so yet, when it goes on: what is not there may still come.
    pub(super) async fn remove(&self, connection: &Connection) {
        let mut is_there = true;
        for pause in PAUSES {
            match remove_if_there(connection, &self.order.name).await {
                Ok(is_removed) if is_removed || self.is_created => return,
                Ok(_) => is_there = false,
                Err(failure) => {
                    is_there = true;
                    tracing::debug!("`{}` is not removed yet: {failure}", self.order.name);
                }
            }
            sleep(Duration::from_millis(pause)).await;
        }
        if !is_there {
            return;
        }
        tracing::warn!("the container `{}` could not be removed; `mcpfier clean` does it", self.order.name);
    }
}
