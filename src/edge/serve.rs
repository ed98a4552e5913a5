//! The server process: listeners, services, drain.

use std::{path::Path, sync::Arc, time::Duration};

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
use tokio::signal::unix::{SignalKind, signal};
use tower::ServiceExt;

use crate::{
    edge::{
        connections::Connections,
        entrance::{Door, Entrance},
        gateway::Gateway,
        ops::Readiness,
        settings::{Listener, Settings},
        tls::Certificates,
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
        address: std::net::SocketAddr,
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
    let (connections, metrics) = (Connections::new(Arc::clone(&parts.metrics)), Arc::clone(&parts.metrics));
    let entrance = Entrance { proxy: Arc::new(proxy), doors, live, connections, metrics };
    let mut players = Service::new("players".to_owned(), entrance);
    for listener in &settings.listen {
        players.add_tcp(&listener.address.to_string());
    }
    server.add_service(players);
    let mut ops = Service::new("ops".to_owned(), Ops(parts.ops));
    ops.add_tcp(&settings.ops.address.to_string());
    server.add_service(ops);
    let drain = Drain { readiness: parts.readiness, metrics: parts.metrics, limit: settings.timeouts.drain };
    server.run(RunArgs { shutdown_signal: Box::new(drain) });
    Ok(())
}

fn doors(settings: &Settings, certificates: &[Option<Arc<Certificates>>]) -> Result<Vec<Door>, ServeError> {
    let door = |(listener, certificates): (&Listener, &Option<Arc<Certificates>>)| {
        let tls = certificates.as_ref().map(|certificates| certificates.tls_settings()).transpose();
        let tls = tls.map_err(|error| ServeError::Tls { address: listener.address, cause: error.to_string() })?;
        Ok(Door { address: listener.address, tls: tls.map(TlsSettings::build) })
    };
    settings.listen.iter().zip(certificates).map(door).collect()
}

fn server_conf(settings: &Settings) -> ServerConf {
    ServerConf {
        threads: settings.server.threads,
        upgrade_sock: text(&settings.server.upgrade_socket),
        pid_file: text(&settings.server.upgrade_socket.with_extension("pid")),
        // One more try where nothing was sent yet; `error_while_proxy` decides on the rest.
        max_retries: 1,
        grace_period_seconds: Some(1),
        graceful_shutdown_timeout_seconds: Some(5),
        upstream_keepalive_pool_size: 256,
        ..ServerConf::default()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Ends the process when a signal says so: stops being ready, waits for the requests in flight.
struct Drain {
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    limit: Duration,
}

impl Drain {
    async fn drained(&self) {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while self.metrics.in_flight.get() > 0 {
            tick.tick().await;
        }
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
        let asked = tokio::select! {
            _ = interrupt.recv() => return ShutdownSignal::FastShutdown,
            _ = terminate.recv() => ShutdownSignal::GracefulTerminate,
            _ = quit.recv() => ShutdownSignal::GracefulUpgrade,
        };
        tracing::info!(drain_seconds = self.limit.as_secs(), "draining");
        self.readiness.set_draining();
        if tokio::time::timeout(self.limit, self.drained()).await.is_err() {
            tracing::warn!("the drain limit passed with requests in flight");
        }
        asked
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
