//! A real mail server (aiosmtpd), whose mails are read.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::process::Process;

/// A server on a loopback port.
pub struct MailServer {
    pub port: u16,
    process: Arc<Mutex<Process>>,
}

impl MailServer {
    /// A server without TLS.
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    /// A server that takes nothing before STARTTLS.
    pub async fn with_tls(certificate: &Path, key: &Path) -> Self {
        Self::start_with(vec![certificate.to_owned(), key.to_owned()]).await
    }

    async fn start_with(files: Vec<std::path::PathBuf>) -> Self {
        let start = move || {
            let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/django/bin/python"));
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/smtp/server.py")).args(files);
            let mut process = Process::start(&mut command);
            let port = process.wait_for(|line| line?.strip_prefix("ready ")?.parse().ok());
            (process, port)
        };
        let (process, port) = tokio::task::spawn_blocking(start).await.unwrap();
        Self { port, process: Arc::new(Mutex::new(process)) }
    }

    /// The next mail, once it is there: `from`, `to`, `data`.
    pub async fn next(&self) -> Value {
        let process = Arc::clone(&self.process);
        let read = move || process.lock().unwrap().wait_for(|line| serde_json::from_str(line?).ok());
        tokio::task::spawn_blocking(read).await.unwrap()
    }
}
