//! The composition root: the only file that names concrete parts, and the place where a reload
//! swaps the rules.

mod credentials;
mod desk;
mod reload;
mod sweep;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, Runtime};

use self::{
    credentials::{key_ring, load_certificates},
    desk::Desk,
    reload::Reload,
    sweep::Aging,
};
use crate::{
    cli,
    clock::{Clock, SystemClock},
    config::{self, Config, keys::KeyFile},
    courier,
    edge::{
        exchange::Direct,
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
    metrics::{BuildInfo, Metrics, RouteMetrics},
    policy::{self, Routes},
    portal, stamp,
    store::{counted::Counted, memory::Memory, sql::Sql},
};

mod demo;
mod user;

pub use demo::demo;
pub use user::user;

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

/// How a configuration is read: as `run` reads it, or as the demo does.
type Load = fn(&Path) -> Result<Config, config::Problems>;

/// Everything that lives as long as the process.
pub struct App {
    runtime: Runtime,
    load: Load,
    config_path: PathBuf,
    settings: crate::edge::settings::Settings,
    started_with: config::RestartOnly,
    watched: Vec<PathBuf>,
    shared: Shared,
    live: Arc<ArcSwap<Live>>,
    readiness: Arc<Readiness>,
    certificates: Vec<Option<Arc<Certificates>>>,
    desk: Option<Desk>,
}

/// What every configuration is built upon.
#[derive(Clone)]
struct Shared {
    flow: Arc<Flow>,
    keys: Arc<ArcSwap<KeyFile>>,
    /// The durable store itself, for its audit key.
    sql: Sql,
    http: reqwest::Client,
    outbox: Arc<courier::outbox::Outbox>,
    runtime: tokio::runtime::Handle,
}

impl App {
    /// Reads the configuration and builds everything; nothing listens yet.
    ///
    /// # Errors
    /// [`StartError`] with what to mend.
    pub fn build(config_path: &Path) -> Result<Self, StartError> {
        Self::build_with(config_path, config::load)
    }

    fn build_with(config_path: &Path, load: Load) -> Result<Self, StartError> {
        let config = load(config_path).map_err(|problems| StartError::Config(problems.to_string()))?;
        crate::edge::logging::init(&config.log_level);
        install_crypto();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("stepgate-work")
            .enable_all()
            .build()
            .map_err(|error| fault("no runtime")(&error))?;
        runtime.spawn_blocking(crate::contact::warm);
        check_system_roots().map_err(|error| fault("the system's TLS roots cannot be used")(&error))?;
        let shared = Shared::open(&config, &runtime)?;
        let certificates = load_certificates(&config)?;
        let desk = config.desk.clone().map(Desk::load).transpose()?;
        let (settings, started_with) = (config.edge.clone(), config.restart_only());
        let mut watched = config.watched_files();
        watched.push(config.keys.clone());
        let live = Live::build(config, &shared, &shared.keys.load())?;
        let flow = &shared.flow;
        flow.metrics.config_applied(&live.config_hash, flow.clock.now());
        Ok(Self {
            runtime,
            load,
            config_path: config_path.to_owned(),
            settings,
            started_with,
            watched,
            shared,
            live: Arc::new(ArcSwap::from_pointee(live)),
            readiness: Arc::new(Readiness::default()),
            certificates,
            desk,
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
        let desk = self.desk.clone().map(|desk| desk.parts(&flow));
        let parts = Parts {
            desk,
            gateway: Gateway {
                portal: portal::router(Arc::clone(&flow)),
                flow,
                live: Arc::clone(&self.live),
                direct: Direct::default(),
                readiness: Arc::clone(&self.readiness),
            },
            ops: ops::router(Arc::clone(&metrics), Arc::clone(&self.readiness), &settings.ops),
            readiness: Arc::clone(&self.readiness),
            metrics,
            certificates: self.certificates.clone(),
        };
        if let Some(desk) = &self.desk {
            tracing::info!(address = %desk.listener.address, "the support desk listens");
        }
        for listener in &settings.listen {
            tracing::info!(address = %listener.address, tls = listener.tls.is_some(), "listening");
        }
        serve::serve(&settings, parts, upgrade).map_err(|error| fault("cannot serve")(&error))?;
        self.live.load().log_unmatched();
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
        let aging = self.aging();
        let (flow, http) = (Arc::clone(&self.shared.flow), self.shared.http.clone());
        self.runtime.spawn(sweep::send_audit(Arc::clone(&flow), Arc::clone(&self.live), http.clone()));
        self.runtime.spawn(sweep::carry_notices(Arc::clone(&flow), Arc::clone(&self.live), http));
        self.runtime.spawn(sweep::carry_out_resets(flow, Arc::clone(&self.live)));
        let live = Arc::clone(&self.live);
        let readiness = Arc::clone(&self.readiness);
        self.runtime.spawn(sweep::sweep(Arc::clone(&self.shared.flow), live, readiness, aging.clone()));
        let reload = Reload {
            load: self.load,
            path: self.config_path.clone(),
            started_with: self.started_with.clone(),
            shared: self.shared.clone(),
            live: Arc::clone(&self.live),
            aging,
        };
        // Before anything listens: SIGHUP would end a process that does not expect it, and a change that
        // nobody watches for is missed.
        let _within = self.runtime.enter();
        self.runtime.spawn(reload.run(watch::Changes::of(self.watched.clone())));
    }

    fn aging(&self) -> Aging {
        let listeners = self.settings.listen.iter().map(|listener| listener.address.to_string());
        let pairs = listeners.zip(&self.certificates);
        let mut certificates: Vec<_> =
            pairs.filter_map(|(listener, pair)| Some((listener, Arc::clone(pair.as_ref()?)))).collect();
        let desk = self.desk.as_ref().and_then(|desk| Some((desk.listener.address, desk.certificates.clone()?)));
        certificates.extend(desk.map(|(address, pair)| (address.to_string(), pair)));
        Aging { keys: Arc::clone(&self.shared.keys), certificates }
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
        let sql = runtime.block_on(async { Sql::open(&url).await?.signing(keys.audit.clone()).await });
        let sql = sql.map_err(|error| fault("the durable store cannot be opened")(&error))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let metrics = Metrics::new(BuildInfo { version: env!("CARGO_PKG_VERSION"), revision: "unknown" })
            .map_err(|error| fault("metrics cannot be registered")(&error))?;
        let metrics = Arc::new(metrics);
        let memory = Memory::new(Arc::clone(&clock), config.edge.limits.held_total as u64);
        let durable = sql.clone();
        let sql = Arc::new(Counted::new(sql, Arc::clone(&metrics)));
        let memory = Arc::new(Counted::new(memory, Arc::clone(&metrics)));
        let stores = Stores::of(sql, memory);
        let now = clock.now();
        let flow = Flow::new(clock, stores, keys.sealer_at(now), keys.hasher(), metrics);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .build()
            .map_err(|error| fault("no HTTP client")(&error))?;
        Ok(Self {
            flow: Arc::new(flow),
            keys: Arc::new(ArcSwap::from_pointee(keys)),
            sql: durable,
            http,
            outbox: Arc::default(),
            runtime: runtime.handle().clone(),
        })
    }
}

impl Live {
    fn build(config: Config, shared: &Shared, keys: &KeyFile) -> Result<Self, StartError> {
        warn_of(config.warnings.list.len());
        let edge = &config.edge;
        let upstream = Upstream::new(&edge.upstream, edge.timeouts)
            .map_err(|error| StartError::Config(format!("upstream: {error}")))?;
        let ports = identity::Ports {
            hasher: shared.flow.hasher.clone(),
            logins: Arc::clone(&shared.flow.stores.logins),
            metrics: Arc::clone(&shared.flow.metrics),
            clock: Arc::clone(&shared.flow.clock),
            http: shared.http.clone(),
            other_credentials: config.other_credentials,
            login_cookie: CookieNames::of(config.site.secure).login,
        };
        let sources = identity::Sources::build(config.identity, ports)
            .map_err(|error| StartError::Config(format!("identity: {error}")))?;
        let ports = courier::Ports {
            http: shared.http.clone(),
            clock: Arc::clone(&shared.flow.clock),
            metrics: Arc::clone(&shared.flow.metrics),
            outbox: Arc::clone(&shared.outbox),
            runtime: shared.runtime.clone(),
            receipts: courier::receipt::Receipts::new(
                shared.flow.hasher.clone(),
                format!("{}{}", config.site.origin, config.portal_prefix),
            ),
        };
        let couriers = courier::Couriers::build(config.couriers, &ports)
            .map_err(|error| StartError::Config(format!("couriers: {error}")))?;
        let ends = config.session_end.into_iter().map(policy::Route::session_end).collect();
        let rules = RuleSet {
            stamps: stamp::Stamps::new(config.stamps.clone(), key_ring(&keys.stamp)?),
            assertions: stamp::Assertions::new(config.stamps.origin.clone(), key_ring(&keys.assertion)?),
            site: config.site,
            portal_prefix: config.portal_prefix,
            languages: config.languages,
            session_end: Routes::compile(ends, policy::Requirement::None),
            routes: Routes::compile(config.routes, config.default_require),
            paths: config.paths,
            identity: sources,
            second_factor: config.second_factor,
            couriers,
            notices: config.notices,
            audit: config.audit,
            throttle: config.throttle,
            sms_guard: config.sms_guard,
        };
        Ok(Self {
            numbers: numbers(&rules.routes, &shared.flow.metrics),
            rules: Arc::new(rules),
            upstream,
            trusted_proxies: config.edge.trusted_proxies.clone(),
            odd_headers: config.odd_headers,
            limits: config.edge.limits,
            timeouts: config.edge.timeouts,
            config_hash: config.hash,
        })
    }
}

/// The numbers of each route by its name, and of what lands on none.
fn numbers(routes: &Routes, metrics: &Metrics) -> HashMap<String, RouteMetrics> {
    let unnamed = ["none", "portal", "default"].map(|name| (name.to_owned(), metrics.route(name)));
    let named = routes.all().iter().map(|route| (route.name.to_string(), metrics.configured_route(&route.name)));
    unnamed.into_iter().chain(named).collect()
}

/// Says in the log that `check` has something to say.
fn warn_of(warnings: usize) {
    if warnings > 0 {
        tracing::info!(warnings, "the configuration may leave something open: see `stepgate check`");
    }
}
