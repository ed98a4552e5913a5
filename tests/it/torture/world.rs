//! The gate, the portal and a site in one process: SQLite in memory, a clock that stands still, and
//! every store behind a decorator that can fail.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::Router;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use stepgate::{
    clock::{Clock, ManualClock, UnixTime},
    config::{self, Config},
    courier::{self, Couriers, outbox::Outbox, receipt::Receipts},
    factor::backup_code::BackupCode,
    fields::Body,
    flow::{
        Flow, FlowError, RuleSet, Stores,
        challenge::Asked,
        gate::{Arrival, BodyState, Outcome, Passage},
        resume,
    },
    identity::{Ports, SiteAnswer, Sources, Watches},
    metrics::{BuildInfo, Metrics},
    policy::{Requirement, Route, Routes},
    portal::{self, Peer},
    request::{AnswerCookies, Head, Scheme},
    secret::{Hasher, Sealer, SymmetricKey},
    stamp::{Assertions, KeyRing, SigningKey, Stamps},
    store::{BackupCodeRecord, audit::Signer, memory::Memory, sql::Sql},
    target::Target,
    web::{self, Problem, Reply, Shell},
};

use super::failing::{Failing, Plan};
use crate::kit::provider::{Behaviour, Provider};

pub const START: UnixTime = UnixTime::from_secs(1_700_000_000);
pub const HOST: &str = "127.0.0.1:8080";
pub const ORIGIN: &str = "http://127.0.0.1:8080";
/// Signs the site's sessions.
pub const SITE_SECRET: &str = "the secret of the site, of these tests alone";
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What lives as long as a test; every run in it is a player's of its own.
pub struct World {
    pub flow: Arc<Flow>,
    pub rules: Arc<RuleSet>,
    pub portal: Router,
    pub clock: Arc<ManualClock>,
    pub outbox: Arc<Outbox>,
    pub plan: Arc<Plan>,
    /// What carries SMS, where it is not the outbox.
    pub courier: Option<Courier>,
    /// A set of backup codes: as they are shown, and as they are kept.
    pub codes: Vec<(String, BackupCodeRecord)>,
    /// How many players there were.
    pub players: AtomicU32,
    logins: AtomicU32,
    /// What the site received on guarded routes: target and cookies.
    site: Mutex<Vec<(String, String)>>,
}

/// An SMS provider, and at which message from now on it fails how.
pub struct Courier {
    pub provider: Provider,
    pub good: Behaviour,
    pub failing: Mutex<Option<(usize, Behaviour)>>,
}

impl Courier {
    /// A message is about to be sent.
    pub fn before(&self) {
        let mut failing = self.failing.lock().unwrap();
        match failing.take() {
            Some((0, behaviour)) => self.provider.behave(behaviour),
            Some((left, behaviour)) => *failing = Some((left - 1, behaviour)),
            None => {}
        }
    }

    /// It was sent, or not.
    pub fn after(&self) {
        self.provider.behave(self.good.clone());
    }

    fn newest_text_to(&self, number: &str) -> Option<String> {
        let messages = self.provider.asked().into_iter().rev().map(|asked| asked.fields());
        let mut theirs = messages.filter(|fields| fields.iter().any(|(name, to)| name == "to" && to == number));
        theirs.next()?.into_iter().find(|(name, _)| name == "text").map(|(_, text)| text)
    }
}

/// A request as a client sends it.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(vec![courier::SmsSettings::Outbox]).await
    }

    /// One whose SMS these carry.
    pub async fn with(sms: Vec<courier::SmsSettings>) -> Self {
        crate::kit::install_crypto();
        stepgate::stamp::provider::install();
        let clock = Arc::new(ManualClock::at(START));
        let plan = Arc::new(Plan::default());
        let flow = Arc::new(flow(&clock, &plan).await);
        let outbox = Arc::new(Outbox::default());
        let rules = Arc::new(rules(&flow, &outbox, sms));
        let portal = portal::router(Arc::clone(&flow));
        let codes = BackupCode::draw_set(2).iter().map(|code| (code.reveal().to_string(), kept(&flow, code))).collect();
        let (players, logins, site) = Default::default();
        Self { flow, rules, portal, clock, outbox, plan, courier: None, codes, players, logins, site }
    }

    /// The code in the newest SMS to a number.
    pub fn code_sent_to(&self, number: &str) -> Option<String> {
        let text = match &self.courier {
            None => self.outbox.messages().into_iter().find(|message| message.to == number)?.text,
            Some(courier) => courier.newest_text_to(number)?,
        };
        Some(text.rsplit_once('#')?.1.to_owned())
    }

    /// How often a guarded target reached the site with this cookie.
    pub fn received(&self, target: &str, cookie: &str) -> usize {
        let site = self.site.lock().unwrap();
        site.iter().filter(|(received, cookies)| received == target && cookies.contains(cookie)).count()
    }

    /// Does with a request to the site what the edge does.
    pub async fn send(&self, request: &Request) -> Reply {
        let target = Target::parse(request.target.as_bytes()).unwrap();
        let cookies = AnswerCookies::default();
        let head = head(request, &target, &cookies);
        if let Some(token) = resume::resume_token(&request.body) {
            return match self.flow.resume(&self.rules, &head, &token).await {
                Ok(resumed) => {
                    let route = self.rules.routes.named(&resumed.route);
                    self.forward(&request.target, &head, (resumed.passage, route)).await
                }
                Err(error) => self.refuse(&head, &error),
            };
        }
        let content_type = request.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap());
        let body = BodyState::Read(Body { content_type, bytes: &request.body });
        let gated = self.flow.gate(&self.rules, Arrival { head: &head, body, wants_page: web::wants_page }).await;
        let mut reply = match gated.outcome {
            Outcome::Pass(passage) => {
                let reply = self.forward(&request.target, &head, (*passage, gated.route)).await;
                if request.target == "/login" { self.logged_in(request, &head, reply).await } else { reply }
            }
            Outcome::ReadBody => panic!("the body was read"),
            Outcome::Ask { asked, page } => self.ask(&head, &asked, page),
            Outcome::Refuse(error) => self.refuse(&head, &error),
        };
        if let Some(exchanged) = &gated.exchanged {
            reply.headers_mut().append(header::SET_COOKIE, web::stamp_cookie(false, &exchanged.stamp));
            let device = exchanged.cookie.as_ref().map(|device| web::device_cookie(false, device));
            reply.headers_mut().extend(device.map(|line| (header::SET_COOKIE, line)));
        }
        reply
    }

    /// Consumes, sends, and notes what was done.
    async fn forward(&self, target: &str, head: &Head<'_>, (passage, route): (Passage, Option<&Route>)) -> Reply {
        if let Some((spend, _)) = &passage.spend
            && let Err(error) = self.flow.spend(spend).await
        {
            return self.refuse(head, &error);
        }
        if route.is_some_and(|route| route.require != Requirement::None) {
            let cookies = head.headers.get(header::COOKIE).map(|line| line.to_str().unwrap()).unwrap_or_default();
            self.site.lock().unwrap().push((target.to_owned(), cookies.to_owned()));
        }
        let reply = Reply::new(bytes::Bytes::from_static(b"the site"));
        if let (Some(player), Some(route)) = (&passage.player, route)
            && (passage.spend.is_some() || route.changes.is_some())
        {
            // As at the edge: the site has done it, whatever can be noted of it.
            let _ = self.flow.done(&self.rules, player, route, &passage.details).await;
        }
        reply
    }

    /// The site's answer to a log-in, and what is learned of it.
    async fn logged_in(&self, request: &Request, head: &Head<'_>, mut reply: Reply) -> Reply {
        let name = String::from_utf8(request.body.clone()).unwrap().replace("username=", "");
        let session = format!("sid={name}-{}; Path=/", self.logins.fetch_add(1, Ordering::Relaxed));
        *reply.status_mut() = StatusCode::FOUND;
        reply.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&session).unwrap());
        let body = Body { content_type: Some("application/x-www-form-urlencoded"), bytes: &request.body };
        let answer = SiteAnswer { status: 302, headers: reply.headers(), body: None };
        // As at the edge: nothing is bound then, and the player logs in again.
        let _ = self.rules.identity.login_answered(head, Some(body), answer, &Watches::default()).await;
        reply
    }

    fn ask(&self, head: &Head<'_>, asked: &Asked, page: bool) -> Reply {
        let mut reply = if page {
            let location = format!("{}/challenge/{}", self.rules.portal_prefix, asked.challenge.id);
            let mut reply = Reply::default();
            *reply.status_mut() = StatusCode::SEE_OTHER;
            reply.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&location).unwrap());
            reply
        } else if asked.methods.is_empty() {
            self.refuse(head, &FlowError::EnrolmentRequired)
        } else {
            Problem::challenge(&self.rules, &asked.challenge, &asked.methods, self.clock.now()).json()
        };
        if let Some(secret) = &asked.browser {
            let cookie = web::set_cookie("stepgate-challenge", secret.reveal(), false, None);
            reply.headers_mut().append(header::SET_COOKIE, cookie);
        }
        reply
    }

    fn refuse(&self, head: &Head<'_>, error: &FlowError) -> Reply {
        let problem = Problem::of(error, &self.rules, self.clock.now());
        problem.reply(web::wants_of(head.headers), &Shell::of(&self.rules, head.headers, None))
    }

    /// The portal's request for what a client sends.
    pub fn portal_request(&self, request: &Request) -> axum::extract::Request {
        let below = request.target.strip_prefix(&self.rules.portal_prefix).unwrap();
        let mut built = http::Request::new(axum::body::Body::from(request.body.clone()));
        *built.method_mut() = request.method.clone();
        *built.uri_mut() = below.parse().unwrap();
        *built.headers_mut() = request.headers.clone();
        let peer = Peer { client: LOCAL, peer: LOCAL, scheme: Scheme::Http, host: HOST.to_owned() };
        built.extensions_mut().insert(peer);
        built.extensions_mut().insert(Arc::new(AnswerCookies::default()));
        built.extensions_mut().insert(Arc::clone(&self.rules));
        built
    }
}

fn kept(flow: &Flow, code: &BackupCode) -> BackupCodeRecord {
    let hash = code.hash(&flow.hasher).unwrap();
    BackupCodeRecord { id: String::new(), selector: code.selector().to_owned(), hash }
}

fn head<'r>(request: &'r Request, target: &'r Target, answer_cookies: &'r AnswerCookies) -> Head<'r> {
    Head {
        method: &request.method,
        target,
        host: HOST,
        scheme: Scheme::Http,
        version: http::Version::HTTP_11,
        headers: &request.headers,
        client: LOCAL,
        peer: LOCAL,
        answer_cookies,
    }
}

async fn flow(clock: &Arc<ManualClock>, plan: &Arc<Plan>) -> Flow {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let signer = Signer::from_pkcs8("audit", &SigningKey::generate()).unwrap();
    let opened = Sql::open("sqlite::memory:").await.unwrap().signing(signer).await.unwrap();
    // No journey reads the audit's chain or goes by the support desk.
    let apart = Arc::new(Sql::open("sqlite::memory:").await.unwrap());
    let sql = Arc::new(Failing::new(opened, Arc::clone(plan)));
    let memory = Arc::new(Failing::new(Memory::new(Arc::clone(&clock), 1 << 20), Arc::clone(plan)));
    let key = |id: &str| SymmetricKey { id: id.to_owned(), bytes: zeroize::Zeroizing::new([7; 32]) };
    let stores = Stores {
        accounts: sql.clone(),
        attempts: sql.clone(),
        networks: sql.clone(),
        families: sql.clone(),
        spent: sql.clone(),
        logins: sql.clone(),
        devices: sql.clone(),
        contacts: sql.clone(),
        sends: sql.clone(),
        outbox: sql,
        trail: apart.clone(),
        desk: apart,
        challenges: memory.clone(),
        held: memory.clone(),
        approvals: memory.clone(),
        enrolments: memory.clone(),
        codes: memory,
    };
    let metrics = Arc::new(Metrics::new(BuildInfo { version: "0", revision: "unknown" }).unwrap());
    Flow::new(clock, stores, Sealer::new(key("s"), []), Hasher::new(key("h")), metrics)
}

fn rules(flow: &Arc<Flow>, outbox: &Arc<Outbox>, sms: Vec<courier::SmsSettings>) -> RuleSet {
    let config = configuration();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ring = || KeyRing::new(vec![SigningKey::from_pkcs8("k", &SigningKey::generate(), START).unwrap()]).unwrap();
    let identity = Ports {
        hasher: flow.hasher.clone(),
        logins: Arc::clone(&flow.stores.logins),
        clock: Arc::clone(&flow.clock),
        http: http.clone(),
        other_credentials: Vec::new(),
        login_cookie: "stepgate-login",
        metrics: Arc::clone(&flow.metrics),
    };
    let ports = courier::Ports {
        http,
        clock: Arc::clone(&flow.clock),
        metrics: Arc::clone(&flow.metrics),
        outbox: Arc::clone(outbox),
        receipts: Receipts::new(flow.hasher.clone(), format!("{ORIGIN}/.stepgate")),
        runtime: tokio::runtime::Handle::current(),
    };
    let mut second_factor = config.second_factor;
    // Each is hashed for some ten milliseconds.
    second_factor.backup_codes = 1;
    let couriers = courier::Settings { sms, mail: vec![courier::MailSettings::Outbox], ..courier::Settings::default() };
    RuleSet {
        stamps: Stamps::new(config.stamps.clone(), ring()),
        assertions: Assertions::new(config.stamps.origin.clone(), ring()),
        site: config.site,
        portal_prefix: config.portal_prefix,
        languages: config.languages,
        session_end: Routes::compile(Vec::new(), Requirement::None),
        routes: Routes::compile(config.routes, config.default_require),
        paths: config.paths,
        audit: config.audit,
        throttle: config.throttle,
        sms_guard: config.sms_guard,
        identity: Sources::build(config.identity, identity).unwrap(),
        second_factor,
        couriers: Couriers::build(couriers, &ports).unwrap(),
        notices: config.notices,
    }
}

/// The configuration of [`World`]s.
pub fn configuration() -> Config {
    let text = include_str!("gate.yaml");
    let environment = |name: &str| (name == "SITE").then(|| SITE_SECRET.to_owned());
    config::parse("gate.yaml", text, Path::new(""), environment).unwrap_or_else(|problems| panic!("{problems}"))
}
