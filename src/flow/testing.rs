//! A world for the tests of use cases: a SQLite file, a clock that stands still, couriers that keep
//! what they carry.

use std::{sync::Arc, time::Duration};

use crate::{
    audit,
    clock::{Clock, ManualClock, UnixTime},
    contact::Country,
    courier::{self, Couriers, outbox::Outbox, receipt::Receipts},
    factor::app,
    flow::{
        Devices, FirstEnrolment, Flow, RuleSet, SecondFactor, Site, SmsCodes, Stores, challenge::Asker, look::Look,
    },
    identity::{
        Claims, Player, Ports, Sources,
        settings::{Bind, ClaimNames, Credential, JwtKey, JwtSettings, SourceSettings},
    },
    metrics::{BuildInfo, Metrics},
    notice,
    policy::{
        self, FactorKind, PathPattern, Requirement, Route, Routes,
        cooldown::{Cause, CoolDowns},
        rule::Match,
    },
    request::{Binding, Carrier, Subject},
    secret::{Hasher, Sealer, SymmetricKey, Token},
    stamp::{self, Assertions, KeyRing, SigningKey, Stamps},
    store::{SendLimits, Signer, memory::Memory, sql::Sql},
    words::Language,
};

pub(super) const START: UnixTime = UnixTime::from_secs(1_700_000_000);
pub(super) const STEP: Duration = Duration::from_secs(30);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// Signs the site's sessions.
pub(super) const SITE_SECRET: &str = "the secret of the site, of the tests alone";
pub(super) const NUMBER: &str = "+6281234567834";

/// A flow on a database file that outlives it.
pub(super) struct World {
    pub(super) flow: Arc<Flow>,
    pub(super) rules: Arc<RuleSet>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) outbox: Arc<Outbox>,
    folder: tempfile::TempDir,
}

impl World {
    /// Where a first enrolment needs nothing but must mature.
    pub(super) async fn new() -> Self {
        Self::with(FirstEnrolment::Cooldown).await
    }

    pub(super) async fn with(first: FirstEnrolment) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::at(START)));
        let flow = flow(&folder, &clock).await;
        let outbox = Arc::new(Outbox::default());
        Self { rules: rules(&flow, &outbox, first), flow, clock, outbox, folder }
    }

    /// The same after a restart: the durable store is opened anew, short-lived things are gone.
    pub(super) async fn restarted(self) -> Self {
        Self { flow: flow(&self.folder, &self.clock).await, ..self }
    }

    /// The rules, to be changed before anything goes on with them.
    pub(super) fn rules_mut(&mut self) -> &mut RuleSet {
        Arc::get_mut(&mut self.rules).expect("nobody else holds them")
    }

    /// The texts of the SMS and mails to an address, newest first.
    pub(super) fn sent_to(&self, address: &str) -> Vec<String> {
        self.outbox.messages().into_iter().filter(|message| message.to == address).map(|message| message.text).collect()
    }

    /// The code in the newest SMS to an address.
    pub(super) fn code_sent_to(&self, address: &str) -> String {
        let text = self.sent_to(address).into_iter().next().expect("an SMS");
        text.rsplit_once('#').expect("a code in its last line").1.to_owned()
    }

    /// From now on SMS go to a provider that nobody reaches.
    pub(super) fn cut_sms(&mut self) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = courier::http::Settings {
            url: format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap(),
            method: http::Method::POST,
            headers: Vec::new(),
            query: Vec::new(),
            body: courier::http::Body::Empty,
            to_format: courier::http::ToFormat::E164,
            success_status: vec![200],
            success_body: None,
            message_id: None,
            deadline: STEP,
        };
        drop(listener);
        let couriers = couriers(&self.flow, &self.outbox, courier::SmsSettings::Http(settings));
        Arc::get_mut(&mut self.rules).unwrap().couriers = couriers;
    }

    /// The address of the durable store.
    pub(super) fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("gate.db").display())
    }
}

/// A request's log-in in a browser.
pub(super) fn asker(subject: &str, login: u8, browser: &Token) -> Asker {
    let player = Player {
        client: std::net::Ipv4Addr::LOCALHOST.into(),
        subject: Subject::parse(subject).unwrap(),
        binding: Binding([login; 32]),
        carrier: Carrier::Cookie,
        claims: Claims::default(),
    };
    Asker { player, browser: Some(browser.hash()), known: false, client: std::net::Ipv4Addr::LOCALHOST.into() }
}

/// The same of a player whose number and mail address the site names; the number is years old.
pub(super) fn known(subject: &str, login: u8, browser: &Token) -> Asker {
    let mut asker = asker(subject, login, browser);
    asker.player.claims = Claims {
        phone: Some(NUMBER.to_owned()),
        phone_since: Some("2020-01-01T00:00:00Z".to_owned()),
        email: Some("ayu@play.example".to_owned()),
        locale: None,
    };
    asker
}

/// The code of an app at a moment.
pub(super) fn code(secret: &app::Secret, at: UnixTime) -> String {
    secret.code_at(app::step_of(at)).unwrap().reveal().to_string()
}

async fn flow(folder: &tempfile::TempDir, clock: &Arc<ManualClock>) -> Arc<Flow> {
    let sql = Sql::open(&format!("sqlite:{}", folder.path().join("gate.db").display())).await.unwrap();
    let sql = sql.signing(Signer::from_pkcs8("audit", &SigningKey::generate()).unwrap()).await.unwrap();
    let sql = Arc::new(sql);
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let memory = Arc::new(Memory::new(Arc::clone(&clock), 1 << 20));
    let key = |id: &str| SymmetricKey { id: id.to_owned(), bytes: zeroize::Zeroizing::new([7; 32]) };
    let metrics = Arc::new(Metrics::new(BuildInfo { version: "0", revision: "unknown" }).unwrap());
    Arc::new(Flow::new(clock, Stores::of(sql, memory), Sealer::new(key("s"), []), Hasher::new(key("h")), metrics))
}

fn rules(flow: &Arc<Flow>, outbox: &Arc<Outbox>, first: FirstEnrolment) -> Arc<RuleSet> {
    // Err means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    stamp::provider::install();
    let http = reqwest::Client::new();
    let origin = "https://play.example".to_owned();
    let ring = || KeyRing::new(vec![SigningKey::from_pkcs8("k", &SigningKey::generate(), START).unwrap()]).unwrap();
    let identity = Ports {
        hasher: flow.hasher.clone(),
        logins: Arc::clone(&flow.stores.logins),
        clock: Arc::clone(&flow.clock),
        http,
        other_credentials: Vec::new(),
        login_cookie: "__Host-stepgate-login",
        metrics: Arc::clone(&flow.metrics),
    };
    Arc::new(RuleSet {
        site: Site {
            name: "Play".to_owned(),
            origin: origin.clone(),
            hosts: vec!["play.example".to_owned()],
            origins: Vec::new(),
            secure: true,
            look: Look::default(),
            time_zone: jiff::tz::TimeZone::UTC,
        },
        portal_prefix: "/.stepgate".to_owned(),
        languages: vec![Language::English],
        routes: routes(),
        session_end: Routes::compile(Vec::new(), Requirement::None),
        paths: crate::target::PathPolicy::default(),
        identity: Sources::build(vec![site_session()], identity).unwrap(),
        stamps: Stamps::new(stamp::Settings { origin: origin.clone(), lifetime: DAY / 2, idle: DAY / 48 }, ring()),
        assertions: Assertions::new(origin, ring()),
        second_factor: second_factor(first),
        couriers: couriers(flow, outbox, courier::SmsSettings::Outbox),
        notices: notice::Settings::default(),
        audit: audit::Settings::default(),
        throttle: policy::throttle::Throttle::default(),
        sms_guard: policy::sms_guard::SmsGuard::default(),
    })
}

fn couriers(flow: &Arc<Flow>, outbox: &Arc<Outbox>, sms: courier::SmsSettings) -> Couriers {
    let ports = courier::Ports {
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
        clock: Arc::clone(&flow.clock),
        metrics: Arc::clone(&flow.metrics),
        outbox: Arc::clone(outbox),
        receipts: Receipts::new(flow.hasher.clone(), "https://play.example/.stepgate".to_owned()),
        runtime: tokio::runtime::Handle::current(),
    };
    let mail = vec![courier::MailSettings::Outbox];
    Couriers::build(courier::Settings { sms: vec![sms], mail, ..courier::Settings::default() }, &ports).unwrap()
}

/// The site's session is a JWT whose `sid` names the log-in.
fn site_session() -> SourceSettings {
    let named = |claim: &str| Some(claim.to_owned());
    SourceSettings::Jwt(JwtSettings {
        credential: Credential::Cookies(vec!["session".to_owned()]),
        algorithms: vec![jsonwebtoken::Algorithm::HS256],
        key: JwtKey::Secret(SITE_SECRET.to_owned().into()),
        issuer: None,
        audience: None,
        token_type: None,
        claims: ClaimNames {
            subject: "sub".to_owned(),
            phone: named("phone"),
            phone_since: named("phone_since"),
            email: named("email"),
            locale: None,
            session: named("sid"),
        },
        bind: Bind::Value,
    })
}

fn routes() -> Routes {
    let route = |name: &str, require| {
        let path = PathPattern::parse(&format!("/{name}")).unwrap();
        Route::plain(name, vec![Match { path, methods: Vec::new(), host: None, fields: Vec::new() }], require)
    };
    let (session, fresh) = (Requirement::Session, Requirement::Fresh { max_age: 10 * STEP });
    let (app, phone) = (vec![FactorKind::App], vec![FactorKind::App, FactorKind::Sms]);
    let all = vec![
        route("account", session),
        Route { methods: app.clone(), ..route("app", session) },
        Route { methods: phone.clone(), ..route("phone", session) },
        route("fresh", fresh),
        Route { methods: app, ..route("app-fresh", fresh) },
        Route { methods: phone, cool_downs: CoolDowns::all(DAY), ..route("withdraw", Requirement::Once) },
        Route { changes: Some(Cause::PasswordChange), ..route("password", fresh) },
    ];
    Routes::compile(all, Requirement::None)
}

fn second_factor(first_enrolment: FirstEnrolment) -> SecondFactor {
    SecondFactor {
        methods: vec![FactorKind::App, FactorKind::Sms, FactorKind::BackupCode],
        first_enrolment,
        cooldown: DAY,
        approval_lifetime: 5 * STEP,
        app_issuer: "Play".to_owned(),
        app_skew_steps: 1,
        sms: SmsCodes {
            lifetime: 10 * STEP,
            limits: SendLimits { gap: STEP, per_hour: 5, per_day: 10 },
            countries: Country::parse("ID").into_iter().collect(),
        },
        backup_codes: 10,
        devices: Devices { lifetime: 30 * DAY, most: 2 },
    }
}
