//! How far the pull of an image is: its layers, summed up to one line, a few times a second.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{CreateImageInfo, ProgressDetail};
use tokio::time::Instant;

/// Between two lines.
const INTERVAL: Duration = Duration::from_millis(300);

pub struct Layers {
    image: String,
    layers: HashMap<String, Layer>,
    told: Option<(String, Instant)>,
}

#[derive(Default)]
struct Layer {
    done: u64,
    total: u64,
    is_unpacked: bool,
}

impl Layers {
    pub fn of(image: &str) -> Self {
        Self { image: image.to_owned(), layers: HashMap::new(), told: None }
    }

    /// Takes what an engine says, and gives a line if it is time for one.
    pub fn hear(&mut self, info: &CreateImageInfo, now: Instant) -> Option<String> {
        let status = info.status.as_deref().unwrap_or_default();
        self.note(info.id.as_deref(), status, info.progress_detail.as_ref());
        let line = self.line();
        let is_new = match &self.told {
            None => true,
            Some((told, at)) => *told != line && now.duration_since(*at) >= INTERVAL,
        };
        if is_new {
            self.told = Some((line.clone(), now));
        }
        is_new.then_some(line)
    }

    /// The first message of a tag has it in the place of a layer.
    fn note(&mut self, id: Option<&str>, status: &str, detail: Option<&ProgressDetail>) {
        let is_layer = ["Pulling fs layer", "Waiting", "Downloading", "Verifying", "Download complete"]
            .into_iter()
            .chain(["Extracting", "Pull complete", "Already exists"])
            .any(|known| status.starts_with(known));
        let (Some(id), true) = (id, is_layer) else { return };
        let layer = self.layers.entry(id.to_owned()).or_default();
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        match status {
            "Downloading" => {
                let detail = detail.cloned().unwrap_or_default();
                layer.done = number(detail.current).unwrap_or(layer.done);
                layer.total = number(detail.total).unwrap_or(layer.total).max(layer.done);
            }
            "Download complete" | "Extracting" => layer.done = layer.total,
            "Pull complete" | "Already exists" => (layer.done, layer.is_unpacked) = (layer.total, true),
            _ => {}
        }
    }

    fn line(&self) -> String {
        let Self { image, layers, .. } = self;
        let sum = |part: fn(&Layer) -> u64| layers.values().map(part).sum::<u64>();
        let (done, total) = (sum(|layer| layer.done), sum(|layer| layer.total));
        let unpacked = layers.values().filter(|layer| layer.is_unpacked).count();
        if total > 0 && done == total && layers.values().all(|layer| layer.total > 0 || layer.is_unpacked) {
            return format!("pulling {image}: unpacking, {unpacked} of {} layers", layers.len());
        }
        match total {
            0 => format!("pulling {image}"),
            total => format!("pulling {image}: {}", share(done, total)),
        }
    }
}

/// `34 of 57 MB`.
fn share(done: u64, total: u64) -> String {
    let (unit, name) = if total >= 1_000_000 { (1_000_000, "MB") } else { (1_000, "kB") };
    format!("{} of {} {name}", done / unit, total.div_ceil(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(id: &str, status: &str, detail: Option<(i64, i64)>) -> CreateImageInfo {
        let detail =
            detail.map(|(current, total)| ProgressDetail { current: Some(current), total: Some(total) });
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: detail,
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn layers_are_summed_up_to_one_line_a_few_times_a_second() {
        let mut layers = Layers::of("python:3.12-slim");
        let begun = Instant::now();
        let mut hear = |millis, id: &str, status: &str, detail| {
            layers.hear(&info(id, status, detail), begun + Duration::from_millis(millis))
        };
        let told = |line: &str| Some(format!("pulling python:3.12-slim{line}"));
        assert_eq!(hear(0, "3.12-slim", "Pulling from library/python", None), told(""));
        assert_eq!(hear(1, "a", "Pulling fs layer", None), None);
        assert_eq!(hear(2, "b", "Already exists", None), None);
        assert_eq!(hear(400, "a", "Downloading", Some((5_000_000, 40_000_000))), told(": 5 of 40 MB"));
        assert_eq!(hear(500, "a", "Downloading", Some((9_000_000, 40_000_000))), None);
        assert_eq!(hear(800, "c", "Downloading", Some((25_000_000, 26_500_000))), told(": 34 of 67 MB"));
        assert_eq!(hear(1200, "a", "Download complete", None), told(": 65 of 67 MB"));
        assert_eq!(hear(1600, "c", "Extracting", None), told(": unpacking, 1 of 3 layers"));
        assert_eq!(hear(2000, "a", "Pull complete", None), told(": unpacking, 2 of 3 layers"));
    }
}
