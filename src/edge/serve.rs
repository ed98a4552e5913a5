//! The server process: listeners, services, drain.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use pingora::apps::{HttpServerOptions, http_app::ServeHttp};
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;
use pingora::protocols::http::ServerSession;
use pingora::proxy::http_proxy;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{RunArgs, ShutdownSignal, ShutdownSignalWatch};
use pingora::services::listening::Service;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tower::ServiceExt;

use crate::{
    edge::{
        connections::Connections,
        desk::{Desk, DeskParts},
        entrance::{Door, Entrance},
        gateway::Gateway,
        live::Live,
        ops::Readiness,
        settings::Settings,
        tls::Certificates,
        tunnel::Endable,
    },
    metrics::Metrics,
};

/// Requests on one connection before it is closed: bounds what a connection accumulates.
const REQUESTS_A_CONNECTION: u32 = 1000;

/// What the server is made of.
pub struct Parts {
    /// The proxy.
    pub gateway: Gateway,
    /// `/metrics`, `/livez`, `/readyz`.
    pub ops: Router,
    /// The support desk, where there is one.
    pub desk: Option<DeskParts>,
    /// Where they say whether we take requests.
    pub readiness: Arc<Readiness>,
    /// For the number of requests in flight.
    pub metrics: Arc<Metrics>,
    /// Certificates of each TLS listener, in the order of the settings.
    pub certificates: Vec<Option<Arc<Certificates>>>,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A certificate cannot be used.
    #[error("the listener {address} cannot speak TLS: {cause}")]
    Tls {
        /// The listener.
        address: SocketAddr,
        /// What the library says.
        cause: String,
    },
}

/// Runs until a signal ends it.
///
/// # Errors
/// [`ServeError`] before anything listens.
pub fn serve(settings: &Settings, parts: Parts, upgrade: bool) -> Result<(), ServeError> {
    let opt = Opt { upgrade, ..Opt::default() };
    let mut server = Server::new_with_opt_and_conf(opt, server_conf(settings));
    server.bootstrap();
    let doors = doors(settings, &parts.certificates)?;
    let live = Arc::clone(&parts.gateway.live);
    let mut proxy = http_proxy(&server.configuration, parts.gateway);
    let mut options = HttpServerOptions::default();
    options.h2c = false;
    options.keepalive_request_limit = Some(REQUESTS_A_CONNECTION);
    // The streams keep the exact time; this is behind them.
    options.h2_idle_timeout = Some(settings.timeouts.idle + settings.timeouts.header + Duration::from_secs(1));
    proxy.server_options = Some(options);
    let entrance = Entrance {
        served_by: Arc::new(Endable(Arc::new(proxy))),
        doors,
        live: Arc::clone(&live),
        connections: Connections::new(parts.metrics.connections.clone()),
        metrics: Arc::clone(&parts.metrics),
    };
    let mut players = Service::new("players".to_owned(), entrance);
    for listener in &settings.listen {
        players.add_tcp(&listener.address.to_string());
    }
    server.add_service(players);
    let mut ops = Service::new("ops".to_owned(), Ops(parts.ops));
    ops.add_tcp(&settings.ops.address.to_string());
    server.add_service(ops);
    if let Some(desk_parts) = parts.desk {
        server.add_service(desk(desk_parts, live, &parts.metrics)?);
    }
    let (ended, wait) = std::sync::mpsc::channel();
    let limit = settings.timeouts.drain;
    let socket = settings.server.upgrade_socket.clone();
    let drain = Drain { readiness: parts.readiness, metrics: parts.metrics, limit, socket, ended: ended.clone() };
    // The library sleeps its whole grace period whether or not a request is left, so it may sleep in a
    // thread that ends with the process.
    std::thread::spawn(move || {
        server.run(RunArgs { shutdown_signal: Box::new(drain) });
        let _ = ended.send(());
    });
    // Err means that the thread is gone, which is an end too.
    let _ = wait.recv();
    Ok(())
}

/// The desk's listener: the limits and deadlines are the players', the connections are counted apart, so that
/// no flood of theirs keeps the desk out.
fn desk(
    parts: DeskParts,
    live: Arc<ArcSwap<Live>>,
    metrics: &Arc<Metrics>,
) -> Result<Service<Entrance<Desk>>, ServeError> {
    let address = parts.listener.address;
    let entrance = Entrance {
        served_by: Arc::new(Desk { router: parts.router, live: Arc::clone(&live) }),
        doors: vec![door(address, parts.certificates.as_ref())?],
        live,
        connections: Connections::new(metrics.desk_connections.clone()),
        metrics: Arc::clone(metrics),
    };
    let mut service = Service::new("desk".to_owned(), entrance);
    service.add_tcp(&address.to_string());
    Ok(service)
}

fn doors(settings: &Settings, certificates: &[Option<Arc<Certificates>>]) -> Result<Vec<Door>, ServeError> {
    let listeners = settings.listen.iter().zip(certificates);
    listeners.map(|(listener, certificates)| door(listener.address, certificates.as_ref())).collect()
}

fn door(address: SocketAddr, certificates: Option<&Arc<Certificates>>) -> Result<Door, ServeError> {
    let tls = certificates.map(|certificates| certificates.tls_settings()).transpose();
    let tls = tls.map_err(|error| ServeError::Tls { address, cause: error.to_string() })?;
    Ok(Door { address, tls: tls.map(TlsSettings::build) })
}

fn server_conf(settings: &Settings) -> ServerConf {
    ServerConf {
        threads: settings.server.threads,
        upgrade_sock: text(&settings.server.upgrade_socket),
        pid_file: text(&settings.server.upgrade_socket.with_extension("pid")),
        // Tries in all, not further ones. `fail_to_connect` and `error_while_proxy` say which requests
        // get a second: those of which nothing was sent, or that may be repeated.
        max_retries: 3,
        // At most; `Drain` ends the process earlier.
        grace_period_seconds: Some(settings.timeouts.drain.as_secs().max(1)),
        graceful_shutdown_timeout_seconds: Some(5),
        upstream_keepalive_pool_size: 256,
        ..ServerConf::default()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// How long listeners and idle connections take to close once they are told to.
const CLOSING: Duration = Duration::from_secs(1);
/// For how long the library goes on accepting after it handed its sockets over.
const HAND_OVER: Duration = Duration::from_secs(5);

/// Ends the process when a signal says so, and not before the requests in flight are answered or
/// their time is over.
struct Drain {
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    limit: Duration,
    /// Where a new process waits for the sockets.
    socket: PathBuf,
    ended: Sender<()>,
}

impl Drain {
    /// SIGTERM: no new work from balancers; what is in flight, and who still comes, is answered first.
    async fn terminate(&self, interrupt: &mut Signal) -> ShutdownSignal {
        tracing::info!(drain_seconds = self.limit.as_secs(), "draining");
        self.readiness.set_draining();
        tokio::select! {
            () = drained(&self.metrics, self.limit) => {}
            _ = interrupt.recv() => return ShutdownSignal::FastShutdown,
        }
        self.leave_after(CLOSING, Duration::ZERO);
        ShutdownSignal::GracefulTerminate
    }

    /// SIGQUIT: a new process takes the sockets at once; this one stays ready meanwhile, since both
    /// answer on the ops socket, and leaves when its own requests are answered.
    fn hand_over(&self) -> ShutdownSignal {
        tracing::info!(drain_seconds = self.limit.as_secs(), "handing the sockets over");
        self.readiness.set_leaving();
        self.leave_after(HAND_OVER + CLOSING, self.limit);
        ShutdownSignal::GracefulUpgrade
    }

    fn leave_after(&self, closing: Duration, limit: Duration) {
        let (metrics, ended) = (Arc::clone(&self.metrics), self.ended.clone());
        tokio::spawn(async move {
            tokio::time::sleep(closing).await;
            drained(&metrics, limit).await;
            // Err means that the process is ending already.
            let _ = ended.send(());
        });
    }
}

/// Returns when no request is in flight, or at the limit.
async fn drained(metrics: &Metrics, limit: Duration) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let none_left = async {
        while metrics.in_flight.get() > 0 {
            tick.tick().await;
        }
    };
    if tokio::time::timeout(limit, none_left).await.is_err() {
        tracing::warn!("the drain limit passed with requests in flight");
    }
}

#[async_trait]
impl ShutdownSignalWatch for Drain {
    async fn recv(&self) -> ShutdownSignal {
        let streams = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::quit()));
        let (Ok(mut terminate), Ok(mut interrupt), Ok(mut quit)) = streams else {
            tracing::error!("signals cannot be received");
            return ShutdownSignal::FastShutdown;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => return ShutdownSignal::FastShutdown,
                _ = terminate.recv() => return self.terminate(&mut interrupt).await,
                _ = quit.recv() => {}
            }
            // The library would end this process although nobody took its sockets.
            if self.socket.exists() {
                return self.hand_over();
            }
            tracing::error!("no new process waits for the sockets: start one with `run --upgrade` first");
        }
    }
}

/// The ops listener: small answers, no bodies read.
struct Ops(Router);

#[async_trait]
impl ServeHttp for Ops {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let head = session.req_header();
        let mut request = http::Request::new(axum::body::Body::empty());
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = head.uri.path_and_query().and_then(|p| p.as_str().parse().ok()).unwrap_or_default();
        *request.headers_mut() = head.headers.clone();
        let answer = match self.0.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let (mut parts, body) = answer.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        Response::from_parts(parts, body)
    }
}
