//! The process, its database behind a relay, a site that counts bytes, and an SMS provider: all of them
//! on sockets of this machine.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use stepgate::{
    clock::{Clock, SystemClock},
    config::keys::KeyFile,
    factor::backup_code::BackupCode,
    flow::{Flow, Stores},
    metrics::{BuildInfo, Metrics},
    store::{BackupCodeRecord, memory::Memory, sql::Sql},
};

use crate::kit::{
    Gate, install_crypto,
    postgres::Postgres,
    raw_site::{Exchange, RawSite},
    relay::Relay,
};

/// Signs the site's sessions.
pub const SITE_SECRET: &str = "the secret of the site, of these tests alone";

/// What lives as long as a test; every run in it is a player's of its own.
pub struct World {
    pub gate: Gate,
    pub relay: Relay,
    pub site: RawSite,
    pub courier: Courier,
    /// Prepares players and looks at them, past the relay and past the process.
    pub flow: Flow,
    pub client: reqwest::Client,
    /// A set of backup codes: as they are shown, and as they are kept.
    pub codes: Vec<(String, BackupCodeRecord)>,
    /// How many players there were.
    pub players: AtomicU32,
    _postgres: Postgres,
}

impl World {
    /// One whose players have these methods.
    pub async fn with(methods: &str) -> Self {
        install_crypto();
        stepgate::stamp::provider::install();
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
        let relay = Relay::before(postgres.address(), is_of_a_request).await;
        let site = RawSite::start(|mut exchange: Exchange| async move {
            exchange.body(|_| {}).await;
            exchange.answer("the site").await;
            Some(exchange)
        })
        .await;
        let courier = Courier::start().await;
        let (address, database) = (courier.site.address, postgres.url_by(relay.address));
        let methods = methods.to_owned();
        let gate = Gate::before(site.address, |options, folder| {
            let addresses =
                [("GATEWAY", options.gateway), ("OPS", options.ops), ("SITE", options.site), ("COURIER", address)];
            configuration(&addresses, folder, &[("DATABASE", &database), ("METHODS", &methods)])
        })
        .await;
        let flow = flow(&postgres, &gate).await;
        let codes = BackupCode::draw_set(2).iter().map(|code| (code.reveal().to_string(), kept(&flow, code))).collect();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = client.timeout(std::time::Duration::from_secs(25)).build().unwrap();
        Self { gate, relay, site, courier, flow, client, codes, players: AtomicU32::default(), _postgres: postgres }
    }

    /// Whether what was to fail has failed.
    pub fn has_failed(&self) -> bool {
        self.relay.has_cut() && self.courier.has_failed()
    }

    /// The number of the next player.
    pub fn next(&self) -> u32 {
        self.players.fetch_add(1, Ordering::Relaxed)
    }

    /// How often a guarded target reached the site with this cookie.
    pub fn received(&self, target: &str, cookie: &str) -> usize {
        self.site.received(target).iter().filter(|head| head.contains(cookie)).count()
    }
}

/// Whether a statement may be of a player's request: the process also asks by itself, again and again, for
/// notices and resets that are due, and forgets what expired.
fn is_of_a_request(statement: &str) -> bool {
    let forgets = statement.starts_with("DELETE")
        && ["expires_at <", "ends_at <", "sent_at <", "slot <", " at <"].iter().any(|part| statement.contains(part));
    let carries = statement.contains("outbox") && !statement.starts_with("INSERT");
    !(forgets || carries || statement.contains("desk_"))
}

fn configuration(addresses: &[(&str, SocketAddr)], folder: &Path, texts: &[(&str, &str)]) -> String {
    let mut yaml = include_str!("gate.yaml").replace("FOLDER", &folder.display().to_string());
    yaml = yaml.replace("SECRET", SITE_SECRET);
    for (name, address) in addresses {
        yaml = yaml.replace(name, &address.to_string());
    }
    for (name, text) in texts {
        yaml = yaml.replace(name, text);
    }
    yaml
}

/// A flow on the same database with the same keys, in this process.
async fn flow(postgres: &Postgres, gate: &Gate) -> Flow {
    let keys = KeyFile::load(&gate.folder().join("keys.yaml")).unwrap();
    let sql = Sql::open(&postgres.url()).await.unwrap().signing(keys.audit.clone()).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let (sql, memory) = (Arc::new(sql), Arc::new(Memory::new(Arc::clone(&clock), 1 << 20)));
    let sealer = keys.sealer_at(clock.now());
    let metrics = Arc::new(Metrics::new(BuildInfo { version: "0", revision: "unknown" }).unwrap());
    Flow::new(clock, Stores::of(sql, memory), sealer, keys.hasher(), metrics)
}

fn kept(flow: &Flow, code: &BackupCode) -> BackupCodeRecord {
    let hash = code.hash(&flow.hasher).unwrap();
    BackupCodeRecord { id: String::new(), selector: code.selector().to_owned(), hash }
}

/// How a provider fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdeed {
    /// It answers 500.
    Refuses,
    /// It takes the message and resets the connection.
    Resets,
    /// It takes the message and keeps silent.
    Hangs,
}

/// What a provider was given, and what it does next.
#[derive(Default)]
struct Post {
    /// Receivers and texts of the codes, oldest first.
    codes: Vec<(String, String)>,
    failing: Option<(usize, Misdeed)>,
}

/// An SMS provider with an HTTP interface; which code it fails to carry is said beforehand.
pub struct Courier {
    site: RawSite,
    post: Arc<Mutex<Post>>,
}

impl Courier {
    async fn start() -> Self {
        let post = Arc::new(Mutex::new(Post::default()));
        let shared = Arc::clone(&post);
        let site = RawSite::start(move |mut exchange: Exchange| {
            let post = Arc::clone(&shared);
            async move {
                let mut body = Vec::new();
                exchange.body(|piece| body.extend_from_slice(piece)).await;
                let misdeed = post.lock().unwrap().take(&serde_json::from_slice(&body).unwrap());
                match misdeed {
                    None => exchange.answer("{}").await,
                    Some(Misdeed::Refuses) => {
                        exchange.say("HTTP/1.1 500 Oh No\r\nContent-Length: 0\r\n\r\n").await;
                    }
                    Some(Misdeed::Resets) => {
                        exchange.stream.set_zero_linger().unwrap();
                        return None;
                    }
                    Some(Misdeed::Hangs) => std::future::pending().await,
                }
                Some(exchange)
            }
        })
        .await;
        Self { site, post }
    }

    /// The code with this index from now on is not carried.
    pub fn arm(&self, index: usize, misdeed: Misdeed) {
        self.post.lock().unwrap().failing = Some((index, misdeed));
    }

    /// Whether the armed code has come.
    pub fn has_failed(&self) -> bool {
        self.post.lock().unwrap().failing.is_none()
    }

    /// Every code is carried again; whether one was not.
    pub fn disarm(&self) -> bool {
        self.post.lock().unwrap().failing.take().is_none()
    }

    /// The newest code to a number.
    pub fn code_sent_to(&self, number: &str) -> Option<String> {
        let post = self.post.lock().unwrap();
        let (_, text) = post.codes.iter().rfind(|(to, _)| to == number)?;
        Some(text.rsplit_once('#')?.1.to_owned())
    }
}

impl Post {
    /// Takes a message; notices are carried whatever is said.
    fn take(&mut self, message: &serde_json::Value) -> Option<Misdeed> {
        let (to, text) = (message["to"].as_str().unwrap(), message["text"].as_str().unwrap());
        if !text.contains('#') {
            return None;
        }
        match self.failing.take() {
            Some((0, misdeed)) => return Some(misdeed),
            Some((left, misdeed)) => self.failing = Some((left - 1, misdeed)),
            None => {}
        }
        self.codes.push((to.to_owned(), text.to_owned()));
        None
    }
}
