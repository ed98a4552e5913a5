//! The `stepgate` binary before a demo site, with a configuration in a folder of its own.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use stepgate::{
    cli::demo::{DemoOptions, demo_config},
    config::keys::KeyFile,
    secret::Hasher,
};
use tempfile::TempDir;

use super::{TestSite, free_address, install_crypto, process::Process, provider::Provider};

/// How long to wait for what metrics will say, and how long between two looks.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What the demo's configuration says of couriers: `run` refuses it (decisions 30).
const OUTBOXES: &str = "  sms: [{ outbox: {} }]\n  email: { outbox: {} }\n";

/// A running gateway, its site, and the folder of its configuration, keys and database.
pub struct TestGate<S = TestSite> {
    pub site: S,
    pub address: SocketAddr,
    /// Where metrics are served.
    pub ops: SocketAddr,
    /// Gets the SMS: JSON with `to`, `text` and `id`.
    pub provider: Provider,
    process: Process,
    folder: TempDir,
}

impl TestGate {
    /// A gateway with the demo's configuration.
    pub async fn start() -> Self {
        Self::start_with(|yaml| yaml).await
    }

    /// A gateway with the demo's configuration as `edit` changes it.
    pub async fn start_with(edit: impl FnOnce(String) -> String) -> Self {
        let site = TestSite::start().await;
        let (address, provider) = (site.address, Provider::start().await);
        let courier = format!(
            "  sms: [{{ http: {{ url: 'http://{}/sms', json: {{ to: '{{to}}', text: '{{text}}', id: '{{id}}' }} }} }}]\n",
            provider.address
        );
        let write = |options: &DemoOptions, folder: &Path| {
            let yaml = demo_config(options, folder);
            assert!(yaml.contains(OUTBOXES), "{yaml}");
            edit(yaml.replace(OUTBOXES, &courier))
        };
        Self::launch((site, provider), address, write).await
    }
}

impl<S> TestGate<S> {
    /// A gateway before this site, with the configuration that `write` makes for these addresses and
    /// this folder.
    pub async fn before(site: S, at: SocketAddr, write: impl FnOnce(&DemoOptions, &Path) -> String) -> Self {
        Self::launch((site, Provider::start().await), at, write).await
    }

    async fn launch(
        (site, provider): (S, Provider),
        at: SocketAddr,
        write: impl FnOnce(&DemoOptions, &Path) -> String,
    ) -> Self {
        let options = DemoOptions { site: at, gateway: free_address(), ops: free_address(), inbox: free_address() };
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("stepgate.yaml");
        fs::write(&config, write(&options, folder.path())).unwrap();
        generate_keys(&config);
        // Reading its lines blocks, which the site's runtime must not.
        let (gateway, ops) = (options.gateway, options.ops);
        let process = tokio::task::spawn_blocking(move || run(config, gateway, ops)).await.unwrap();
        Self { site, address: gateway, ops, provider, process, folder }
    }

    /// The first line of its log, as JSON, that this finds something in.
    pub fn logged<T>(&mut self, found: impl Fn(&serde_json::Value) -> Option<T>) -> T {
        self.process.find(|line| found(&serde_json::from_str(line).ok()?))
    }

    /// Hashes as the gateway does.
    pub fn hasher(&self) -> Hasher {
        KeyFile::load(&self.folder.path().join("keys.yaml")).unwrap().hasher()
    }

    /// Changes the configuration's file, by a rename as editors do it; the gateway reads it by itself.
    pub fn rewrite(&self, edit: impl FnOnce(String) -> String) {
        let config = self.folder.path().join("stepgate.yaml");
        let draft = config.with_extension("draft");
        fs::write(&draft, edit(fs::read_to_string(&config).unwrap())).unwrap();
        fs::rename(&draft, &config).unwrap();
    }

    /// The gateway's metrics once they are as wanted.
    ///
    /// # Panics
    /// When they are not within the deadline.
    pub async fn metrics_once(&self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        let mut look = tokio::time::interval(LOOK_AGAIN);
        loop {
            look.tick().await;
            let metrics = self.metrics().await;
            if wanted(&metrics) {
                return metrics;
            }
            assert!(Instant::now() < deadline, "not as wanted in {DEADLINE:?}:\n{metrics}");
        }
    }

    /// The gateway's metrics in Prometheus text.
    pub async fn metrics(&self) -> String {
        install_crypto();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("http://{}/metrics", self.ops)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// An address behind the gateway.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }
}

fn stepgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stepgate"))
}

fn generate_keys(config: &Path) {
    let output = stepgate().args(["keys", "generate", "--config"]).arg(config).output().unwrap();
    assert!(output.status.success(), "keys generate: {output:?}");
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
