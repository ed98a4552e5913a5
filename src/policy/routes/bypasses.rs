//! Ways around a guarded route that were open once, or that an attacker would try first.

use http::{HeaderMap, HeaderValue, header};

use super::{
    tests::{get, lands, route},
    *,
};
use crate::{fields::FieldName, request::testing::with_head, target::Target};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn conditioned(name: &str, field: FieldName, value: &str) -> Route {
    let mut route = route(name, "/act", &[], Requirement::Once);
    for pattern in &mut route.matches {
        pattern.fields = vec![(field.clone(), value.to_owned())];
    }
    route
}

pub(super) fn read<'b>(content_type: &'b str, bytes: &'b [u8]) -> BodyView<'b> {
    BodyView::Read(Body { content_type: Some(content_type), bytes })
}

/// Over HTTP/2 a body needs neither Content-Length nor Transfer-Encoding.
#[test]
fn an_unread_body_without_a_length_is_unknown() {
    let pay = conditioned("pay", FieldName::Form("do".into()), "pay");
    let routes = Routes::compile(vec![pay], Requirement::None);
    assert_eq!(lands(&routes, Method::POST, "/act", &HeaderMap::new(), BodyView::Unread), ["pay"]);
    assert!(lands(&routes, Method::POST, "/act", &HeaderMap::new(), read(FORM, b"")).is_empty());
}

#[test]
fn a_script_with_path_info_lands_on_the_script() {
    let all = vec![route("pay", "/pay.php", &[], Requirement::Once), route("move", "/move", &[], Requirement::Once)];
    let routes = Routes::compile(all, Requirement::None);
    assert_eq!(get(&routes, "/pay.php/x/y"), ["pay"]);
    assert_eq!(get(&routes, "/move.php/x"), ["move"]);
    assert_eq!(get(&routes, "/%6dove.php/x"), ["move"]);
    assert_eq!(get(&routes, "/%70ay.php/..%2f/x"), ["pay"]);
    assert_eq!(get(&routes, "/pay.php%3b;/..%2f/x"), ["pay"]);
}

/// Who splits a path into segments before these are decoded, as Spring does, has one segment here.
#[test]
fn an_encoded_slash_hides_no_segment_beside_it() {
    let routes = Routes::compile(vec![route("log", "/wallet/*/log", &[], Requirement::Once)], Requirement::None);
    for raw in ["/wallet/a%2fb/log", "/wallet/a%2Fb/lo%67", "/wallet/%2e%2e%5cb/lo%67", "/wallet/a%2fb/lo%67%2ecsv"] {
        assert_eq!(get(&routes, raw), ["log"], "{raw}");
    }
}

/// Fastify takes an empty segment for a parameter, Django lists under `/wallet/`.
#[test]
fn an_empty_segment_is_a_segment_where_others_follow() {
    let all = vec![
        route("open", "/public/*/log", &[], Requirement::None),
        route("log", "/*/*/log", &[], Requirement::Once),
        route("wallet", "/wallet/*", &[], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::None);
    for (raw, landed) in [("/wallet//log", "log"), ("/public//log", "log"), ("/public/x/log", "open")] {
        assert_eq!(get(&routes, raw).first(), Some(&landed.to_owned()), "{raw}");
    }
    assert!(get(&routes, "/wallet/").is_empty());
}

#[test]
fn a_folder_runs_its_index() {
    let all = vec![
        route("front", "/index.php", &[], Requirement::Once),
        route("wallet", "/wallet/index.php", &[], Requirement::Once),
        route("open", "/public/index.html", &[], Requirement::None),
    ];
    let routes = Routes::compile(all, Requirement::Session);
    for (raw, name) in [("/", "front"), ("/?route=pay", "front"), ("/wallet/", "wallet"), ("/wallet", "wallet")] {
        assert_eq!(get(&routes, raw).first(), Some(&name.to_owned()), "{raw}");
    }
    assert_eq!(get(&routes, "/public/"), ["default"]);
}

/// Fastify can be told to begin the query at a `;`; behind nginx with `$uri` a site decodes `%3f` before it looks for one.
#[test]
fn a_path_ends_where_a_server_may_begin_the_query() {
    let all = vec![route("pay", "/pay", &[], Requirement::Once), route("script", "/run.php", &[], Requirement::Once)];
    let routes = Routes::compile(all, Requirement::None);
    for raw in ["/pay;/x", "/pay;a=b/x", "/pay%3b/x", "/pay%3fx", "/pay%23x", "/pay%253f/x", "/x/../pay%3f/y"] {
        assert_eq!(get(&routes, raw), ["pay"], "{raw}");
    }
    for raw in ["/run.php%3fx", "/run.php%3fx.php", "/run.php%3f/x", "/run.php%23x", "/run.ph%70;/x"] {
        assert_eq!(get(&routes, raw), ["script"], "{raw}");
    }
}

#[test]
fn a_front_controller_stands_in_any_folder_and_a_script_has_any_known_name() {
    let all = vec![
        route("pay", "/shop/pay", &[], Requirement::Once),
        route("cgi", "/pay.cgi", &[], Requirement::Once),
        route("wallet", "/wallet", &[], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::None);
    for (raw, name) in [
        ("/shop/index.php/pay", "pay"),
        ("/shop/inde%78.php/pay", "pay"),
        ("/shop/app_dev.php/pay.json", "pay"),
        ("/pay.cgi/x", "cgi"),
        ("/wallet/index.php", "wallet"),
        ("/wallet/INDEX.html", "wallet"),
        ("/x/..%20/wallet", "wallet"),
        ("/wallet..csv", "wallet"),
    ] {
        assert_eq!(get(&routes, raw), [name], "{raw}");
    }
}

/// Servers undo a part of a path before they look at another: dots before escapes, a script before dots.
#[test]
fn no_order_in_which_a_server_undoes_a_path_hides_a_script() {
    let routes = Routes::compile(vec![route("pay", "/pay.php", &[], Requirement::Once)], Requirement::None);
    for raw in [
        "/x/..;x'/../%70ay%2ephp/Pf/..;x/.%2e/%70ayo=",
        "/%70ay.ph%70/..%2f/x",
        "/a/../pay.ph%70/%2e%2e/x",
        "/%70ay.php.%2e~70y.php;;/x",
        "/index.ph%70/..%2fpay.php",
    ] {
        assert_eq!(get(&routes, raw), ["pay"], "{raw}");
    }
}

#[test]
fn a_pattern_with_a_trailing_slash_guards_the_path_without_it() {
    let routes = Routes::compile(vec![route("pay", "/pay/", &[], Requirement::Once)], Requirement::None);
    for raw in ["/pay", "/pay/", "/pay//", "/PAY"] {
        assert_eq!(get(&routes, raw), ["pay"], "{raw}");
    }
}

/// `_method` under an escaped name still overrides.
#[test]
fn an_override_counts_however_its_name_is_escaped() {
    let routes = Routes::compile(vec![route("pay", "/pay", &[Method::POST], Requirement::Once)], Requirement::None);
    for raw in ["/pay?_method=POST", "/pay?_m%65thod=post", "/pay?%5Fmethod=PoSt", "/pay?x=1&_METHOD=POST"] {
        assert_eq!(get(&routes, raw), ["pay"], "{raw}");
    }
}

/// The middleware of Express takes the first method of a list.
#[test]
fn an_override_counts_wherever_it_stands_in_a_list() {
    let all = vec![
        route("open", "/act", &[Method::POST], Requirement::None),
        route("act", "/act", &[Method::DELETE], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::None);
    for value in ["DELETE,GET", "GET, delete", " DELETE ,"] {
        let mut headers = HeaderMap::new();
        headers.insert("x-http-method-override", HeaderValue::from_static(value));
        let landed = lands(&routes, Method::POST, "/act", &headers, read(FORM, b""));
        assert_eq!(landed, ["act", "open"], "{value}");
    }
}

/// Puma, wsgiref and PHP's own server fold such a name into the header's.
#[test]
fn an_override_counts_however_its_header_is_spelled() {
    let all = vec![
        route("open", "/act", &[Method::POST], Requirement::None),
        route("act", "/act", &[Method::DELETE], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::None);
    let known = ["x-http-method-override", "x-http-method", "x-method-override"];
    let spelled = |name: &str| ["-", "_", ".", "~", "!", "+"].map(|dash| name.replace('-', dash).to_uppercase());
    let mixed = ["x_http-method~override".to_owned(), "X_Http.Method".to_owned()];
    for name in known.iter().flat_map(|name| spelled(name)).chain(mixed) {
        let mut headers = HeaderMap::new();
        headers.insert(name.parse::<header::HeaderName>().unwrap(), HeaderValue::from_static("DELETE"));
        assert_eq!(lands(&routes, Method::POST, "/act", &headers, read(FORM, b"")), ["act", "open"], "{name}");
    }
}

/// Rack, servlets and PHP's `$_REQUEST` take a form's fields for the query's.
#[test]
fn a_condition_on_the_query_also_holds_for_a_form() {
    let pay = conditioned("pay", FieldName::Query("do".into()), "pay");
    let routes = Routes::compile(vec![pay], Requirement::None);
    let post = |raw, body| lands(&routes, Method::POST, raw, &HeaderMap::new(), body);
    for raw in ["/act", "/act?do=look"] {
        assert_eq!(post(raw, read(FORM, b"do=pay")), ["pay"], "{raw}");
        assert_eq!(post(raw, BodyView::Unread), ["pay"], "{raw}");
        assert!(post(raw, read(FORM, b"x=y")).is_empty(), "{raw}");
        assert!(post(raw, read("application/json", b"{}")).is_empty(), "{raw}");
        assert!(post(raw, read("image/png", b"do=pay")).is_empty(), "{raw}");
    }
}

/// Express and aiohttp unpack a form before they read it.
#[test]
fn a_packed_body_may_hold_what_a_condition_names() {
    let pay = conditioned("pay", FieldName::Form("do".into()), "pay");
    let routes = Routes::compile(vec![pay], Requirement::None);
    for (name, value) in
        [("content-encoding", "gzip"), ("content-encoding", "identity"), ("content-type", "text/plain")]
    {
        let mut headers = HeaderMap::new();
        headers.append("content-type", HeaderValue::from_static(FORM));
        headers.append(name, HeaderValue::from_static(value));
        assert_eq!(lands(&routes, Method::POST, "/act", &headers, read(FORM, b"x=y")), ["pay"], "{name}: {value}");
    }
}

/// Koa and PHP's own server drop the second question mark.
#[test]
fn a_second_question_mark_hides_no_parameter() {
    let pay = conditioned("pay", FieldName::Query("do".into()), "pay");
    let routes = Routes::compile(vec![pay], Requirement::None);
    for raw in ["/act??do=pay", "/act???do=pay", "/act?%3fdo=pay"] {
        assert_eq!(get(&routes, raw), ["pay"], "{raw}");
    }
}

/// The exception is for one method; a body may make the site see another.
#[test]
fn an_exception_for_a_method_does_not_cover_an_override_in_the_body() {
    let all = vec![
        route("open", "/act", &[Method::POST], Requirement::None),
        route("act", "/act", &[Method::DELETE], Requirement::Once),
    ];
    let routes = Routes::compile(all, Requirement::None);
    let post = |content_type: &'static str, body: BodyView<'_>| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        lands(&routes, Method::POST, "/act", &headers, body)
    };
    assert_eq!(post(FORM, read(FORM, b"_method=delete")), ["act", "open"]);
    assert_eq!(post(FORM, BodyView::Unread), ["act", "open"]);
    assert_eq!(
        post("multipart/form-data; boundary=x", read("multipart/form-data; boundary=x", b"odd")),
        ["act", "open"]
    );
    assert_eq!(post(FORM, read(FORM, b"a=1")), ["open"]);
    assert_eq!(post("application/json", read("application/json", b"{}")), ["open"]);
    assert_eq!(post("application/json", BodyView::Unread), ["act", "open"]);
}

/// Go and .NET bind keys without regard to case.
#[test]
fn a_json_key_in_another_case_may_match() {
    let pay = conditioned("pay", FieldName::Json("/op".into()), "pay");
    let routes = Routes::compile(vec![pay], Requirement::None);
    for body in [r#"{"OP":"pay"}"#, r#"{"op":"look","Op":"pay"}"#, r#"{"Op":"look","op":"x"}"#] {
        let landed = lands(&routes, Method::POST, "/act", &HeaderMap::new(), read("application/json", body.as_bytes()));
        assert_eq!(landed, ["pay"], "{body}");
    }
    let other = read("application/json", br#"{"op":"look","opx":"pay"}"#);
    assert!(lands(&routes, Method::POST, "/act", &HeaderMap::new(), other).is_empty());
}

/// A default that guards everything must leave a listed exception usable: `/login.php` may be read
/// as `/login`, of which no route speaks.
#[test]
fn an_exception_as_received_outweighs_the_default_of_its_other_readings() {
    let all = vec![
        route("login", "/login.php", &[], Requirement::None),
        route("home", "/index.html", &[], Requirement::None),
        route("pay", "/pay", &[], Requirement::Once),
        route("pages", "/pay.html", &[], Requirement::None),
    ];
    let routes = Routes::compile(all, Requirement::Session);
    assert_eq!(get(&routes, "/login.php"), ["login"]);
    assert_eq!(get(&routes, "/index.html"), ["home"]);
    assert_eq!(get(&routes, "/login"), ["default"]);
    assert_eq!(get(&routes, "/LOGIN.php"), ["default"]);
    // A named route still counts in every reading.
    assert_eq!(get(&routes, "/pay.html"), ["pay", "pages"]);
}

#[test]
fn an_exception_written_ambiguously_does_not_outweigh_the_default() {
    let routes = Routes::compile(vec![route("open", "/open/**", &[], Requirement::None)], Requirement::Session);
    for raw in ["/open/../else", "/open/%2e%2e/else", "/open/x;/../../else", "/open/..%2felse", "/open/%252e%252e/else"]
    {
        assert!(get(&routes, raw).contains(&"default".to_owned()), "{raw}");
    }
}

/// `method-override` of Express, where it is told to look into the parsed body, and Laravel.
#[test]
fn an_override_counts_in_json_too() {
    let open = route("open", "/act", &[Method::POST], Requirement::None);
    let routes = Routes::compile(vec![open, route("act", "/act", &[], Requirement::Once)], Requirement::None);
    let post = |body| lands(&routes, Method::POST, "/act", &HeaderMap::new(), body);
    assert_eq!(post(read("application/json", br#"{"a": "b"}"#)), ["open"]);
    assert_eq!(post(read("application/json", br#"["_method"]"#)), ["open"]);
    assert_eq!(post(read("application/json", br#"{"_method": "DELETE"}"#)), ["act", "open"]);
    assert_eq!(post(read("application/json", br#"{"_Method": "delete"}"#)), ["act", "open"]);
    assert_eq!(post(BodyView::Unread), ["act", "open"]);
}

/// 30 KB of names, each of which was tried with a body of 33 KB, held a core for seconds.
#[test]
fn a_request_that_names_very_many_methods_is_taken_to_name_all_of_them_and_costs_no_more() {
    let open = route("open", "/act", &[Method::POST], Requirement::None);
    let routes = Routes::compile(vec![open, route("act", "/act", &[], Requirement::Once)], Requirement::None);
    let names: Vec<String> = (0..8_000).map(|number| format!("M{number}")).collect();
    let body = format!("_method={}", names.join(","));
    let target = Target::parse(b"/act").unwrap();
    with_head(&Method::POST, &target, &HeaderMap::new(), |head| {
        let view = read(FORM, body.as_bytes());
        assert!(Overrides::of(head, view).methods.len() < 10);
        assert_eq!(routes.land(head, view).enforced.len(), 2);
    });
}

#[test]
fn a_condition_is_found_out_once_for_all_readings_and_methods() {
    let pay = conditioned("pay", FieldName::Form("do".into()), "pay");
    let (target, method) = (Target::parse(b"/act").unwrap(), Method::POST);
    with_head(&method, &target, &HeaderMap::new(), |head| {
        let conditions = Conditions::of(head, read(FORM, b"do=pay"));
        let pattern = pay.matches.first().unwrap();
        for method in [Method::POST, Method::PUT] {
            let candidate = Candidate { conditions: &conditions, method: &method, hidden: false, path: "/act" };
            assert_eq!(candidate.matches(&pay, pattern), Condition::Yes);
        }
        assert_eq!(conditions.found_out(), 1);
    });
}

/// A value with a byte beyond ASCII was passed over whole, while Express takes the first name of it.
#[test]
fn an_override_counts_beside_bytes_that_are_no_text() {
    let open = route("open", "/act", &[Method::POST], Requirement::None);
    let routes = Routes::compile(vec![open, route("act", "/act", &[], Requirement::Once)], Requirement::None);
    for value in [&b"DELETE,\xe9"[..], b"\xe9,DELETE", "DELETE,\u{e9}".as_bytes()] {
        let value = HeaderValue::from_bytes(value).unwrap();
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-http-method-override"), value)]);
        assert_eq!(lands(&routes, Method::POST, "/act", &headers, read(FORM, b"a=b")), ["act", "open"]);
    }
}
