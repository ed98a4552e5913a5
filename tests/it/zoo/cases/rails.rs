//! What Rails alone takes: whatever stands after a dot for a format, and query, form and JSON for one set of
//! parameters.

use super::{Case, Class, head, post, targets};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Its router compares a path as it was written, with slashes squeezed; a format is everything but `/`, `.`, `?`.
pub(super) const FORMATS: [&str; 42] = [
    "/account/withdraw.csv",
    "/account/withdraw.anything",
    "/account/withdraw.CSV",
    "/account/withdraw.1",
    "/account/withdraw.-",
    "/account/withdraw.%63sv",
    "/account/withdraw.%20",
    "/account/withdraw.csv%20",
    "/account/withdraw.%2ejson",
    "/account/withdraw%2e.csv",
    "/account/withdraw.%2e",
    "/account/withdraw.x%2ey",
    "/account/withdraw.x%2fy",
    "/account/withdraw.%2f",
    "/account/withdraw.%5cx",
    "/account/withdraw.%2e%2e%2fx",
    "/account/withdraw.x%2f%2e%2e%2f%2e%2e%2fvault%2fpublic%2fx",
    "/account/withdraw.%252fx",
    "/account/withdraw.;",
    "/account/withdraw.;x=1",
    "/account/withdraw.csv;x=1",
    "/account/withdraw.csv;/",
    "/account/withdraw.php;x%2fy",
    "/account/withdraw.%3bx",
    "/account/withdraw.x%3fy",
    "/account/withdraw.csv%00",
    "/account/withdraw.%e6%97%a5",
    "/account/withdraw.%ef%bc%8ex",
    "/account/withdraw.(S(x))",
    "/account/withdraw.x&y=1",
    "/account/withdraw..csv",
    "/account/withdraw.a.b",
    "/account/withdraw.csv.",
    "/account/withdraw.csv/",
    "/account/withdraw.csv//",
    "//account//withdraw.csv//",
    "//account/withdraw.;x//",
    "/account/withdraw/.csv",
    "/account/withdraw.csv?x=.y",
    "http://{host}/account/withdraw.csv",
    "/vault/gold.public",
    "/vault/gold.%2f%2e%2e%2fpublic%2fx",
];

/// Endings for the handlers that look at more than the path.
const ENDINGS: [&str; 7] = [".csv", ".x%2fy", ".;x", ".csv/", ".%2e", "//", ";.csv"];

pub(super) fn cases() -> Vec<Case> {
    let formats = FORMATS.iter().flat_map(|spelling| targets::spelled(Class::Endings, spelling));
    formats.chain(endings()).chain(overrides()).chain(parameters()).chain(addresses()).collect()
}

/// The same behind a method, a query, a form and JSON.
fn endings() -> Vec<Case> {
    let mut cases = Vec::new();
    for ending in ENDINGS {
        cases.push(Case::raw(Class::Endings, post(&format!("/account/transfer{ending}"), FORM, "amount=1")));
        cases.push(Case::raw(Class::Endings, post(&format!("/account/order{ending}"), FORM, "amount=1")));
        cases.push(Case::raw(Class::Endings, head("DELETE", &format!("/account/close{ending}"), "")));
        cases.push(Case::raw(Class::Endings, head("GET", &format!("/menu{ending}?do=pay"), "")));
        cases.push(Case::raw(Class::Endings, post(&format!("/action{ending}"), FORM, "do=pay")));
        cases.push(Case::raw(Class::Endings, post(&format!("/rpc{ending}"), JSON, r#"{"op":"pay"}"#)));
    }
    cases
}

/// The method in the form, as Rails' own forms say it.
fn overrides() -> Vec<Case> {
    let mut cases = Vec::new();
    for value in ["DELETE", "delete", "Delete"] {
        for ending in ENDINGS {
            let target = format!("/account/close{ending}");
            cases.push(Case::raw(Class::Overrides, post(&target, FORM, &format!("_method={value}"))));
            let lines = format!("X-HTTP-Method-Override: {value}\r\nContent-Length: 0\r\n");
            cases.push(Case::raw(Class::Overrides, head("POST", &target, &lines)));
        }
        for body in [
            format!("utf8=%E2%9C%93&_method={value}&authenticity_token=x"),
            format!("x=1;_method={value}"),
            format!("x=1& _method={value}"),
            format!("_method={value};x=1"),
            format!("[_method]={value}"),
            format!("_method]={value}"),
        ] {
            cases.push(Case::raw(Class::Overrides, post("/account/close", FORM, &body)));
        }
    }
    cases
}

/// `params` holds query, form and JSON; where several have a name, the query's counts.
fn parameters() -> Vec<Case> {
    let mut cases = Vec::new();
    let pays = r#"{"do":"pay"}"#;
    for target in ["/menu", "/menu?do=look", "/menu?x=1;y=2", "/menu.csv", "/action", "/action?do=look", "/action.csv"]
    {
        for body in [
            pays,
            r#"{"\u0064o":"pay"}"#,
            r#"{"do":["pay"]}"#,
            r#"{"do":[null,"pay"]}"#,
            r#"{"do":"look","do":"pay"}"#,
            r#"/**/{"do":"pay"}"#,
        ] {
            cases.push(Case::raw(Class::Fields, post(target, JSON, body)));
        }
    }
    for content_type in [
        "text/x-json",
        "application/jsonrequest",
        "APPLICATION/JSON ; x=y",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/vnd.api+json",
    ] {
        cases.push(Case::raw(Class::Fields, post("/menu", content_type, pays)));
        cases.push(Case::raw(Class::Fields, post("/action", content_type, pays)));
        cases.push(Case::raw(Class::Fields, post("/rpc", content_type, r#"{"op":"pay"}"#)));
    }
    let part = "--b\r\nContent-Disposition: form-data; name=\"op\"\r\n\r\npay\r\n--b--\r\n";
    for (target, content_type, body) in [
        ("/action?do=pay", FORM, "do=look"),
        ("/action?do=pay", JSON, "{}"),
        ("/action?do=pay", JSON, r#"{"do":"look"}"#),
        ("/action?x=1;do=pay", FORM, "do=look"),
        ("/action", FORM, "x=1& do=pay"),
        ("/action", FORM, "x=1;  do=pay"),
        ("/rpc", FORM, "op=pay"),
        ("/rpc?op=pay", JSON, "{}"),
        ("/rpc?op=pay", JSON, r#"{"op":"look"}"#),
        ("/rpc?op=pay", FORM, ""),
        ("/rpc", FORM, "x=1;op=pay"),
        ("/rpc", "multipart/form-data; boundary=b", part),
    ] {
        cases.push(Case::raw(Class::Fields, post(target, content_type, body)));
    }
    for query in ["do=pay;", ";do=pay", ";;do=pay", "x;do=pay;y", "x=1%3bdo=pay", "x=1&;do=pay", "do%5b%5d=pay;x"] {
        cases.push(Case::raw(Class::Fields, head("GET", &format!("/menu?{query}"), "")));
    }
    let typed = format!("Content-Type: {JSON}\r\n");
    for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let whole = [head(method, "/menu", &format!("{typed}Content-Length: 12\r\n")), pays.into()].concat();
        let lines = format!("{typed}Transfer-Encoding: chunked\r\n");
        let chunked = [head(method, "/menu", &lines), b"c\r\n{\"do\":\"pay\"}\r\n0\r\n\r\n".to_vec()].concat();
        cases.extend([Case::raw(Class::Fields, whole), Case::raw(Class::Fields, chunked)]);
    }
    cases
}

/// `request.remote_ip` believes this one as well.
fn addresses() -> Vec<Case> {
    ["Client-IP", "Client_IP", "client.ip"]
        .iter()
        .map(|name| Case::raw(Class::Aliases, head("GET", "/told", &format!("{name}: 6.6.6.6\r\n"))))
        .collect()
}
