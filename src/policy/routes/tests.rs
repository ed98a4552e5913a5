//! On which routes requests land.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::{
    clock::UnixTime,
    fields::FieldName,
    policy::{
        Account, Enrolment, FactorKind, Facts, PathPattern, StampFacts, Verdict, Visitor, cooldown::Happened, decide,
    },
    request::testing::with_head,
    target::Target,
};

pub(super) fn route(name: &str, path: &str, methods: &[Method], require: Requirement) -> Route {
    let pattern =
        Match { path: PathPattern::parse(path).unwrap(), methods: methods.to_vec(), host: None, fields: Vec::new() };
    Route::plain(name, vec![pattern], require)
}

const FRESH: Requirement = Requirement::Fresh { max_age: Duration::from_secs(300) };

pub(super) fn lands(
    routes: &Routes,
    method: Method,
    raw: &str,
    headers: &HeaderMap,
    body: BodyView<'_>,
) -> Vec<String> {
    let target = Target::parse(raw.as_bytes()).unwrap();
    let name = |route: &&Route| route.name.to_string();
    with_head(&method, &target, headers, |head| routes.land(head, body).enforced.iter().map(name).collect())
}

pub(super) fn get(routes: &Routes, raw: &str) -> Vec<String> {
    lands(routes, Method::GET, raw, &HeaderMap::new(), BodyView::Unread)
}

#[test]
fn the_first_match_wins() {
    let all = vec![
        route("help", "/account/help", &[], Requirement::None),
        route("account", "/account/**", &[], Requirement::Session),
    ];
    let routes = Routes::compile(all, Requirement::None);
    assert_eq!(get(&routes, "/account/help"), ["help"]);
    assert_eq!(get(&routes, "/account/x"), ["account"]);
    assert_eq!(get(&routes, "/other"), Vec::<String>::new());
}

#[test]
fn an_exception_is_exact() {
    let all = vec![
        route("help", "/account/help", &[Method::GET], Requirement::None),
        route("account", "/account/**", &[], Requirement::Session),
    ];
    let routes = Routes::compile(all, Requirement::None);
    for raw in ["/account/help/", "/account/HELP", "/account/help.json", "/account/%68elp", "/account/help;x"] {
        assert!(get(&routes, raw).contains(&"account".to_owned()), "{raw}");
    }
    let posted = lands(&routes, Method::POST, "/account/help", &HeaderMap::new(), BodyView::Unread);
    assert_eq!(posted, ["account"]);
}

#[test]
fn every_unsafe_method_of_a_guarded_path_is_guarded() {
    let routes = Routes::compile(vec![route("pay", "/pay", &[Method::POST], Requirement::Once)], Requirement::None);
    let land = |method: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        lands(&routes, method, "/pay", &HeaderMap::new(), BodyView::Unread).len()
    };
    for (method, expected) in
        [("POST", 1), ("PUT", 1), ("DELETE", 1), ("FOO", 1), ("GET", 0), ("HEAD", 0), ("OPTIONS", 1)]
    {
        assert_eq!(land(method), expected, "{method}");
    }
}

/// Many handlers run for whatever method comes; of OPTIONS only a true preflight is none of theirs, and that
/// never gets here.
#[test]
fn options_is_guarded_with_any_method_and_open_only_where_it_is_listed() {
    let all = vec![
        route("form", "/form", &[Method::GET], Requirement::None),
        route("send", "/form", &[Method::POST], Requirement::Session),
        route("report", "/report", &[Method::GET], FRESH),
        route("probe", "/probe", &[Method::OPTIONS], Requirement::None),
        route("rest", "/probe", &[], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::None);
    let land = |raw| lands(&routes, Method::OPTIONS, raw, &HeaderMap::new(), BodyView::Unread);
    assert_eq!(land("/form"), ["send"]);
    assert_eq!(land("/report"), ["report"]);
    assert_eq!(land("/probe"), ["probe"]);
    assert_eq!(land("/else"), Vec::<String>::new());
}

#[test]
fn an_override_adds_a_method() {
    let routes = Routes::compile(vec![route("page", "/page", &[Method::POST], FRESH)], Requirement::None);
    let mut headers = HeaderMap::new();
    headers.insert("x-http-method-override", HeaderValue::from_static("post"));
    let get = |raw, headers: &HeaderMap| lands(&routes, Method::GET, raw, headers, BodyView::Unread);
    assert_eq!(get("/page", &headers), ["page"]);
    assert_eq!(get("/page?_method=POST", &HeaderMap::new()), ["page"]);
    assert!(get("/page", &HeaderMap::new()).is_empty());
}

#[test]
fn what_is_unknown_lands_on_both_sides() {
    let mut pay = route("pay", "/act", &[], Requirement::Once);
    pay.matches[0].fields = vec![(FieldName::Form("do".into()), "pay".into())];
    let routes = Routes::compile(vec![pay, route("rest", "/act", &[], Requirement::Session)], Requirement::None);
    let mut headers = HeaderMap::new();
    headers.insert("content-length", HeaderValue::from_static("6"));
    assert_eq!(lands(&routes, Method::POST, "/act", &headers, BodyView::Unread), ["pay", "rest"]);
    let read = |bytes| BodyView::Read(Body { content_type: Some("application/x-www-form-urlencoded"), bytes });
    assert_eq!(lands(&routes, Method::POST, "/act", &headers, read(b"do=pay")), ["pay"]);
    assert_eq!(lands(&routes, Method::POST, "/act", &headers, read(b"do=look")), ["rest"]);
    assert_eq!(lands(&routes, Method::POST, "/act", &headers, read(b"do=look&do=pay")), ["pay", "rest"]);
}

#[test]
fn observed_routes_are_skipped_for_enforcement() {
    let mut watched = route("watched", "/a", &[], Requirement::Once);
    watched.mode = Mode::Observe;
    let routes = Routes::compile(vec![watched, route("a", "/a", &[], Requirement::Session)], Requirement::None);
    assert_eq!(get(&routes, "/a"), ["a"]);
}

#[test]
fn the_default_guards_what_no_route_names() {
    let routes = Routes::compile(vec![route("open", "/open/**", &[], Requirement::None)], Requirement::Session);
    assert_eq!(get(&routes, "/open/x"), ["open"]);
    assert_eq!(get(&routes, "/else"), ["default"]);
}

#[test]
fn hidden_routes_are_found() {
    let all = vec![
        route("all", "/a/**", &[], Requirement::Session),
        route("hidden", "/a/b", &[Method::POST], Requirement::Once),
        route("seen", "/b", &[], Requirement::Once),
    ];
    assert_eq!(shadowed(&all), [(1, 0)]);
}

proptest! {
    /// However a guarded path is written, the request passes only with proof.
    #[test]
    fn encoding_more_never_unprotects(bits in proptest::collection::vec(any::<bool>(), 15), suffix in "(/|\\.json|;x=1|%20|)") {
        let mut raw = String::from("/");
        for (character, encode) in "account/withdraw".chars().zip(bits.iter().chain(std::iter::repeat(&false))) {
            if *encode && character != '/' {
                raw.push_str(&format!("%{:02x}", character as u32));
            } else {
                raw.push(if *encode { character } else { character.to_ascii_uppercase() });
            }
        }
        raw.push_str(&suffix);
        let routes = Routes::compile(vec![route("pay", "/account/withdraw", &[], Requirement::Once)], Requirement::None);
        prop_assert_eq!(get(&routes, &raw), ["pay"]);
    }

    /// The same for paths that are odd already: escapes never make them less odd.
    #[test]
    fn escaping_an_odd_path_never_unprotects(
        spelling in proptest::sample::select(vec![
            "/account//withdraw", "//account/withdraw/", "/x/../account/withdraw", "/account/./withdraw", "/account/withdraw;x=1",
            "/account;x/withdraw", "/x/..;/account/withdraw", "/account/withdraw.json", "/index.php/account/withdraw",
            "/account/withdraw.php/x", "/ACCOUNT/withdraw.", "/x//../account/withdraw",
        ]),
        bits in any::<u64>(),
    ) {
        let raw: String = spelling
            .char_indices()
            .map(|(at, c)| if at > 0 && bits >> at & 1 == 1 { format!("%{:02x}", c as u32) } else { c.to_string() })
            .collect();
        let routes = Routes::compile(vec![route("pay", "/account/withdraw", &[], Requirement::Once)], Requirement::None);
        // What is refused for everyone reaches nothing.
        if Target::parse(raw.as_bytes()).is_ok() {
            prop_assert_eq!(get(&routes, &raw), ["pay"], "{}", raw);
        }
    }

    /// Allow on a guarded route means that the route's own condition held.
    #[test]
    fn nothing_passes_without_its_proof(
        level in 0_u8..3, stamped in any::<bool>(), fresh_ago in proptest::option::of(0_i64..1000), approved in any::<bool>(),
    ) {
        let require = [Requirement::Session, FRESH, Requirement::Once][usize::from(level)];
        let routes = Routes::compile(vec![route("r", "/r", &[], require)], Requirement::None);
        let target = Target::parse(b"/r").unwrap();
        let now = UnixTime::from_secs(100_000);
        let fresh_time = fresh_ago.map(|ago| UnixTime::from_secs(100_000 - ago));
        let stamp = stamped.then_some(StampFacts { auth_time: now, fresh_time, by: FactorKind::App });
        let kinds = vec![FactorKind::App];
        let enrolment = Enrolment::Active { kinds, cooling_until: None };
        let account = Account { enrolment, frozen: false, happened: Happened::default() };
        let facts = Facts {
            now,
            visitor: Visitor::Player,
            stamp,
            approved: approved.then_some(FactorKind::App),
            account: Some(&account),
        };
        let is_allowed = |facts: &Facts<'_>| with_head(&Method::GET, &target, &HeaderMap::new(), |head| {
            matches!(decide(&routes.land(head, BodyView::Unread), head, facts).verdict, Verdict::Allow(_))
        });
        let frozen = Account { frozen: true, ..account.clone() };
        let while_frozen = is_allowed(&Facts { account: Some(&frozen), ..facts });
        prop_assert!(require != Requirement::Once || !while_frozen);
        let expected = match require {
            Requirement::None => true,
            Requirement::Session => stamped,
            Requirement::Fresh { .. } => stamped && fresh_ago.is_some_and(|ago| ago <= 300),
            Requirement::Once => approved,
        };
        prop_assert_eq!(is_allowed(&facts), expected);
    }
}
