//! A container before anybody attaches to it: its engine, its image, its files, its way out, and the request
//! that makes it.

use bollard::query_parameters::CreateContainerOptions;

use super::care;
use super::connection::{Connection, Connector, Trouble};
use super::create::Order;
use super::failure::ContainerFailure;
use super::life::{Life, Prepared};
use super::private_files::PrivateFiles;
use super::pull::pull;
use super::verdict::not_created;
use super::volumes::put_into_memory;
use crate::model::{Enforcement, Pull};
use crate::plan::ContainerPlan;

impl Life {
    /// The container as it is before anybody attaches to it.
    pub(super) async fn prepare(&mut self) -> Result<Prepared, ContainerFailure> {
        let cancel = self.wires.cancel.clone();
        let connection = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ContainerFailure::Cancelled),
            connection = self.connector.connection() => connection?.for_a_call(self.order.plan.timeout),
        };
        self.refuse_foreign_mounts(&connection)?;
        sources_are_there(&connection, &self.order.plan)?;
        let files = self.put_files(&connection)?;
        let way = self.prepare_way(&connection)?;
        let connection = self.create(connection).await?;
        Ok(Prepared { connection, files, way })
    }

    /// Gives back the connection to where it was created.
    async fn create(&mut self, mut connection: Connection) -> Result<Connection, ContainerFailure> {
        let pull = self.order.plan.pull;
        if care::has_to_prove(&self.order.plan) {
            self.order.body.image = Some(self.image(&connection).await?);
        } else if pull == Pull::Always {
            self.pull(&connection).await?;
        }
        let created = match self.create_on(&connection).await {
            Err(Trouble::Said { status: 404, .. }) if self.order.plan.build.is_some() => {
                self.order.body.image = Some(self.image(&connection).await?);
                self.create_on(&connection).await
            }
            Err(Trouble::Said { status: 404, .. })
                if pull == Pull::Missing && !care::has_to_prove(&self.order.plan) =>
            {
                self.pull(&connection).await?;
                self.create_on(&connection).await
            }
            // A place that is remembered may have been left.
            Err(Trouble::Away(ContainerFailure::Unreachable { .. })) => {
                self.connector.forget().await;
                connection = self.connector.connection().await?.for_a_call(self.order.plan.timeout);
                self.create_on(&connection).await
            }
            created => created,
        };
        created.map_err(|trouble| not_created(&self.order.plan, trouble))?;
        Ok(connection)
    }

    /// What was looked up here is anything there.
    fn refuse_foreign_mounts(&self, connection: &Connection) -> Result<(), ContainerFailure> {
        match self.order.plan.is_bound_here && !connection.is_local() {
            true => Err(ContainerFailure::MountElsewhere { at: connection.address.host.to_string() }),
            false => Ok(()),
        }
    }

    /// The files, as mounts of the container to be.
    fn put_files(&mut self, connection: &Connection) -> Result<Option<PrivateFiles>, ContainerFailure> {
        let Order { name, owner, files, body, .. } = &mut self.order;
        if files.is_empty() {
            return Ok(None);
        }
        if !connection.is_local() {
            let problem = "the engine is on another host, and they never leave this one".to_owned();
            return Err(ContainerFailure::Files { problem });
        }
        let written =
            PrivateFiles::write(name, owner, files).map_err(|problem| ContainerFailure::Files { problem })?;
        let mounts = body.host_config.get_or_insert_default().mounts.get_or_insert_default();
        mounts.extend(written.mounts().iter().cloned());
        Ok(Some(written))
    }

    async fn pull(&self, connection: &Connection) -> Result<(), ContainerFailure> {
        let (environment, plan) = (&self.connector.environment, &self.order.plan);
        let platform = plan.platform.as_deref();
        self.unless_cancelled(pull(connection, environment, &plan.image, platform, &self.wires.news)).await
    }

    /// The id of an image that has to prove something first.
    async fn image(&self, connection: &Connection) -> Result<String, ContainerFailure> {
        let Connector { environment, care, .. } = &*self.connector;
        let image = care.image(connection, environment, &self.order.plan, &self.wires.news);
        self.unless_cancelled(image).await
    }

    async fn unless_cancelled<T>(
        &self,
        doing: impl Future<Output = Result<T, ContainerFailure>>,
    ) -> Result<T, ContainerFailure> {
        tokio::select! {
            biased;
            () = self.wires.cancel.cancelled() => Err(ContainerFailure::Cancelled),
            () = self.wires.events.closed() => Err(ContainerFailure::Cancelled),
            done = doing => done,
        }
    }

    /// A limit that the engine cannot keep is left out, unless it is required.
    async fn create_on(&mut self, connection: &Connection) -> Result<(), Trouble> {
        self.turn = tokio::select! {
            () = self.wires.cancel.cancelled() => return Err(Trouble::Away(ContainerFailure::Cancelled)),
            turn = self.connector.turns.take() => turn,
        };
        let created = self.create_in_turn(connection).await;
        if created.is_err() {
            self.turn = None;
        }
        created
    }

    async fn create_in_turn(&mut self, connection: &Connection) -> Result<(), Trouble> {
        self.put_init_first(connection).await?;
        put_into_memory(connection, &self.order.plan, &mut self.order.body).await?;
        let is_required = self.order.plan.limits.enforcement == Enforcement::Required;
        let mut created = self.ask_to_create(connection).await;
        if let Err(Trouble::Said { message, .. }) = &created
            && message.contains("storage-opt")
            && !is_required
        {
            tracing::warn!("`limits.disk` is not enforced: {message}");
            self.order.body.host_config.get_or_insert_default().storage_opt = None;
            created = self.ask_to_create(connection).await;
        }
        let warnings = created?;
        self.refuse_missing_cards(connection).await?;
        let discarded = warnings.into_iter().find(|warning| warning.contains("iscarded"));
        match discarded {
            Some(problem) if is_required => Err(Trouble::Away(ContainerFailure::NotLimited { problem })),
            Some(problem) => {
                tracing::warn!("a limit is not enforced: {problem}");
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Podman passes over cards that it cannot give, and the program would run without them.
    async fn refuse_missing_cards(&self, connection: &Connection) -> Result<(), Trouble> {
        let plan = &self.order.plan;
        if plan.gpus.is_none() || !connection.is_podman() {
            return Ok(());
        }
        let made = connection.docker.inspect_container(&self.order.name, None);
        let made = connection.answer("to look at the container", made).await?;
        let given = made.host_config.and_then(|host| host.devices).map_or(0, |devices| devices.len());
        match given > plan.devices.len() {
            true => Ok(()),
            false => Err(Trouble::Away(ContainerFailure::NoGpus {
                problem: "Podman passes over what Docker calls device requests".to_owned(),
            })),
        }
    }

    /// The warnings of the engine.
    async fn ask_to_create(&mut self, connection: &Connection) -> Result<Vec<String>, Trouble> {
        let options = CreateContainerOptions {
            name: Some(self.order.name.clone()),
            platform: self.order.plan.platform.clone().unwrap_or_default(),
        };
        let created = connection.docker.create_container(Some(options), self.order.body.clone());
        let created = connection.answer("to create the container", created).await;
        // Only a refusal says for sure that there is none.
        let is_refused = matches!(created, Err(Trouble::Said { .. }));
        self.asked = (!is_refused).then(|| connection.clone());
        self.is_created = created.is_ok();
        Ok(created?.warnings)
    }
}

/// Docker refuses to mount what is not there; Podman would make a folder of the host's for it.
fn sources_are_there(connection: &Connection, plan: &ContainerPlan) -> Result<(), ContainerFailure> {
    if !(connection.is_podman() && connection.is_local()) {
        return Ok(());
    }
    match plan.mounts.iter().find(|mount| !mount.source.exists()) {
        None => Ok(()),
        Some(mount) => Err(ContainerFailure::Refused {
            doing: "to create the container",
            problem: format!("there is no `{}` to mount", mount.source.display()),
        }),
    }
}
