//! The containers that any server has made, of which only their names and labels are read.
//!
//! The engine's client knows the states that Docker has. Podman has more, and a list in which one of
//! those stands could not be read at all; so Podman is asked here without that client.

use std::collections::HashMap;

use bollard::query_parameters::ListContainersOptions;
use serde::Deserialize;

use super::connection::Connection;
use super::failure::ContainerFailure;
use super::owner::OWNER;

const DOING: &str = "to list containers";

/// One of them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Listed {
    pub id: String,
    pub names: Option<Vec<String>>,
    pub labels: Option<HashMap<String, String>>,
}

pub async fn ours(connection: &Connection) -> Result<Vec<Listed>, ContainerFailure> {
    #[cfg(unix)]
    if let (true, crate::model::EngineHost::Socket(path)) = (connection.is_podman(), &connection.address.host)
    {
        let asked = tokio::time::timeout(super::connection::PATIENCE, socket::ask(path)).await;
        let told = asked.unwrap_or_else(|late| Err(late.to_string()));
        return told.map_err(|problem| ContainerFailure::Refused { doing: DOING, problem });
    }
    let options = ListContainersOptions {
        all: true,
        filters: Some(HashMap::from([("label".to_owned(), vec![OWNER.to_owned()])])),
        ..ListContainersOptions::default()
    };
    let listed = connection.docker.list_containers(Some(options));
    let listed = connection.answer(DOING, listed).await?;
    let plain = listed.into_iter().map(|container| Listed {
        id: container.id.unwrap_or_default(),
        names: container.names,
        labels: container.labels,
    });
    Ok(plain.collect())
}

#[cfg(unix)]
mod socket {
    use std::path::Path;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    use super::{Listed, OWNER};

    /// More than any host's containers take.
    const MOST: u64 = 64 << 20;

    /// In the oldest version of HTTP an answer is one piece and ends with its connection.
    pub async fn ask(path: &Path) -> Result<Vec<Listed>, String> {
        let told = |error: std::io::Error| error.to_string();
        let mut stream = UnixStream::connect(path).await.map_err(told)?;
        let filters = format!("%7B%22label%22%3A%5B%22{OWNER}%22%5D%7D");
        let request = format!("GET /containers/json?all=true&filters={filters} HTTP/1.0\r\nHost: d\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(told)?;
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer).await.map_err(told)?;
        read(&answer)
    }

    fn read(answer: &[u8]) -> Result<Vec<Listed>, String> {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("it has said nothing")?;
        let (head, body) = answer.split_at(end + 4);
        let status = String::from_utf8_lossy(head).split(' ').nth(1).unwrap_or_default().to_owned();
        if status != "200" {
            return Err(String::from_utf8_lossy(body).trim().to_owned());
        }
        serde_json::from_slice(body).map_err(|error| format!("its answer cannot be read: {error}"))
    }

    #[cfg(test)]
    mod tests {
        use super::read;

        #[test]
        fn whatever_state_a_container_is_in_it_is_listed() {
            let answer = br#"HTTP/1.0 200 OK
Content-Type: application/json

[{"Id":"a1","Names":["/n"],"State":"stopped","Labels":{"mcpfier.instance":"x"}},{"Id":"b2","Labels":null}]"#;
            let answer = String::from_utf8_lossy(answer).replace('\n', "\r\n");
            let listed = read(answer.as_bytes()).unwrap();
            assert_eq!((listed[0].id.as_str(), listed[1].id.as_str()), ("a1", "b2"));
            assert_eq!(listed[0].labels.as_ref().unwrap()["mcpfier.instance"], "x");
        }

        #[test]
        fn what_is_no_list_is_told() {
            assert_eq!(read(b"").unwrap_err(), "it has said nothing");
            assert_eq!(read(b"HTTP/1.0 500 No\r\n\r\nwhy\n").unwrap_err(), "why");
            assert!(read(b"HTTP/1.0 200 OK\r\n\r\n{").unwrap_err().starts_with("its answer cannot be read"));
        }
    }
}
