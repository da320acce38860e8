//! Sessions in Redis, for several copies of a server. Without the feature `redis` there is none.

use crate::model::{ServerSettings, Store};

/// Why a server with a store does not start.
#[derive(Debug, thiserror::Error)]
pub enum NoShelf {
    #[error(
        "`server.http.sessions.store` names a Redis, and this program was built without the feature `redis`\n\
         help: build it with `cargo install mcpfier --features redis`, or leave `store` out"
    )]
    Missing,
    #[error("`server.http.sessions.store`: {store}: {problem}")]
    Address { store: Store, problem: String },
}

/// The store that a file names, if it does.
pub fn shelf(settings: &ServerSettings) -> Result<Option<RedisShelf>, NoShelf> {
    settings.http.copies.store.as_ref().map(|store| open(settings, store)).transpose()
}

#[cfg(feature = "redis")]
pub use with_redis::RedisShelf;
#[cfg(feature = "redis")]
use with_redis::open;

#[cfg(not(feature = "redis"))]
pub use without::RedisShelf;
#[cfg(not(feature = "redis"))]
use without::open;

#[cfg(not(feature = "redis"))]
mod without {
    use std::convert::Infallible;
    use std::sync::Arc;

    use crate::mcp::{Remote, Shelf};
    use crate::model::{ServerSettings, Store};

    use super::NoShelf;

    /// There is none.
    pub struct RedisShelf(Infallible);

    impl RedisShelf {
        pub fn shelf(&self) -> Arc<dyn Shelf> {
            match self.0 {}
        }

        pub async fn listen(&self, _: &Remote) {
            match self.0 {}
        }
    }

    pub fn open(_: &ServerSettings, _: &Store) -> Result<RedisShelf, NoShelf> {
        Err(NoShelf::Missing)
    }
}

#[cfg(feature = "redis")]
mod with_redis {
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use futures_util::StreamExt;
    use futures_util::future::BoxFuture;
    use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSub};
    use redis::{Client, Cmd, RedisError, RedisResult};
    use tokio::sync::mpsc;

    use crate::mcp::{Remote, Shelf, Unavailable};
    use crate::model::{ServerSettings, Store};

    use super::NoShelf;

    /// Nobody waits longer for a store that does not answer.
    const PATIENCE: Duration = Duration::from_secs(2);
    /// Until it is tried again.
    const BREATH: Duration = Duration::from_secs(1);
    /// Words that wait to be said; more are dropped, and other copies find out when they ask.
    const WORDS: usize = 1024;

    /// The store, and what is said by way of it.
    pub struct RedisShelf {
        client: Client,
        channel: String,
        shelf: Arc<Inner>,
        commands: Mutex<Option<mpsc::Receiver<Cmd>>>,
    }

    struct Inner {
        connection: ConnectionManager,
        prefix: String,
        channel: String,
        /// How long something is kept that nobody asks for.
        life: u64,
        commands: mpsc::Sender<Cmd>,
    }

    /// Opens a store; that it answers is not asked. Needs a tokio runtime.
    pub fn open(settings: &ServerSettings, store: &Store) -> Result<RedisShelf, NoShelf> {
        let wrong = |problem: redis::RedisError| NoShelf::Address {
            store: store.clone(),
            problem: problem.detail().unwrap_or("it is no address of a Redis").to_owned(),
        };
        let client = Client::open(store.address()).map_err(wrong)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1)
            .set_max_delay(BREATH);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(wrong)?;
        let (commands, waiting) = mpsc::channel(WORDS);
        let prefix = format!("mcpfier:{}:session:", settings.name);
        let channel = format!("mcpfier:{}:words", settings.name);
        let life = settings.http.limits.session_timeout.as_secs().max(1);
        let shelf = Arc::new(Inner { connection, prefix, channel: channel.clone(), life, commands });
        Ok(RedisShelf { client, channel, shelf, commands: Mutex::new(Some(waiting)) })
    }

    impl RedisShelf {
        pub fn shelf(&self) -> Arc<dyn Shelf> {
            Arc::clone(&self.shelf) as Arc<dyn Shelf>
        }

        /// Says what is to be said, and does what other copies say. Never resolves.
        pub async fn listen(&self, remote: &Remote) {
            let waiting = self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
            tokio::join!(self.say(waiting), self.hear(remote));
        }

        async fn say(&self, waiting: Option<mpsc::Receiver<Cmd>>) {
            let Some(mut waiting) = waiting else { return };
            while let Some(command) = waiting.recv().await {
                if let Err(error) = self.shelf.ask::<()>(&command).await {
                    tracing::warn!("other copies were not told of a session: {error}");
                }
            }
        }

        async fn hear(&self, remote: &Remote) {
            let mut is_away = false;
            loop {
                let problem = match self.listening().await {
                    Ok(heard) => {
                        if std::mem::take(&mut is_away) {
                            tracing::info!("the store of sessions answers again");
                        }
                        let mut words = heard.into_on_message();
                        while let Some(word) = words.next().await {
                            if let Ok(word) = word.get_payload::<String>() {
                                remote.hear(&word);
                            }
                        }
                        "it has ended the connection".to_owned()
                    }
                    Err(problem) => problem,
                };
                if !std::mem::replace(&mut is_away, true) {
                    tracing::warn!(
                        "the store of sessions does not answer: {problem}; sessions are known at one copy only"
                    );
                }
                tokio::time::sleep(BREATH).await;
            }
        }

        /// A connection on which other copies are heard, or why there is none.
        async fn listening(&self) -> Result<PubSub, String> {
            let opened = tokio::time::timeout(PATIENCE, async {
                let mut heard = self.client.get_async_pubsub().await?;
                heard.subscribe(&self.channel).await?;
                Ok(heard)
            });
            match opened.await {
                Ok(opened) => opened.map_err(|problem| explained(&problem)),
                Err(_) => Err(format!("it says nothing for {PATIENCE:?}")),
            }
        }
    }

    /// What somebody can do about it is said where we know.
    fn explained(problem: &RedisError) -> String {
        let mut text = problem.to_string();
        if text.contains("invalid peer certificate") {
            text.push_str(
                " (of which authorities certificates are believed, the system says, or `SSL_CERT_FILE`)",
            );
        }
        text
    }

    impl Inner {
        /// A connection that is lost is made anew, which who noticed it has to wait for.
        async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
            let mut connection = self.connection.clone();
            match command.query_async(&mut connection).await {
                Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                    command.query_async(&mut connection).await
                }
                answer => answer,
            }
        }

        fn soon(&self, command: Cmd) {
            if self.commands.try_send(command).is_err() {
                tracing::warn!("other copies are not told of a session: too much is to be said");
            }
        }

        fn key(&self, mark: &str) -> String {
            format!("{}{mark}", self.prefix)
        }
    }

    impl Shelf for Inner {
        fn keep(&self, mark: String, text: String) -> BoxFuture<'_, Result<(), Unavailable>> {
            Box::pin(async move {
                let mut set = redis::cmd("SET");
                set.arg(self.key(&mark)).arg(text).arg("EX").arg(self.life);
                timely(self.ask(&set)).await
            })
        }

        fn find(&self, mark: String) -> BoxFuture<'_, Result<Option<String>, Unavailable>> {
            Box::pin(async move {
                let mut get = redis::cmd("GETEX");
                get.arg(self.key(&mark)).arg("EX").arg(self.life);
                timely(self.ask(&get)).await
            })
        }

        fn forget(&self, mark: String) {
            let mut delete = redis::cmd("DEL");
            delete.arg(self.key(&mark));
            self.soon(delete);
        }

        fn tell(&self, word: String) {
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(&self.channel).arg(word);
            self.soon(publish);
        }
    }

    async fn timely<T>(asked: impl Future<Output = RedisResult<T>>) -> Result<T, Unavailable> {
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the store of sessions");
                Err(Unavailable)
            }
            Err(_) => Err(Unavailable),
        }
    }
}
