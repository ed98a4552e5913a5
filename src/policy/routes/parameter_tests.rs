//! Ways past a condition on a field: places where some framework takes a parameter from (docs/decisions/0030).

use http::{HeaderMap, HeaderValue, header};

use super::{
    bypasses::{FORM, conditioned, read},
    tests::{lands, route},
    *,
};
use crate::fields::FieldName;

const JSON: &str = "application/json";

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

/// A batch of JSON-RPC or GraphQL is a list of calls; Rails puts a list under a name of its own.
#[test]
fn a_list_around_a_document_or_in_it_hides_no_field() {
    let land = |pointer: &str, body: &str| {
        let routes =
            Routes::compile(vec![conditioned("pay", FieldName::Json(pointer.into()), "pay")], Requirement::None);
        lands(&routes, Method::POST, "/act", &HeaderMap::new(), read(JSON, body.as_bytes()))
    };
    for (pointer, body) in
        [("/op", r#"[{"op": "pay"}]"#), ("/op", r#"[[{"op": "pay"}]]"#), ("/a/b", r#"{"a": [{"b": "pay"}]}"#)]
    {
        assert_eq!(land(pointer, body), ["pay"], "{pointer} {body}");
    }
    assert!(land("/0/op", r#"[{"op": "look"}]"#).is_empty());
    let routes = Routes::compile(vec![conditioned("pay", FieldName::Query("do".into()), "pay")], Requirement::None);
    let batch = read(JSON, br#"[{"do": "pay"}]"#);
    assert_eq!(lands(&routes, Method::POST, "/act", &HeaderMap::new(), batch), ["pay"]);
}

/// A query opens nothing that a body may say otherwise, while it is not read.
#[test]
fn a_query_does_not_outweigh_a_body_that_was_not_read() {
    let look = |require| {
        let mut look = conditioned("look", FieldName::Query("do".into()), "look");
        look.require = require;
        look
    };
    for require in [Requirement::None, Requirement::Session] {
        let all = vec![look(require), route("act", "/act", &[], Requirement::Once)];
        let routes = Routes::compile(all, Requirement::None);
        let land = |content_type, body| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            lands(&routes, Method::POST, "/act?do=look", &headers, body)
        };
        assert_eq!(land(FORM, BodyView::Unread), ["act", "look"]);
        assert_eq!(land("image/png", BodyView::Unread), ["look"]);
        assert_eq!(land(FORM, read(FORM, b"x=y")), ["look"]);
        assert_eq!(land(FORM, read(FORM, b"do=pay")), ["act", "look"]);
        let alone = Routes::compile(vec![look(require)], Requirement::None);
        assert_eq!(lands(&alone, Method::POST, "/act?do=look", &HeaderMap::new(), BodyView::Unread), ["look"]);
        let default = Routes::compile(vec![look(require)], Requirement::Once);
        assert_eq!(
            lands(&default, Method::POST, "/act?do=look", &HeaderMap::new(), BodyView::Unread),
            ["default", "look"]
        );
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
