//! The `stepgate` binary with a configuration in a folder of its own, before a demo site or another.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use stepgate::cli::demo::{DemoOptions, demo_config};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{TestSite, eventually, free_address, process::Process};

/// A gateway process and the folder of its configuration, keys and database; both end with it.
pub struct Gate {
    pub address: SocketAddr,
    pub ops: SocketAddr,
    pub process: Process,
    pub config: PathBuf,
    folder: TempDir,
}

impl Gate {
    /// A ready gateway before the site at this address, with the demo's configuration as `edit`
    /// changes it; `edit` is also given the folder.
    pub async fn start(site: SocketAddr, edit: impl FnOnce(String, &Path) -> String) -> Self {
        let options = DemoOptions { site, gateway: free_address(), ops: free_address() };
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("stepgate.yaml");
        // A socket of its own, so that gateways of one machine do not take over from each other.
        let socket = folder.path().join("upgrade.sock");
        let yaml =
            format!("{}server: {{ upgrade_socket: {} }}\n", demo_config(&options, folder.path()), socket.display());
        fs::write(&config, edit(yaml, folder.path())).unwrap();
        generate_keys(&config);
        let process = run(&config, &[]);
        let mut gate = Self { address: options.gateway, ops: options.ops, process, config, folder };
        gate.wait_until_ready().await;
        gate
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An address behind the gateway.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// Ends the process as a power cut does, and starts another on the same files.
    pub async fn kill_and_restart(&mut self) {
        self.process.signal("KILL");
        self.restart().await;
    }

    /// Starts another process on the same files once the first has ended.
    pub async fn restart(&mut self) {
        self.exited().await;
        self.process = run(&self.config, &[]);
        self.wait_until_ready().await;
    }

    /// Starts a second process that is to take the sockets over from [`Gate::process`].
    pub fn successor(&self) -> Process {
        run(&self.config, &["--upgrade"])
    }

    /// How the process ended, once it has.
    pub async fn exited(&mut self) -> ExitStatus {
        let process = &mut self.process;
        eventually("the process ends", async || process.has_ended()).await
    }

    /// Changes the configuration as deployments do: a new file takes the old one's name.
    pub fn rewrite(&self, edit: impl FnOnce(String) -> String) {
        let text = edit(fs::read_to_string(&self.config).unwrap());
        let next = self.folder.path().join("next");
        fs::write(&next, text).unwrap();
        fs::rename(&next, &self.config).unwrap();
    }

    /// The value of the metric whose line begins with this name and labels; 0 where there is none.
    pub async fn metric(&self, name: &str) -> f64 {
        let page = ask(self.ops, "/metrics").await.unwrap_or_default();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// What `/readyz` answers now, head and all; nothing where nobody listens.
    pub async fn readiness(&self) -> String {
        ask(self.ops, "/readyz").await.unwrap_or_default()
    }

    async fn wait_until_ready(&mut self) {
        let (ops, address) = (self.ops, self.address);
        let process = &mut self.process;
        eventually("the gateway is ready", async || {
            assert!(process.has_ended().is_none(), "it ended; it wrote:\n{}", process.written());
            let ready = ask(ops, "/readyz").await.is_some_and(|answer| answer.starts_with("HTTP/1.1 200"));
            (ready && TcpStream::connect(address).await.is_ok()).then_some(())
        })
        .await;
    }
}

/// A running gateway and its demo site.
pub struct TestGate {
    pub site: TestSite,
    pub address: SocketAddr,
    pub gate: Gate,
}

impl TestGate {
    /// A gateway with the demo's configuration.
    pub async fn start() -> Self {
        Self::start_with(|yaml| yaml).await
    }

    /// A gateway with the demo's configuration as `edit` changes it.
    pub async fn start_with(edit: impl FnOnce(String) -> String) -> Self {
        let site = TestSite::start().await;
        let gate = Gate::start(site.address, |yaml, _| edit(yaml)).await;
        Self { site, address: gate.address, gate }
    }

    /// An address behind the gateway.
    pub fn url(&self, target: &str) -> String {
        self.gate.url(target)
    }
}

fn stepgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stepgate"))
}

fn generate_keys(config: &Path) {
    let output = stepgate().args(["keys", "generate", "--config"]).arg(config).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "keys generate: {}", String::from_utf8_lossy(&said));
}

fn run(config: &Path, more: &[&str]) -> Process {
    Process::start(stepgate().arg("run").args(more).arg("--config").arg(config))
}

/// The answer of the ops listener to a GET, if somebody answers.
async fn ask(ops: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(ops).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {ops}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(std::time::Duration::from_secs(5), read).await.ok()?.ok()?;
    Some(answer)
}
