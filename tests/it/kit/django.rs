//! The small Django site of `tests/it/django`.

use std::{net::SocketAddr, process::Command};

use super::{free_address, process::Process};

/// It ends when dropped.
pub struct Django {
    pub address: SocketAddr,
    _process: Process,
}

impl Django {
    /// Starts it and waits until it listens.
    pub async fn start() -> Self {
        let address = free_address();
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/django/bin/python"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/django/site.py")).arg(address.port().to_string());
        let process = tokio::task::spawn_blocking(move || {
            let mut process = Process::start(&mut command);
            process.wait_for(|line| line?.contains("ready").then_some(()));
            process
        });
        Self { address, _process: process.await.unwrap() }
    }
}
