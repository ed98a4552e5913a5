//! The `stepgate` binary with a configuration in a folder of its own, before a demo site or another.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

use stepgate::{
    cli::demo::{DemoOptions, demo_config},
    config::keys::KeyFile,
    secret::Hasher,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{TestSite, eventually, free_address, moved_clock::MovedClock, process::Process, provider::Provider};

/// What the demo's configuration says of couriers: `run` refuses it (decisions 30).
const OUTBOXES: &str = "  sms: [{ outbox: {} }]\n  email: { outbox: {} }\n";

/// A gateway process and the folder of its configuration, keys and database; both end with it.
pub struct Gate {
    pub address: SocketAddr,
    pub ops: SocketAddr,
    pub process: Process,
    pub config: PathBuf,
    /// Gets the SMS: JSON with `to`, `text` and `id`.
    pub provider: Provider,
    folder: TempDir,
    /// What its processes have in their environment besides the test's own.
    environment: Vec<(&'static str, OsString)>,
}

impl Gate {
    /// A ready gateway before the site at this address, with the demo's configuration as `edit`
    /// changes it; `edit` is also given the folder.
    pub async fn start(site: SocketAddr, edit: impl FnOnce(String, &Path) -> String) -> Self {
        Self::start_in(Vec::new(), site, edit).await
    }

    async fn start_in(
        environment: Vec<(&'static str, OsString)>,
        site: SocketAddr,
        edit: impl FnOnce(String, &Path) -> String,
    ) -> Self {
        let provider = Provider::start().await;
        let courier = format!(
            "  sms: [{{ http: {{ url: 'http://{}/sms', json: {{ to: '{{to}}', text: '{{text}}', id: '{{id}}' }} }} }}]\n",
            provider.address
        );
        let write = |options: &DemoOptions, folder: &Path| {
            // Most tests are not about how a first factor is bound.
            let yaml = demo_config(options, folder);
            let yaml = yaml.replace("first_enrolment: phone_on_file", "first_enrolment: insecure_session_only");
            assert!(yaml.contains(OUTBOXES), "{yaml}");
            edit(yaml.replace(OUTBOXES, &courier), folder)
        };
        Self::launch(environment, site, provider, write).await
    }

    /// A ready gateway before the site at this address, with the configuration that `write` makes for
    /// these addresses and this folder.
    pub async fn before(site: SocketAddr, write: impl FnOnce(&DemoOptions, &Path) -> String) -> Self {
        Self::launch(Vec::new(), site, Provider::start().await, write).await
    }

    async fn launch(
        environment: Vec<(&'static str, OsString)>,
        site: SocketAddr,
        provider: Provider,
        write: impl FnOnce(&DemoOptions, &Path) -> String,
    ) -> Self {
        let options = DemoOptions {
            site,
            gateway: free_address(),
            ops: free_address(),
            inbox: free_address(),
            desk: free_address(),
        };
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("stepgate.yaml");
        // A socket of its own, so that gateways of one machine do not take over from each other.
        let socket = folder.path().join("upgrade.sock");
        let yaml = write(&options, folder.path());
        fs::write(&config, format!("{yaml}server: {{ upgrade_socket: {} }}\n", socket.display())).unwrap();
        generate_keys(&config);
        let process = run(&config, &[], &environment);
        let (address, ops) = (options.gateway, options.ops);
        let mut gate = Self { address, ops, process, config, provider, folder, environment };
        gate.wait_until_ready().await;
        gate
    }

    /// Another process of the same site: the same keys and the same database, sockets of its own.
    pub async fn twin(&self) -> Self {
        let (address, ops, folder) = (free_address(), free_address(), TempDir::new().unwrap());
        let mut yaml = fs::read_to_string(&self.config).unwrap();
        for (own, other) in [(self.address, address), (self.ops, ops)] {
            let (own, other) = (format!("address: \"{own}\""), format!("address: \"{other}\""));
            assert!(yaml.contains(&own), "{yaml}");
            yaml = yaml.replace(&own, &other);
        }
        let socket = |folder: &TempDir| folder.path().join("upgrade.sock").display().to_string();
        let config = folder.path().join("stepgate.yaml");
        fs::write(&config, yaml.replace(&socket(&self.folder), &socket(&folder))).unwrap();
        let (environment, provider) = (self.environment.clone(), Provider::start().await);
        let process = run(&config, &[], &environment);
        let mut twin = Self { address, ops, process, config, provider, folder, environment };
        twin.wait_until_ready().await;
        twin
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
        self.process = run(&self.config, &[], &self.environment);
        self.wait_until_ready().await;
    }

    /// Starts a second process that is to take the sockets over from [`Gate::process`].
    pub fn successor(&self) -> Process {
        run(&self.config, &["--upgrade"], &self.environment)
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

    /// The first line of its log, as JSON, that this finds something in.
    pub fn logged<T>(&mut self, found: impl Fn(&serde_json::Value) -> Option<T>) -> T {
        self.process.find(|line| found(&serde_json::from_str(line).ok()?))
    }

    /// Hashes as the gateway does.
    pub fn hasher(&self) -> Hasher {
        KeyFile::load(&self.folder.path().join("keys.yaml")).unwrap().hasher()
    }

    /// The gateway's metrics once they are as wanted.
    ///
    /// # Panics
    /// When they are not within the deadline.
    pub async fn metrics_once(&self, wanted: impl Fn(&str) -> bool) -> String {
        eventually("metrics as wanted", async || Some(self.metrics().await).filter(|metrics| wanted(metrics))).await
    }

    /// The gateway's metrics in Prometheus text.
    pub async fn metrics(&self) -> String {
        let answer = ask(self.ops, "/metrics").await.unwrap_or_default();
        answer.split_once("\r\n\r\n").map(|(_, text)| text.to_owned()).unwrap_or_default()
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

/// A running gateway and its site; what the gateway can do, this can.
pub struct TestGate<S = TestSite> {
    pub site: S,
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
        Self { site, gate }
    }

    /// The same by a clock that the test moves; the site goes by the machine's.
    pub async fn start_under(clock: &MovedClock, edit: impl FnOnce(String) -> String) -> Self {
        let site = TestSite::start().await;
        let gate = Gate::start_in(clock.environment(), site.address, |yaml, _| edit(yaml)).await;
        Self { site, gate }
    }
}

impl<S> TestGate<S> {
    /// A gateway before this site, with the configuration that `write` makes for these addresses and
    /// this folder.
    pub async fn before(site: S, at: SocketAddr, write: impl FnOnce(&DemoOptions, &Path) -> String) -> Self {
        Self { site, gate: Gate::before(at, write).await }
    }
}

impl<S> Deref for TestGate<S> {
    type Target = Gate;

    fn deref(&self) -> &Gate {
        &self.gate
    }
}

impl<S> DerefMut for TestGate<S> {
    fn deref_mut(&mut self) -> &mut Gate {
        &mut self.gate
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

fn run(config: &Path, more: &[&str], environment: &[(&'static str, OsString)]) -> Process {
    let environment = environment.iter().map(|(name, value)| (name, value));
    Process::start(stepgate().arg("run").args(more).arg("--config").arg(config).envs(environment))
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
