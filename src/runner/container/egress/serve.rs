//! The doors of a container while it runs: every connection that comes through one has a task, and
//! all of them are gone when the value of the doors is.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::model::Destination;

use super::gate::Gate;
use super::{proxy, question};

/// Connections of a container at a time. Others wait, as they would at a busy server.
const CONNECTIONS: usize = 256;
/// After an attempt to take a connection in vain, as when too many files are open.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest question that is read.
const QUESTION: usize = 1232;

/// A door as the kernel has it.
pub enum OpenDoor {
    Lane(TcpListener, Destination),
    Proxy(TcpListener),
    Names(UdpSocket),
}

pub async fn serve(doors: Vec<OpenDoor>, hosts: Vec<(String, Ipv4Addr)>, gate: Arc<Gate>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let hosts = Arc::new(hosts);
    let mut tasks = JoinSet::new();
    for door in doors {
        let (gate, room, hosts) = (Arc::clone(&gate), Arc::clone(&room), Arc::clone(&hosts));
        match door {
            OpenDoor::Lane(listener, to) => tasks.spawn(take(listener, Some(to), gate, room)),
            OpenDoor::Proxy(listener) => tasks.spawn(take(listener, None, gate, room)),
            OpenDoor::Names(socket) => tasks.spawn(answer(socket, hosts, gate)),
        };
    }
    while tasks.join_next().await.is_some() {}
}

async fn take(listener: TcpListener, to: Option<Destination>, gate: Arc<Gate>, room: Arc<Semaphore>) {
    let to = Arc::new(to);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let _ = client.set_nodelay(true);
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let (to, gate) = (Arc::clone(&to), Arc::clone(&gate));
        connections.spawn(async move {
            let _place = place;
            let served = match to.as_ref() {
                Some(to) => match Gate::host_of(to) {
                    Some(host) => proxy::lead(client, &host, to.port, &gate).await,
                    None => Ok(()),
                },
                None => {
                    let (from, to) = client.into_split();
                    proxy::serve(from, to, &gate).await
                }
            };
            if let Err(error) = served {
                tracing::debug!("a connection of a container broke off: {error}");
            }
        });
    }
}

async fn answer(socket: UdpSocket, hosts: Arc<Vec<(String, Ipv4Addr)>>, gate: Arc<Gate>) {
    let mut packet = [0; QUESTION];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut packet).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let question = packet.get(..length).unwrap_or_default();
        let Some(answer) = question::answer(question, &hosts) else { continue };
        if let Some(name) = answer.denied {
            let only_by_proxy = gate.is_below(&name);
            let why = if only_by_proxy {
                "it is reached by the proxy only"
            } else {
                "`network.allow` does not list it"
            };
            gate.denials.add(&format!("the name `{name}` is not resolved: {why}"));
        }
        let _ = socket.send_to(&answer.packet, from).await;
    }
}
