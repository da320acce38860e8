//! The way out in the life of a container: prepared before it is created, open once it runs.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::connection::{Connection, Trouble};
use super::create::Order;
use super::egress::{self, Missed, OpenWay, WayOut};
use super::failure::ContainerFailure;
use super::init::TARGET;
use super::life::Life;
use super::verdict::not_opened;

/// For what the first process of a container said before it ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Life {
    /// The way out of a container that may reach a few destinations, as a part of the container to be.
    pub(super) fn prepare_way(
        &mut self,
        connection: &Connection,
    ) -> Result<Option<WayOut>, ContainerFailure> {
        let Order { name, owner, body, plan, .. } = &mut self.order;
        let Some(doors) = plan.doors() else { return Ok(None) };
        if !connection.is_local() {
            let problem = "the engine is on another host, and connections are made by this one".to_owned();
            return Err(ContainerFailure::Egress { problem });
        }
        let way = WayOut::prepare(plan, doors, name, owner, &self.connector.environment);
        let way = way.map_err(|problem| ContainerFailure::Egress { problem })?;
        way.add_to(body);
        Ok(Some(way))
    }

    /// Its first process is ours, and becomes what the image or the plan says.
    pub(super) async fn put_init_first(&mut self, connection: &Connection) -> Result<(), Trouble> {
        let Order { body, plan, .. } = &mut self.order;
        if plan.doors().is_none() {
            return Ok(());
        }
        if let Some(words) =
            body.entrypoint.as_mut().filter(|words| words.first().is_some_and(|first| first == TARGET))
        {
            // It is there already. One that is made ahead waits for its program when the doors are open.
            if words.len() == 1 {
                *words = egress::entrypoint(Vec::new());
            }
            return Ok(());
        }
        let mut words = plan.entrypoint.clone().unwrap_or_default();
        if plan.entrypoint.is_none() {
            let doing = "to look at the image";
            let inspected = connection.answer(doing, connection.docker.inspect_image(&plan.image)).await?;
            let config = inspected.config.unwrap_or_default();
            words = config.entrypoint.unwrap_or_default();
            let cmd = body.cmd.get_or_insert_with(|| config.cmd.unwrap_or_default());
            if words.is_empty() && cmd.is_empty() {
                let message = "No command specified".to_owned();
                return Err(Trouble::Said { doing, status: 400, message });
            }
        }
        body.entrypoint = Some(egress::entrypoint(words));
        Ok(())
    }

    /// Waits until the doors are open and the program of the container runs, or its first process waits
    /// for one.
    pub(super) async fn open(
        &self,
        way: Option<WayOut>,
        connection: &Connection,
    ) -> Result<Option<OpenWay>, ContainerFailure> {
        let Some(way) = way else { return Ok(None) };
        let mut opening = Box::pin(way.open());
        let early_end = async {
            // It hardly ever takes as long as that.
            sleep(LAST_WORDS).await;
            self.exit(connection.clone()).await
        };
        let opened = tokio::select! {
            biased;
            () = self.wires.cancel.cancelled() => return Err(ContainerFailure::Cancelled),
            () = self.wires.events.closed() => return Err(ContainerFailure::Cancelled),
            opened = &mut opening => Ok(opened),
            end = early_end => Err(end),
        };
        let opened = match opened {
            Ok(opened) => opened,
            // What it had said before has come, or never will.
            Err(end) => timeout(LAST_WORDS, opening).await.unwrap_or_else(|_| {
                Err(Missed::Other(format!("its first process has ended early ({end:?})")))
            }),
        };
        opened.map(Some).map_err(|missed| not_opened(&self.order.plan, missed))
    }
}
