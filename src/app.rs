//! The composition root: the only file that names concrete parts, and the place where a reload
//! swaps the rules.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, Runtime};

use crate::{
    cli::{
        self,
        demo::{self, DemoOptions},
    },
    clock::{Clock, SystemClock},
    config::{self, Config, keys::KeyFile},
    edge::{
        gateway::Gateway,
        live::Live,
        ops::{self, Readiness},
        serve::{self, Parts},
        tls::{Certificates, check_system_roots},
        upstream::Upstream,
        watch,
    },
    flow::{CookieNames, Flow, RuleSet, Stores},
    identity,
    metrics::{BuildInfo, Metrics, words::ReloadResult},
    policy::{self, Routes},
    portal, stamp,
    store::{memory::Memory, sql::Sql},
};

/// Why the process cannot run, for a person.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, with every problem rendered.
    #[error("{0}")]
    Config(String),
    /// Something else that the operator must mend.
    #[error("{0}")]
    Fault(String),
}

impl StartError {
    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) => ExitCode::from(cli::CONFIGURATION),
            Self::Fault(_) => ExitCode::from(cli::FAULT),
        }
    }
}

fn fault(what: &str) -> impl Fn(&dyn std::error::Error) -> StartError {
    let what = what.to_owned();
    move |error| {
        let mut text = format!("{what}: {error}");
        let mut cause = error.source();
        while let Some(deeper) = cause {
            text.push_str(&format!(": {deeper}"));
            cause = deeper.source();
        }
        StartError::Fault(text)
    }
}

/// Everything that lives as long as the process.
pub struct App {
    runtime: Runtime,
    config_path: PathBuf,
    settings: crate::edge::settings::Settings,
    started_with: config::RestartOnly,
    watched: Vec<PathBuf>,
    shared: Shared,
    live: Arc<ArcSwap<Live>>,
    readiness: Arc<Readiness>,
    certificates: Vec<Option<Arc<Certificates>>>,
}

/// What every configuration is built upon.
#[derive(Clone)]
struct Shared {
    flow: Arc<Flow>,
    keys: Arc<KeyFile>,
    http: reqwest::Client,
}

impl App {
    /// Reads the configuration and builds everything; nothing listens yet.
    ///
    /// # Errors
    /// [`StartError`] with what to mend.
    pub fn build(config_path: &Path) -> Result<Self, StartError> {
        let config = config::load(config_path).map_err(|problems| StartError::Config(problems.to_string()))?;
        crate::edge::logging::init(&config.log_level);
        install_crypto();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stepgate-work")
            .enable_all()
            .build()
            .map_err(|error| fault("no runtime")(&error))?;
        check_system_roots().map_err(|error| fault("the system's TLS roots cannot be used")(&error))?;
        let shared = Shared::open(&config, &runtime)?;
        let certificates = load_certificates(&config)?;
        let (settings, started_with) = (config.edge.clone(), config.restart_only());
        let watched = config.watched_files();
        let live = Live::build(config, &shared)?;
        let flow = &shared.flow;
        flow.metrics.config_applied(&live.config_hash, flow.clock.now());
        Ok(Self {
            runtime,
            config_path: config_path.to_owned(),
            settings,
            started_with,
            watched,
            shared,
            live: Arc::new(ArcSwap::from_pointee(live)),
            readiness: Arc::new(Readiness::default()),
            certificates,
        })
    }

    /// The stores and services, for `demo`'s seeds.
    #[must_use]
    pub fn flow(&self) -> &Arc<Flow> {
        &self.shared.flow
    }

    /// Where background work runs.
    #[must_use]
    pub const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Listens and serves until a signal ends it.
    ///
    /// # Errors
    /// [`StartError`] before anything listens.
    pub fn serve(self, upgrade: bool) -> Result<(), StartError> {
        self.spawn_background();
        let settings = self.settings.clone();
        let flow = Arc::clone(&self.shared.flow);
        let metrics = Arc::clone(&flow.metrics);
        let parts = Parts {
            gateway: Gateway { portal: portal::router(Arc::clone(&flow)), flow, live: Arc::clone(&self.live) },
            ops: ops::router(Arc::clone(&metrics), Arc::clone(&self.readiness), &settings.ops),
            readiness: Arc::clone(&self.readiness),
            metrics,
            certificates: self.certificates.clone(),
        };
        for listener in &settings.listen {
            tracing::info!(address = %listener.address, tls = listener.tls.is_some(), "listening");
        }
        serve::serve(&settings, parts, upgrade).map_err(|error| fault("cannot serve")(&error))?;
        self.runtime.shutdown_timeout(Duration::from_secs(5));
        Ok(())
    }

    fn spawn_background(&self) {
        let live = Arc::clone(&self.live);
        let readiness = Arc::clone(&self.readiness);
        let interval = self.settings.upstream.health_interval;
        self.runtime.spawn(async move {
            let mut tick = tokio::time::interval(interval);
            loop {
                tick.tick().await;
                let live = live.load_full();
                live.upstream.check_health().await;
                readiness.set_upstream(live.upstream.is_available());
            }
        });
        self.runtime.spawn(sweep(Arc::clone(&self.shared.flow), Arc::clone(&self.readiness)));
        let reload = Reload {
            path: self.config_path.clone(),
            started_with: self.started_with.clone(),
            shared: self.shared.clone(),
            live: Arc::clone(&self.live),
            certificates: self.certificates.iter().flatten().cloned().collect(),
        };
        self.runtime.spawn(reload.run(self.watched.clone()));
    }
}

/// Runs the demo: site, gateway and ops listener on loopback, with stores and keys in a folder that
/// goes with the process.
///
/// # Errors
/// [`StartError`] with what to mend; mostly a port that is taken.
pub fn demo(options: &DemoOptions) -> Result<(), StartError> {
    let folder = std::env::temp_dir().join(format!("stepgate-demo-{}", crate::secret::public_id()));
    let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
    made.map_err(|error| fault("the demo's folder cannot be made")(&error))?;
    let done = demo_in(options, &folder);
    // What is left there is sealed under keys that nobody uses again.
    let _ = std::fs::remove_dir_all(&folder);
    done
}

fn demo_in(options: &DemoOptions, folder: &Path) -> Result<(), StartError> {
    let path = folder.join("stepgate.yaml");
    std::fs::write(&path, demo::demo_config(options, folder)).map_err(|error| fault("cannot write")(&error))?;
    let config = config::load(&path).map_err(|problems| StartError::Config(problems.to_string()))?;
    config::keys::generate(&config.keys, SystemClock::default().now()).map_err(|error| fault("no keys")(&error))?;
    let app = App::build(&path)?;
    let listener = app.runtime.block_on(tokio::net::TcpListener::bind(options.site));
    let listener = listener.map_err(|error| fault(&format!("{} cannot be listened on", options.site))(&error))?;
    app.runtime.spawn(demo::site::serve(listener, Arc::new(demo::journal::Journal::default())));
    let issuer = app.live.load().rules.second_factor.app_issuer.clone();
    let uri = app.runtime.block_on(app.shared.flow.seed_app_factor(demo::accounts::BUDI, &issuer));
    let uri = uri.map_err(|error| fault("budi's factor cannot be kept")(&error))?;
    let _ = std::io::Write::write_all(&mut std::io::stdout(), demo::banner(options, &uri).as_bytes());
    app.serve(false)
}

/// Forgets what expired, measures what is held, asks the store whether it is there.
async fn sweep(flow: Arc<Flow>, readiness: Arc<Readiness>) {
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    loop {
        tick.tick().await;
        let swept = flow.stores.spent.sweep(flow.clock.now()).await;
        readiness.set_store(swept.is_ok());
        if let Ok((count, bytes)) = flow.stores.held.usage().await {
            flow.metrics.held_requests.set(i64::try_from(count).unwrap_or(i64::MAX));
            flow.metrics.held_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
    }
}

/// The ring provider is process-wide: every TLS user of the process shares it.
fn install_crypto() {
    // Err means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    stamp::provider::install();
}

impl Shared {
    fn open(config: &Config, runtime: &Runtime) -> Result<Self, StartError> {
        let keys = KeyFile::load(&config.keys).map_err(|problem| StartError::Config(problem.to_string()))?;
        let url = secrecy::ExposeSecret::expose_secret(&config.store.durable).to_owned();
        let sql =
            runtime.block_on(Sql::open(&url)).map_err(|error| fault("the durable store cannot be opened")(&error))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let sql = Arc::new(sql);
        let memory = Arc::new(Memory::new(Arc::clone(&clock), config.edge.limits.held_total as u64));
        let metrics = Metrics::new(BuildInfo { version: env!("CARGO_PKG_VERSION"), revision: "unknown" })
            .map_err(|error| fault("metrics cannot be registered")(&error))?;
        let stores = Stores {
            factors: sql.clone(),
            attempts: sql.clone(),
            families: sql.clone(),
            spent: sql.clone(),
            logins: sql,
            challenges: memory.clone(),
            held: memory.clone(),
            approvals: memory.clone(),
            enrolments: memory,
        };
        let flow = Flow {
            clock,
            stores,
            sealer: keys.sealer(),
            hasher: keys.hasher(),
            metrics: Arc::new(metrics),
            epochs: crate::flow::epochs::EpochCache::default(),
        };
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .build()
            .map_err(|error| fault("no HTTP client")(&error))?;
        Ok(Self { flow: Arc::new(flow), keys: Arc::new(keys), http })
    }
}

impl Live {
    fn build(config: Config, shared: &Shared) -> Result<Self, StartError> {
        let edge = &config.edge;
        let upstream = Upstream::new(&edge.upstream, edge.timeouts)
            .map_err(|error| StartError::Config(format!("upstream: {error}")))?;
        let ports = identity::Ports {
            hasher: shared.flow.hasher.clone(),
            logins: Arc::clone(&shared.flow.stores.logins),
            clock: Arc::clone(&shared.flow.clock),
            http: shared.http.clone(),
            other_credentials: config.other_credentials,
            login_cookie: CookieNames::of(config.site.secure).login,
        };
        let sources = identity::Sources::build(config.identity, ports)
            .map_err(|error| StartError::Config(format!("identity: {error}")))?;
        let ends = config.session_end.into_iter().map(policy::Route::session_end).collect();
        let rules = RuleSet {
            stamps: stamp::Stamps::new(config.stamps.clone(), key_ring(&shared.keys.stamp)?),
            assertions: stamp::Assertions::new(config.stamps.origin.clone(), key_ring(&shared.keys.assertion)?),
            site: config.site,
            portal_prefix: config.portal_prefix,
            languages: config.languages,
            session_end: Routes::compile(ends, policy::Requirement::None),
            routes: Routes::compile(config.routes, config.default_require),
            paths: config.paths,
            identity: sources,
            second_factor: config.second_factor,
        };
        let named = rules.routes.all().iter().map(|route| &*route.name).chain(["none", "portal", "default"]);
        let numbers = named.map(|name| (name.to_owned(), shared.flow.metrics.route(name))).collect();
        Ok(Self {
            numbers,
            rules: Arc::new(rules),
            upstream,
            trusted_proxies: config.edge.trusted_proxies.clone(),
            limits: config.edge.limits,
            timeouts: config.edge.timeouts,
            config_hash: config.hash,
        })
    }
}

/// Swaps the rules when the configuration changes; a bad one changes nothing.
struct Reload {
    path: PathBuf,
    started_with: config::RestartOnly,
    shared: Shared,
    live: Arc<ArcSwap<Live>>,
    certificates: Vec<Arc<Certificates>>,
}

impl Reload {
    async fn run(self, files: Vec<PathBuf>) {
        let mut changes = watch::Changes::of(files);
        loop {
            let cause = changes.next().await;
            for certificates in &self.certificates {
                let result = match certificates.reload() {
                    Ok(()) => ReloadResult::Applied,
                    Err(error) => {
                        tracing::error!(%error, "certificates not reloaded: the old ones stay");
                        ReloadResult::Rejected
                    }
                };
                self.shared.flow.metrics.certificate_reload(result);
            }
            let metrics = &self.shared.flow.metrics;
            match self.load() {
                Ok(live) => {
                    tracing::info!(?cause, config_hash = live.config_hash, "configuration reloaded");
                    metrics.config_applied(&live.config_hash, self.shared.flow.clock.now());
                    self.live.store(Arc::new(live));
                }
                Err(error) => {
                    tracing::error!(?cause, %error, "configuration not reloaded: the old one stays");
                    metrics.config_rejected();
                }
            }
        }
    }

    fn load(&self) -> Result<Live, StartError> {
        let config = config::load(&self.path).map_err(|problems| StartError::Config(problems.to_string()))?;
        if let Some(key) = config.restart_only().differs(&self.started_with) {
            return Err(StartError::Config(format!("`{key}` changed: restart, or upgrade with `run --upgrade`")));
        }
        Live::build(config, &self.shared)
    }
}

fn key_ring(keys: &[config::keys::PrivateKey]) -> Result<stamp::KeyRing, StartError> {
    let bad = |error: stamp::BadKey| StartError::Config(format!("the key file: {error}"));
    let keys: Result<Vec<_>, _> = keys.iter().map(|key| stamp::SigningKey::from_pkcs8(&key.id, &key.pkcs8)).collect();
    stamp::KeyRing::new(keys.map_err(bad)?).map_err(bad)
}

fn load_certificates(config: &Config) -> Result<Vec<Option<Arc<Certificates>>>, StartError> {
    let load = |files: &crate::edge::settings::TlsFiles| {
        Certificates::load(files).map(Arc::new).map_err(|error| StartError::Config(error.to_string()))
    };
    config.edge.listen.iter().map(|listener| listener.tls.as_ref().map(load).transpose()).collect()
}
