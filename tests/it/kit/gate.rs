//! The `stepgate` binary before a demo site, with a configuration in a folder of its own.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use stepgate::cli::demo::{DemoOptions, demo_config};
use tempfile::TempDir;

use super::{TestSite, free_address, install_crypto, process::Process};

/// A running gateway, its site, and the folder of its configuration, keys and database.
pub struct TestGate {
    pub site: TestSite,
    pub address: SocketAddr,
    ops: SocketAddr,
    process: Process,
    _folder: TempDir,
}

impl TestGate {
    /// A gateway with the demo's configuration.
    pub async fn start() -> Self {
        Self::start_with(|yaml| yaml).await
    }

    /// A gateway with the demo's configuration as `edit` changes it.
    pub async fn start_with(edit: impl FnOnce(String) -> String) -> Self {
        let site = TestSite::start().await;
        let options = DemoOptions { site: site.address, gateway: free_address(), ops: free_address() };
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("stepgate.yaml");
        fs::write(&config, edit(demo_config(&options, folder.path()))).unwrap();
        generate_keys(&config);
        // Reading its lines blocks, which the site's runtime must not.
        let (gateway, ops) = (options.gateway, options.ops);
        let process = tokio::task::spawn_blocking(move || run(config, gateway, ops)).await.unwrap();
        Self { site, address: gateway, ops, process, _folder: folder }
    }

    /// An address behind the gateway.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Whether `/readyz` says that requests may be sent here.
    pub async fn is_ready(&self) -> bool {
        let ops = self.ops;
        tokio::task::spawn_blocking(move || is_ready(ops)).await.unwrap()
    }

    /// What `/metrics` shows for this name and its labels; 0 for what was never counted.
    pub async fn metric(&self, name: &str) -> f64 {
        install_crypto();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let text = client.get(format!("http://{}/metrics", self.ops)).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

fn stepgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stepgate"))
}

fn generate_keys(config: &Path) {
    let output = stepgate().args(["keys", "generate", "--config"]).arg(config).output().unwrap();
    assert!(output.status.success(), "keys generate: {}", String::from_utf8_lossy(&output.stderr));
}

fn run(config: PathBuf, gateway: SocketAddr, ops: SocketAddr) -> Process {
    let mut process = Process::start(stepgate().arg("run").arg("--config").arg(config));
    process.wait_for(|_| (is_ready(ops) && TcpStream::connect(gateway).is_ok()).then_some(()));
    process
}

/// Whether `/readyz` answers 200.
fn is_ready(ops: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(ops)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {ops}\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
