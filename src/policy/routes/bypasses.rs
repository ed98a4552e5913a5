//! Ways around a guarded route that were open once, or that an attacker would try first.

use http::{HeaderMap, HeaderValue, header};

use super::{
    tests::{get, lands, route},
    *,
};
use crate::{fields::FieldName, request::testing::with_head, target::Target};

const FORM: &str = "application/x-www-form-urlencoded";

fn conditioned(name: &str, field: FieldName, value: &str) -> Route {
    let mut route = route(name, "/act", &[], Requirement::Once);
    for pattern in &mut route.matches {
        pattern.fields = vec![(field.clone(), value.to_owned())];
    }
    route
}

fn read<'b>(content_type: &'b str, bytes: &'b [u8]) -> BodyView<'b> {
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

/// Rails merges every kind of body with the query; a server may begin the query at `;`; PHP without a configuration
/// takes cookies for parameters.
#[test]
fn a_condition_on_the_query_is_met_from_wherever_a_framework_reads_parameters() {
    let routes = Routes::compile(vec![conditioned("pay", FieldName::Query("do".into()), "pay")], Requirement::None);
    let post = |raw, body| lands(&routes, Method::POST, raw, &HeaderMap::new(), body);
    for body in [
        read("application/json", br#"{"do": "pay"}"#),
        read("application/json", br#"{"do": ["pay"]}"#),
        read("application/json", b"{"),
        read("multipart/mixed; boundary=b", b"--b\r\n"),
        read("multipart/related; boundary=b", b"--b\r\n"),
        read("application/xml", b"<do>pay</do>"),
        BodyView::Unread,
    ] {
        assert_eq!(post("/act", body), ["pay"], "{body:?}");
    }
    assert!(post("/act", read("application/json", br#"{"else": "pay", "in": {"do": "pay"}}"#)).is_empty());
    assert!(post("/act", read("image/png", b"\x89PNG")).is_empty());
    for (raw, cookie) in [("/act;do=pay", ""), ("/act;x=1;do=pay", ""), ("/act", "a=b; do=pay"), ("/act", "d%6f=pay")] {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]);
        assert_eq!(lands(&routes, Method::GET, raw, &headers, read(FORM, b"")), ["pay"], "{raw} {cookie}");
    }
    let harmless = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("do=look; pay=do"))]);
    assert!(lands(&routes, Method::GET, "/act;do=look", &harmless, read(FORM, b"")).is_empty());
}

#[test]
fn a_condition_on_a_form_is_met_from_a_cookie_and_behind_a_semicolon_too() {
    let routes = Routes::compile(vec![conditioned("pay", FieldName::Form("do".into()), "pay")], Requirement::None);
    let post = |cookie| {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]);
        lands(&routes, Method::POST, "/act", &headers, read(FORM, b"do=look"))
    };
    assert_eq!(post("a=b; do=pay"), ["pay"]);
    assert!(post("a=b; do=look; pay=do").is_empty());
    let behind = |raw| lands(&routes, Method::POST, raw, &HeaderMap::new(), read(FORM, b"x=y"));
    assert_eq!(behind("/act;do=pay"), ["pay"]);
    assert!(behind("/act;do=look;jsessionid=1").is_empty());
}

const JSON: &str = "application/json";

/// Rails, Laravel and helpers of Express look for what a document lacks in the query, and some for the query first.
#[test]
fn a_condition_on_json_is_met_from_wherever_a_framework_reads_parameters() {
    let land = |pointer: &str, raw: &str, body| {
        let pay = conditioned("pay", FieldName::Json(pointer.into()), "pay");
        lands(&Routes::compile(vec![pay], Requirement::None), Method::POST, raw, &HeaderMap::new(), body)
    };
    let op =
        "op=pay OP=pay o%70=pay op[]=pay op%5b%5d=pay op[x]=pay [op]=pay op]=pay x=1&op=pay x=1;op=pay op=look&op=pay";
    let deep = "a[b]=pay a%5Bb%5D=pay a.b=pay a[b][]=pay a[][b]=pay A[B]=pay [a][b]=pay a[b=pay a=pay x&a[b].c=pay";
    let list = "items[0][id]=pay items[][id]=pay items[7][id]=pay items[0].id=pay items.0.id=pay items[id]=pay \
                items%5B%5D%5Bid%5D=pay items[][id][]=pay items[0]=pay items[0]x[id]=pay items[0].x[id]=pay";
    for (pointer, spellings, document) in [
        ("/op", op, r#"{"op": "look"}"#),
        ("/a/b", deep, r#"{"a": {"b": "look"}}"#),
        ("/items/0/id", list, r#"{"items": [{"id": "look"}, {"id": "pay"}]}"#),
        ("/to_account", "to_account=pay toAccount=pay to.account=pay", r#"{"to_account": "look"}"#),
        ("/a~1b", "a/b=pay a%2Fb=pay", r#"{"a/b": "look"}"#),
    ] {
        assert!(land(pointer, "/act", read(JSON, document.as_bytes())).is_empty(), "{pointer}");
        for spelling in spellings.split(' ').filter(|spelling| !spelling.is_empty()) {
            for body in [b"".as_slice(), b"{}", b"[]", document.as_bytes()] {
                let raw = format!("/act?{spelling}");
                assert_eq!(land(pointer, &raw, read(JSON, body)), ["pay"], "{pointer} {raw} {body:?}");
            }
        }
    }
    assert_eq!(land("/op", "/act;op=pay", read(JSON, b"{}")), ["pay"]);
    assert_eq!(land("/op", "/act?op=pay", read("image/png", b"")), ["pay"]);
    for (pointer, query) in [
        ("/op", "op=look"),
        ("/op", "opx=pay&x=pay&user[op]=pay&page=2&utm[=x"),
        ("/a/b", "b=pay&a[c]=pay&a.c=pay&a_b=pay&a[b]=look"),
        ("/items/0/id", "id=pay&items[0][name]=pay&items[][name]=pay&items_id=pay&items[0][id]=look"),
    ] {
        let raw = format!("/act?{query}");
        for body in [b"".as_slice(), br#"{"op": "look", "a": {"b": "look"}, "items": [{"id": "look"}]}"#] {
            assert!(land(pointer, &raw, read(JSON, body)).is_empty(), "{pointer} {raw}");
        }
    }
}

/// A number in a name is a place in a list: qs closes the gaps, and many parsers take none.
#[test]
fn a_condition_on_a_place_of_a_list_is_met_however_a_form_counts() {
    for field in [FieldName::Form("items[0][id]".into()), FieldName::Query("items[0][id]".into())] {
        let routes = Routes::compile(vec![conditioned("pay", field, "pay")], Requirement::None);
        let post = |body: &str| lands(&routes, Method::POST, "/act", &HeaderMap::new(), read(FORM, body.as_bytes()));
        for body in ["items[0][id]=pay", "items[][id]=pay", "items[7][id]=pay", "items.1.id=pay"] {
            assert_eq!(post(body), ["pay"], "{body}");
        }
        assert!(post("items[0][name]=pay&id=pay&items[name]=pay").is_empty());
    }
}

/// A document and a query that say the same are certain, others are not: then what follows counts, too.
#[test]
fn an_exception_for_json_does_not_hold_where_a_framework_reads_another_value() {
    let mut look = conditioned("look", FieldName::Json("/op".into()), "look");
    look.require = Requirement::None;
    let routes = Routes::compile(vec![look, route("act", "/act", &[], Requirement::Once)], Requirement::None);
    let land = |raw: &str, cookie, body: &[u8]| {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookie))]);
        lands(&routes, Method::POST, raw, &headers, read(JSON, body))
    };
    let document = br#"{"op": "look"}"#;
    for raw in ["/act", "/act?op=look", "/act?x=pay", "/act;x=1?op=look"] {
        assert_eq!(land(raw, "a=b; op=look", document), ["look"], "{raw}");
    }
    for (raw, cookie) in [
        ("/act?op=pay", ""),
        ("/act?op[]=look", ""),
        ("/act;op=pay", ""),
        ("/act;op=pay?op=look", ""),
        ("/act", "op=pay"),
    ] {
        assert_eq!(land(raw, cookie, document), ["act", "look"], "{raw} {cookie}");
    }
    for body in [b"".as_slice(), b"{}", br#"{"op": "pay"}"#] {
        assert!(land("/act?op=look", "", body).contains(&"act".to_owned()), "{body:?}");
    }
}

/// The same sources cannot open an exception.
#[test]
fn an_exception_for_a_query_does_not_hold_where_a_framework_reads_another_value() {
    let mut look = conditioned("look", FieldName::Query("do".into()), "look");
    look.require = Requirement::None;
    let routes = Routes::compile(vec![look, route("act", "/act", &[], Requirement::Once)], Requirement::None);
    assert_eq!(lands(&routes, Method::GET, "/act?do=look", &HeaderMap::new(), read(FORM, b"")), ["look"]);
    let cookie = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("do=pay"))]);
    for (raw, headers) in [("/act;do=pay?do=look", HeaderMap::new()), ("/act?do=look", cookie)] {
        let landed = lands(&routes, Method::GET, raw, &headers, read(FORM, b""));
        assert!(landed.contains(&"act".to_owned()), "{raw}: {landed:?}");
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
