//! The real edge on sockets of this process, before a world whose clock stands still and whose store can
//! fail: for what a process of its own could not be told to do.

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use reqwest::redirect::Policy;
use stepgate::{
    edge::{
        exchange::Direct,
        gateway::Gateway,
        live::Live,
        ops::{self, Readiness},
        serve::{self, Parts},
        settings::Settings,
        upstream::Upstream,
    },
    portal,
};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{
    kit::{TestSite, eventually, free_address, install_crypto},
    torture::world::{self, HOST, ORIGIN, World},
};

/// An edge that listens until the test's process ends.
pub struct Edge {
    pub world: Arc<World>,
    pub site: TestSite,
    pub address: SocketAddr,
    client: reqwest::Client,
    _folder: TempDir,
}

impl Edge {
    pub async fn start() -> Self {
        install_crypto();
        let (world, site) = (Arc::new(World::new().await), TestSite::start().await);
        let (address, folder) = (free_address(), TempDir::new().unwrap());
        let mut settings = world::configuration().edge;
        settings.listen[0].address = address;
        settings.ops.address = free_address();
        settings.server.upgrade_socket = folder.path().join("upgrade.sock");
        settings.upstream.servers = vec![site.address.to_string()];
        let gateway = gateway(&world, &settings).await;
        let readiness = Arc::clone(&gateway.readiness);
        let metrics = Arc::clone(&world.flow.metrics);
        let ops = ops::router(Arc::clone(&metrics), Arc::clone(&readiness), &settings.ops);
        let parts = Parts { gateway, ops, desk: None, readiness, metrics, certificates: vec![None] };
        std::thread::spawn(move || serve::serve(&settings, parts, false).unwrap());
        eventually("the edge listens", async || TcpStream::connect(address).await.ok()).await;
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { world, site, address, client, _folder: folder }
    }

    /// Sends as a browser on the site does; an error where no answer came.
    pub async fn send(
        &self,
        method: &str,
        target: &str,
        lines: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Result<reqwest::Response> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("http://{}{target}", self.address));
        request = request.header("host", HOST).header("origin", ORIGIN).body(body.to_owned());
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.send().await
    }
}

/// The gateway before the site of these settings, in this world.
pub async fn gateway(world: &World, settings: &Settings) -> Gateway {
    let upstream = Upstream::new(&settings.upstream, settings.timeouts).unwrap();
    upstream.check_health().await;
    let flow = Arc::clone(&world.flow);
    let names = world.rules.routes.all().iter().map(|route| &*route.name);
    let numbers = ["none", "portal", "default"].into_iter().chain(names);
    let live = Live {
        numbers: numbers.map(|name| (name.to_owned(), flow.metrics.route(name))).collect(),
        rules: Arc::clone(&world.rules),
        upstream,
        trusted_proxies: Vec::new(),
        odd_headers: Vec::new(),
        limits: settings.limits,
        timeouts: settings.timeouts,
        config_hash: String::new(),
    };
    Gateway {
        portal: portal::router(Arc::clone(&flow)),
        flow,
        live: Arc::new(ArcSwap::from_pointee(live)),
        direct: Direct::default(),
        readiness: Arc::new(Readiness::default()),
    }
}
