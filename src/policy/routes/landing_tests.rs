//! What a landing says besides its routes, and what each condition of a match is good for.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::{
    tests::{get, lands, route},
    *,
};
use crate::{fields::FieldName, request::testing::with_head, target::Target};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A request with nothing but these.
struct Asked<'a> {
    method: Method,
    raw: &'a str,
    host: &'a str,
    headers: HeaderMap,
}

impl<'a> Asked<'a> {
    fn new(method: Method, raw: &'a str) -> Self {
        Self { method, raw, host: "play.example", headers: HeaderMap::new() }
    }

    fn of_type(mut self, content_type: &'static str) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self
    }

    fn on(self, host: &'a str) -> Self {
        Self { host, ..self }
    }

    fn with<T>(&self, look: impl FnOnce(&Head<'_>) -> T) -> T {
        let target = Target::parse(self.raw.as_bytes()).unwrap();
        with_head(&self.method, &target, &self.headers, |head| look(&Head { host: self.host, ..*head }))
    }

    /// The names of the routes, and whether the body matters.
    fn lands(&self, routes: &Routes, body: BodyView<'_>) -> (Vec<String>, bool) {
        self.with(|head| {
            let landing = routes.land(head, body);
            (landing.enforced.iter().map(|route| route.name.to_string()).collect(), landing.body_matters)
        })
    }
}

fn read<'b>(content_type: &'b str, bytes: &'b [u8]) -> BodyView<'b> {
    BodyView::Read(Body { content_type: Some(content_type), bytes })
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn conditioned(name: &str, field: FieldName, require: Requirement) -> Route {
    let mut route = route(name, "/act", &[], require);
    route.matches[0].fields = vec![(field, "pay".to_owned())];
    route
}

#[test]
fn a_body_matters_where_a_guarded_route_asks_for_a_field_of_it() {
    let pay = conditioned("pay", FieldName::Form("do".into()), Requirement::Once);
    let routes = Routes::compile(vec![pay, route("rest", "/rest", &[], Requirement::Once)], Requirement::None);
    let post = |raw| Asked::new(Method::POST, raw).of_type(FORM);
    assert_eq!(post("/act").lands(&routes, BodyView::Unread), (names(&["pay"]), true));
    assert_eq!(post("/act").lands(&routes, read(FORM, b"do=pay")), (names(&["pay"]), false));
    assert_eq!(post("/act").lands(&routes, read(FORM, b"do=pay&do=look")), (names(&["pay"]), false));
    assert_eq!(post("/rest").lands(&routes, BodyView::Unread), (names(&["rest"]), false));
    // Whatever the method: a field is looked for in every body.
    let put = Asked::new(Method::PUT, "/act").of_type(FORM);
    assert_eq!(put.lands(&routes, BodyView::Unread), (names(&["pay"]), true));
    // What the query says for certain needs no body.
    let by_query = conditioned("pay", FieldName::Query("do".into()), Requirement::Once);
    let routes = Routes::compile(vec![by_query], Requirement::None);
    assert_eq!(post("/act?do=pay").lands(&routes, BodyView::Unread), (names(&["pay"]), false));
    assert_eq!(post("/act?do=look").lands(&routes, BodyView::Unread), (names(&["pay"]), true));
}

/// What a query says in two ways, or against a cookie, no document makes certain.
#[test]
fn a_body_does_not_matter_where_a_query_left_it_open_already() {
    let fields = [FieldName::Json("/do".into()), FieldName::Form("do".into())];
    for field in fields {
        let pay = |require| conditioned("pay", field.clone(), require);
        let all = vec![pay(Requirement::Session), route("act", "/act", &[], Requirement::Once)];
        let guarded = Routes::compile(all, Requirement::None);
        let all = vec![pay(Requirement::None), route("act", "/act", &[], Requirement::Once)];
        let open = Routes::compile(all, Requirement::None);
        for (raw, matters) in [
            ("/act", true),
            ("/act?x=pay", true),
            ("/act?do=pay", true),
            ("/act?do=look", true),
            ("/act;do=pay?do=pay", true),
            ("/act?do=PAY", false),
            ("/act?do[]=pay", false),
            ("/act?do=pay&do=look", false),
            ("/act;do=look?do=pay", false),
        ] {
            for routes in [&guarded, &open] {
                let post = Asked::new(Method::POST, raw).of_type(JSON);
                assert_eq!(post.lands(routes, BodyView::Unread), (names(&["act", "pay"]), matters), "{raw} {field:?}");
            }
        }
    }
}

#[test]
fn a_body_matters_where_it_tells_an_exception_from_a_guarded_route() {
    let open = || conditioned("open", FieldName::Form("do".into()), Requirement::None);
    let post = Asked::new(Method::POST, "/act").of_type(FORM);
    let alone = Routes::compile(vec![open()], Requirement::None);
    assert_eq!(post.lands(&alone, BodyView::Unread), (names(&["open"]), false));
    let guarded = Routes::compile(vec![open(), route("act", "/act", &[], Requirement::Once)], Requirement::None);
    assert_eq!(post.lands(&guarded, BodyView::Unread), (names(&["act", "open"]), true));
    assert_eq!(post.lands(&guarded, read(FORM, b"do=pay")), (names(&["open"]), false));
    // The same for an exception of a method, which the body may override.
    let open = route("open", "/act", &[Method::POST], Requirement::None);
    let act = route("act", "/act", &[Method::DELETE], Requirement::Once);
    let routes = Routes::compile(vec![open, act], Requirement::None);
    assert_eq!(post.lands(&routes, BodyView::Unread), (names(&["act", "open"]), true));
    assert_eq!(post.lands(&routes, read(FORM, b"x=y")), (names(&["open"]), false));
}

#[test]
fn an_exception_of_every_method_holds_whatever_overrides() {
    let all =
        vec![route("open", "/act", &[], Requirement::None), route("act", "/act", &[Method::DELETE], Requirement::Once)];
    let routes = Routes::compile(all, Requirement::None);
    let landed = Asked::new(Method::POST, "/act").of_type(FORM).lands(&routes, BodyView::Unread);
    assert_eq!(landed, (names(&["open"]), false));
}

#[test]
fn a_guarded_route_of_some_methods_takes_them_for_certain() {
    let all = vec![
        route("pay", "/pay", &[Method::POST], Requirement::Once),
        route("rest", "/pay", &[], Requirement::Session),
    ];
    let routes = Routes::compile(all, Requirement::None);
    let landed = |method| Asked::new(method, "/pay").of_type(FORM).lands(&routes, BodyView::Unread).0;
    assert_eq!(landed(Method::POST), ["pay"]);
    assert_eq!(landed(Method::GET), ["rest"]);
}

#[test]
fn a_query_is_looked_for_in_every_body_that_may_have_fields() {
    let pay = conditioned("pay", FieldName::Query("do".into()), Requirement::Once);
    let routes = Routes::compile(vec![pay], Requirement::None);
    for (content_type, expected) in [(FORM, names(&["pay"])), (JSON, names(&["pay"])), ("image/png", vec![])] {
        let asked = Asked::new(Method::POST, "/act?do=look").of_type(content_type);
        assert_eq!(asked.lands(&routes, BodyView::Unread).0, expected, "{content_type}");
    }
}

#[test]
fn a_route_of_a_host_takes_that_host_only() {
    let mut pay = route("pay", "/pay", &[], Requirement::Once);
    pay.matches[0].host = Some("pay.example".into());
    let routes = Routes::compile(vec![pay], Requirement::None);
    assert_eq!(Asked::new(Method::GET, "/pay").on("pay.example").lands(&routes, BodyView::Unread).0, ["pay"]);
    assert!(Asked::new(Method::GET, "/pay").on("play.example").lands(&routes, BodyView::Unread).0.is_empty());
}

#[test]
fn head_goes_with_get() {
    let all = vec![
        route("open", "/a", &[Method::GET], Requirement::None),
        route("page", "/b", &[Method::GET], Requirement::Session),
        route("all", "/a", &[], Requirement::Session),
    ];
    let routes = Routes::compile(all, Requirement::None);
    let head = |raw| lands(&routes, Method::HEAD, raw, &HeaderMap::new(), BodyView::Unread);
    assert_eq!((head("/a"), head("/b")), (names(&["open"]), names(&["page"])));
}

#[test]
fn a_star_is_one_segment_that_is_not_empty() {
    let all =
        vec![route("log", "/w/*/log", &[], Requirement::Session), route("any", "/a/*", &[], Requirement::Session)];
    let routes = Routes::compile(all, Requirement::None);
    for (raw, expected) in [
        ("/w/7/log", names(&["log"])),
        ("/w/7/8/log", vec![]),
        ("/w/7", vec![]),
        ("/a/7", names(&["any"])),
        ("/a", vec![]),
        ("/a/7/8", vec![]),
    ] {
        assert_eq!(get(&routes, raw), expected, "{raw}");
    }
    // Its reading without the slash is `/a`.
    assert!(get(&routes, "/a/").is_empty());
}

#[test]
fn another_case_is_noticed_where_a_route_is_landed_on() {
    let routes = Routes::compile(vec![route("pay", "/Pay/**", &[], Requirement::Once)], Requirement::None);
    for (raw, expected) in [("/Pay/a", false), ("/pay/a", true), ("/Pay/A", false), ("/PAY", true), ("/other", false)] {
        let other = Asked::new(Method::GET, raw).with(|head| routes.land(head, BodyView::Unread).other_case);
        assert_eq!(other, expected, "{raw}");
    }
}

#[test]
fn the_stricter_stands_first() {
    let fresh = |secs| Requirement::Fresh { max_age: Duration::from_secs(secs) };
    let rising = [Requirement::None, Requirement::Session, fresh(300), fresh(1), fresh(0), Requirement::Once];
    assert!(rising.is_sorted_by(|one, next| strictness(*one) < strictness(*next)));
    let mut slow = conditioned("slow", FieldName::Form("do".into()), fresh(300));
    slow.name = "slow".into();
    let routes = Routes::compile(vec![slow, route("quick", "/act", &[], fresh(60))], Requirement::None);
    assert_eq!(Asked::new(Method::POST, "/act").lands(&routes, BodyView::Unread).0, ["quick", "slow"]);
}

#[test]
fn what_lands_on_a_route_needs_no_default() {
    let all = vec![
        route("open", "/open", &[Method::GET], Requirement::None),
        route("pay", "/pay", &[Method::GET], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::Session);
    let landed = |method, raw| Asked::new(method, raw).of_type(JSON).lands(&routes, BodyView::Unread).0;
    assert_eq!(landed(Method::GET, "/open"), ["open"]);
    assert_eq!(landed(Method::POST, "/open"), ["default"]);
    assert_eq!(landed(Method::GET, "/pay"), ["pay"]);
    assert_eq!(landed(Method::OPTIONS, "/pay"), ["pay"]);
}

#[test]
fn routes_are_found_by_their_names() {
    let all = vec![route("a", "/a", &[], Requirement::None), route("b", "/b", &[], Requirement::Once)];
    let routes = Routes::compile(all, Requirement::Session);
    assert_eq!(routes.all().iter().map(|route| &*route.name).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(routes.named("b").map(|route| route.require), Some(Requirement::Once));
    assert!(routes.named("default").is_none() && routes.named("c").is_none());
}

/// Each pair with whether the second can never be landed on.
#[test]
fn a_route_is_hidden_only_by_what_takes_all_of_its_requests() {
    let (none, session, once) = (Requirement::None, Requirement::Session, Requirement::Once);
    let (get, post) = (&[Method::GET][..], &[Method::POST][..]);
    for (first, second, expected) in [
        (("/a/**", &[][..], session), ("/a/b", &[][..], once), true),
        (("/a/b", &[], session), ("/a/**", &[], once), false),
        (("/a/**", post, session), ("/a/b", &[], once), false),
        (("/a/**", &[], session), ("/a/b", post, once), true),
        (("/a/**", post, session), ("/a/b", post, once), true),
        (("/a/**", get, session), ("/a/b", post, once), true),
        (("/a/**", post, session), ("/a/b", get, once), false),
        (("/a/**", &[], none), ("/a/b", &[], once), true),
        (("/a/**", get, none), ("/a/b", get, none), true),
        (("/a/**", get, none), ("/a/b", post, none), false),
        // A guarded route of GET also takes every other method, which the exception does not.
        (("/a/**", get, none), ("/a/b", get, once), false),
    ] {
        let of = |name, (path, methods, require): (&str, &[Method], Requirement)| route(name, path, methods, require);
        let pairs = shadowed(&[of("first", first), of("second", second)]);
        assert_eq!(pairs, if expected { vec![(1, 0)] } else { vec![] }, "{first:?} {second:?}");
    }
}

#[test]
fn conditions_hosts_and_observing_hide_nothing() {
    let one = route("one", "/a/**", &[], Requirement::Session);
    let two = route("two", "/a/b", &[], Requirement::Once);
    let on = |mut route: Route, host: &str| {
        route.matches[0].host = Some(host.to_owned());
        route
    };
    assert_eq!(shadowed(&[on(one.clone(), "h"), on(two.clone(), "h")]), [(1, 0)]);
    assert_eq!(shadowed(&[one.clone(), on(two.clone(), "h")]), [(1, 0)]);
    assert_eq!(shadowed(&[on(one.clone(), "h"), two.clone()]), []);
    assert_eq!(shadowed(&[on(one.clone(), "h"), on(two.clone(), "i")]), []);
    let observing = Route { mode: Mode::Observe, ..one.clone() };
    assert_eq!(shadowed(&[observing, two.clone()]), []);
    let mut conditioned = one.clone();
    conditioned.matches[0].fields = vec![(FieldName::Query("a".into()), "b".into())];
    assert_eq!(shadowed(&[conditioned, two.clone()]), []);
    // Of several patterns all must be hidden, and any may hide.
    let both = Route { matches: [one.matches.clone(), two.matches.clone()].concat(), ..one.clone() };
    let other = Route { matches: route("x", "/x", &[], Requirement::Once).matches, ..two.clone() };
    let some = Route { matches: [two.matches.clone(), other.matches.clone()].concat(), ..two.clone() };
    assert_eq!(shadowed(&[other.clone(), both.clone(), two]), [(2, 1)]);
    assert_eq!(shadowed(&[both, some]), []);
}

#[test]
fn each_reading_is_explained_by_itself() {
    let mut watched = route("watched", "/pay", &[], Requirement::Once);
    watched.mode = Mode::Observe;
    let all = vec![
        watched,
        route("pay", "/pay", &[Method::POST], Requirement::Once),
        route("open", "/pay.json", &[Method::GET], Requirement::None),
    ];
    let routes = Routes::compile(all, Requirement::None);
    let explained = |asked: Asked<'_>| {
        asked.with(|head| {
            let steps = routes.steps(head, BodyView::Unread).into_iter().map(|step| {
                let patterns: Vec<String> = step.routes.iter().map(|(_, pattern)| pattern.path.to_string()).collect();
                let observed: Vec<String> = step.observed.iter().map(|route| route.name.to_string()).collect();
                format!("{} {} {patterns:?} {observed:?} {}", step.method, step.path, step.certain)
            });
            steps.collect::<Vec<_>>()
        })
    };
    assert_eq!(
        explained(Asked::new(Method::GET, "/pay.json?_method=POST")),
        [
            "GET /pay.json [\"/pay.json\"] [] true",
            "POST /pay.json [] [] false",
            "GET /pay [] [\"watched\"] false",
            "POST /pay [\"/pay\"] [\"watched\"] true",
        ]
    );
    // A pattern of the route that does not fit is not named.
    let mut two = route("two", "/b", &[], Requirement::Once);
    two.matches.insert(0, route("x", "/x", &[], Requirement::Once).matches[0].clone());
    let routes = Routes::compile(vec![two], Requirement::None);
    let asked = Asked::new(Method::GET, "/b");
    let named = asked.with(|head| routes.steps(head, BodyView::Unread)[0].routes[0].1.path.to_string());
    assert_eq!(named, "/b");
}
