//! What goes on before a step has started, for whoever waits: an image is fetched or built.

use tokio::sync::mpsc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// How far it is, in place of what was said before.
    State(String),
    /// A line that stays.
    Line(String),
}

/// Tells whoever listens, if somebody does.
#[derive(Clone, Default)]
pub struct Teller(Option<mpsc::Sender<News>>);

/// News that wait for their listener; more have to wait to be told.
const WAITING: usize = 32;

impl Teller {
    pub fn channel() -> (Self, mpsc::Receiver<News>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(Some(sender)), receiver)
    }

    /// Is not waited for: the next one says more.
    pub fn state(&self, text: String) {
        if let Some(listener) = &self.0 {
            let _ = listener.try_send(News::State(text));
        }
    }

    pub async fn line(&self, text: String) {
        if let Some(listener) = &self.0 {
            let _ = listener.send(News::Line(text)).await;
        }
    }
}
