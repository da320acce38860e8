//! What a person at a shell sees while an image is fetched or built, and of the steps of a flow: on
//! stderr, on a terminal in one line that is drawn anew.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::engine::{News, Sanitizer, StepChange, StepNews};

/// Where lines stay they are few.
const SELDOM: Duration = Duration::from_secs(5);

pub struct Waiting {
    is_terminal: bool,
    told: Option<Instant>,
    /// There is a line that has to go before another text.
    is_drawn: bool,
}

impl Waiting {
    pub fn new() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), told: None, is_drawn: false }
    }

    pub fn tell(&mut self, news: &News) {
        match news {
            News::Line(line) => {
                self.clear();
                write(&format!("{}\n", clean(line)));
            }
            News::State(state) if self.is_terminal => {
                write(&format!("\r\u{1b}[K{}", clean(state)));
                self.is_drawn = true;
            }
            News::State(state) => {
                if self.told.is_none_or(|told| told.elapsed() >= SELDOM) {
                    self.told = Some(Instant::now());
                    write(&format!("{}\n", clean(state)));
                }
            }
        }
    }

    /// What has happened to a step of a flow: on a terminal those that run are drawn, elsewhere each is a line.
    pub fn step(&mut self, news: &StepNews) {
        let is_end = matches!(news.change, StepChange::Ended { .. });
        match self.is_terminal && !is_end {
            true => self.tell(&News::State(news.to_string())),
            false if news.is_passing() => {}
            false => self.tell(&News::Line(news.to_string())),
        }
    }

    /// Takes the drawn line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            write("\r\u{1b}[K");
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.clear();
    }
}

fn clean(text: &str) -> String {
    Sanitizer::clean(text.as_bytes())
}

fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
