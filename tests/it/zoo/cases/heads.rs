//! Methods, hosts and headers.

use super::{Case, Class, head, post};

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn cases() -> Vec<Case> {
    [methods(), overrides(), hosts(), rerouting(), aliases(), upgrades(), cookies()].concat()
}

fn methods() -> Vec<Case> {
    let names = [
        "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "TRACK", "FOO", "PROPFIND", "SEARCH", "QUERY", "PURGE",
        "LINK", "MKCOL", "M-SEARCH", "post", "get", "Post", "GeT", "POST\t", "P%4fST", "GETX", "",
    ];
    let mut cases = Vec::new();
    for method in names {
        for target in ["/account/withdraw", "/account/transfer", "/account/order", "/vault/gold"] {
            cases.push(Case::raw(Class::Methods, head(method, target, "Content-Length: 0\r\n")));
        }
    }
    // A true preflight passes as nobody's (decision 21), so it is none of these; with a body it is not true.
    for target in ["/account/withdraw", "/account/transfer", "/account/order"] {
        let preflight = "Origin: https://other.example\r\nAccess-Control-Request-Method: POST\r\n";
        cases.push(Case::raw(
            Class::Methods,
            head("OPTIONS", target, &format!("{preflight}Content-Length: 8\r\n\r\namount=1")),
        ));
        for lines in [
            "Access-Control-Request-Method: POST\r\n",
            "Origin: https://other.example\r\n",
            "Cookie: session={session}\r\n",
            "",
        ] {
            cases.push(Case::raw(Class::Methods, head("OPTIONS", target, lines)));
        }
        let overridden = format!("{preflight}X-HTTP-Method-Override: POST\r\n");
        cases.push(Case::raw(Class::Methods, head("OPTIONS", target, &overridden)));
    }
    cases.push(Case::raw(Class::Methods, "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    cases.push(Case::raw(
        Class::Methods,
        "CONNECT /account/withdraw HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ));
    cases
        .push(Case::raw(Class::Methods, "GET /account/withdraw HTTP/1.2\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    cases
        .push(Case::raw(Class::Methods, "GET /account/withdraw HTTP/2.0\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    cases.push(Case::unfinished(Class::Methods, "GET /account/withdraw\r\n"));
    cases.push(Case::raw(
        Class::Methods,
        "\r\nGET /account/withdraw HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ));
    cases.push(Case::raw(
        Class::Methods,
        "GET  /account/withdraw  HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ));
    cases.push(Case::raw(
        Class::Methods,
        "GET\t/account/withdraw\tHTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ));
    cases.push(Case::raw(Class::Methods, "GET /account/withdraw HTTP/1.1\nHost: {host}\nConnection: close\n\n"));
    cases.push(Case::unfinished(Class::Methods, "GET /account/withdraw HTTP/1.0\r\n\r\n"));
    cases
}

/// `/account/close` is guarded for DELETE and open, by name, for POST.
fn overrides() -> Vec<Case> {
    let mut cases = Vec::new();
    let headers = [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X_HTTP_METHOD_OVERRIDE",
        "x.http.method.override",
    ];
    for (target, wanted) in [("/account/close", "DELETE"), ("/account/transfer", "POST"), ("/account/order", "POST")] {
        for value in
            [wanted, &wanted.to_lowercase(), &format!(" {wanted} "), &format!("{wanted},GET"), &format!("GET,{wanted}")]
        {
            for header in headers {
                for method in ["POST", "GET"] {
                    let lines = format!("{header}: {value}\r\nContent-Length: 0\r\n");
                    cases.push(Case::raw(Class::Overrides, head(method, target, &lines)));
                }
            }
            let value = value.trim();
            for name in ["_method", "_METHOD", "_m%65thod", "_method[]", "%5fmethod", " _method", "_method "] {
                let encoded = name.replace(' ', "+");
                cases.push(Case::raw(Class::Overrides, post(target, FORM, &format!("{encoded}={value}"))));
                cases.push(Case::raw(Class::Overrides, post(target, FORM, &format!("{encoded}=x&{encoded}={value}"))));
                cases.push(Case::raw(Class::Overrides, post(&format!("{target}?{encoded}={value}"), FORM, "a=b")));
                cases.push(Case::raw(Class::Overrides, head("GET", &format!("{target}?{encoded}={value}"), "")));
            }
            let part = format!("--b\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\n{value}\r\n--b--\r\n");
            cases.push(Case::raw(Class::Overrides, post(target, "multipart/form-data; boundary=b", &part)));
            let typeless = format!("Content-Length: {}\r\n\r\n_method={value}", value.len() + 8);
            let typeless = head("POST", target, &typeless);
            cases.push(Case::raw(Class::Overrides, typeless.strip_suffix(b"\r\n").unwrap()));
            cases.push(Case::raw(Class::Overrides, post(target, "text/plain", &format!("_method={value}"))));
            cases.push(Case::raw(
                Class::Overrides,
                post(target, "application/json", &format!("{{\"_method\":\"{value}\"}}")),
            ));
            cases.push(Case::raw(Class::Overrides, post(target, "application/json", &format!("_method={value}"))));
            let twice = format!("application/json\r\nContent-Type: {FORM}");
            cases.push(Case::raw(Class::Overrides, post(target, &twice, &format!("_method={value}"))));
        }
    }
    cases
}

fn hosts() -> Vec<Case> {
    let lines = [
        "Host: {host}:80\r\n",
        "Host: {host}.\r\n",
        "Host: other.example\r\n",
        "Host: \r\n",
        "Host: {host}\r\nHost: other.example\r\n",
        "Host: other.example\r\nHost: {host}\r\n",
        "Host: {host}, other.example\r\n",
        "Host: {host}/../x?y\r\n",
        "Host: {host}/account\r\n",
        "Host: user@{host}\r\n",
        "Host: {host}#x\r\n",
        "Host:{host}\r\n",
        "Host : {host}\r\n",
        " Host: {host}\r\n",
        "X: y\r\n Host: other.example\r\n",
        "hOsT: {host}\r\n",
        "Host: {host}\r\nX-Forwarded-Host: other.example\r\n",
        "Host: {host}\r\nX-Host: other.example\r\n",
        "X-Forwarded-Host: {host}\r\n",
        "",
        "Host: [::1]\r\n",
        "Host: LOCALHOST\r\n",
        "Host: 127.1\r\n",
    ];
    let write = |line: &&str| {
        [
            format!("GET /account/withdraw HTTP/1.1\r\n{line}Connection: close\r\n\r\n"),
            format!("GET /account/withdraw HTTP/1.0\r\n{line}\r\n"),
            format!("GET http://other.example/account/withdraw HTTP/1.1\r\n{line}Connection: close\r\n\r\n"),
        ]
    };
    lines.iter().flat_map(write).map(|bytes| Case::raw(Class::Hosts, bytes)).collect()
}

/// Headers by which some server takes another target, or believes what a client says of itself.
fn rerouting() -> Vec<Case> {
    let mut cases = Vec::new();
    for header in [
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Original-URI",
        "X-Override-URL",
        "X-Forwarded-URI",
        "X-Forwarded-Path",
        "X-Forwarded-Prefix",
        "X-Script-Name",
        "Script-Name",
        "X-Original-Method",
        "X_ORIGINAL_URL",
        "X.Original.URL",
        "X-Accel-Redirect",
        "X-Sendfile",
        "Destination",
        "Location",
    ] {
        for (target, value) in
            [("/", "/account/withdraw"), ("/withdraw", "/account"), ("/vault/public/x", "/vault/gold")]
        {
            cases.push(Case::raw(Class::Rerouting, head("GET", target, &format!("{header}: {value}\r\n"))));
            let lines = format!("{header}: {value}\r\nContent-Length: 0\r\n");
            cases.push(Case::raw(Class::Rerouting, head("POST", target, &lines)));
        }
    }
    for header in ["X-Forwarded-For", "X-Real-IP", "X-Forwarded-Server", "Forwarded", "Client-IP", "True-Client-IP"] {
        for address in ["127.0.0.1", "10.0.0.1", "127.0.0.1, 127.0.0.1"] {
            cases.push(Case::raw(
                Class::Rerouting,
                head("GET", "/account/withdraw", &format!("{header}: {address}\r\n")),
            ));
        }
    }
    for nominated in ["Cookie", "Host", "X-Forwarded-For", "Content-Length", "Authorization", "close, Cookie"] {
        let lines = format!("Connection: {nominated}\r\nCookie: session=x\r\n");
        cases.push(Case::raw(Class::Rerouting, head("GET", "/account/withdraw", &lines)));
    }
    for agent in ["GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "stepgate"] {
        cases.push(Case::raw(Class::Rerouting, head("GET", "/account/withdraw", &format!("User-Agent: {agent}\r\n"))));
    }
    cases
}

/// Spellings of a header that only the gateway may say; `/told` runs where the site believes one.
fn aliases() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "Stepgate-Assertion",
        "stepgate-assertion",
        "STEPGATE-ASSERTION",
        "Stepgate_Assertion",
        "stepgate_assertion",
        "Stepgate.Assertion",
        "Stepgate~Assertion",
        "Stepgate-Assertion ",
        "Stepgate Assertion",
        "Stepgate+Assertion",
        "Stepgate!Assertion",
        "Stepgate'Assertion",
        "HTTP_STEPGATE_ASSERTION",
        "HTTP-STEPGATE-ASSERTION",
    ] {
        cases.push(Case::raw(Class::Aliases, head("GET", "/told", &format!("{name}: forged\r\n"))));
        cases.push(Case::raw(Class::Aliases, head("GET", "/told", &format!("{name}: a\r\n{name}: forged\r\n"))));
        cases.push(Case::raw(
            Class::Aliases,
            head("GET", "/told", &format!("Connection: {name}\r\n{name}: forged\r\n")),
        ));
    }
    for name in [
        "X-Forwarded-For",
        "X_Forwarded_For",
        "X.Forwarded.For",
        "X~Forwarded~For",
        "x_forwarded-for",
        "X+Forwarded+For",
    ] {
        cases.push(Case::raw(Class::Aliases, head("GET", "/told", &format!("{name}: 6.6.6.6\r\n"))));
    }
    for name in ["X-Real-IP", "X_Real_IP", "X.Real.IP", "X!Real!IP", "X'Real'IP"] {
        cases.push(Case::raw(Class::Aliases, head("GET", "/told", &format!("{name}: 6.6.6.6\r\n"))));
    }
    cases.push(Case::raw(Class::Aliases, head("GET", "/told", "X-A: b\r\n Stepgate-Assertion: forged\r\n")));
    cases.push(Case::raw(Class::Aliases, head("GET", "/told", "X-A: b\rStepgate-Assertion: forged\r\n")));
    cases.push(Case::raw(Class::Aliases, head("GET", "/told", "X-A: b\nStepgate-Assertion: forged\r\n")));
    cases
}

fn upgrades() -> Vec<Case> {
    let second = "GET /account/withdraw HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    let socket = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let mut cases = Vec::new();
    for target in ["/account/withdraw", "/vault/gold"] {
        for lines in
            [socket, "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", "Upgrade: foo\r\n", "Upgrade: TLS/1.0\r\n"]
        {
            for connection in ["Upgrade", "upgrade, HTTP2-Settings", "keep-alive, Upgrade"] {
                let bytes =
                    format!("GET {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: {connection}\r\n{lines}\r\n");
                cases.push(Case::unfinished(Class::Upgrades, bytes));
            }
        }
    }
    for lines in [
        socket,
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Upgrade: websocket\r\nSec-WebSocket-Version: 99\r\n",
    ] {
        for target in ["/", "/public"] {
            let bytes =
                format!("GET {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: Upgrade\r\n{lines}\r\n{second}");
            cases.push(Case::unfinished(Class::Upgrades, bytes));
            let length = second.len();
            let bytes = format!(
                "POST {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: Upgrade\r\n{lines}Content-Length: {length}\r\n\r\n{second}"
            );
            cases.push(Case::unfinished(Class::Upgrades, bytes));
        }
    }
    cases.push(Case::unfinished(Class::Upgrades, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"));
    cases
}

/// `/account/open` runs for `victim`; the session in front of it is a good one of somebody else.
fn cookies() -> Vec<Case> {
    let values = [
        "session={session}; session=victim",
        "session=victim; session={session}",
        "session={session};session=victim",
        "session={session}, session=victim",
        "session={session}\r\nCookie: session=victim",
        "session=victim\r\nCookie: session={session}",
        "session={session}; Session=victim",
        "session={session}; %73ession=victim",
        "%73ession=victim; session={session}",
        "session={session}; session =victim",
        "session={session}; session\t=victim",
        "session={session}; session=\"victim\"",
        "session={session}; session=\"vic\\164im\"",
        "session={session}; session=vic%74im",
        "session=\"{session}\"; session=victim",
        "session={session}; $Version=1; session=victim",
        "$Version=1; session=victim; session={session}",
        "a=\"x; session=victim; b=\"; session={session}",
        "session={session}; a=\"; session=victim; \"",
        "session=victim,session={session}",
        "session=victim\\; session={session}",
        "session={session}; session[]=victim",
        "session={session}; session[0]=victim",
        "session={session}\u{a0}; session=victim",
        "session={session}; \u{a0}session=victim",
        "session={session}; \u{feff}session=victim",
        "x; session=victim; session={session}",
        "=session=victim; session={session}",
        "session={session}; =session=victim",
        "session={session}\tsession=victim",
        "session={session} ; session=victim",
        "session={session};;session=victim",
        "session={session}; session\0=victim",
    ];
    let mut cases = Vec::new();
    for value in values {
        cases.push(Case::raw(Class::Cookies, head("GET", "/account/open", &format!("Cookie: {value}\r\n"))));
        let crumbs: Vec<(&str, &str)> = value.split("; ").map(|crumb| ("cookie", crumb)).collect();
        let head = [(":method", "GET"), (":scheme", "https"), (":authority", "{host}"), (":path", "/account/open")];
        if !value.contains("\r\n") {
            cases.push(Case::http2(Class::Cookies, &[&head[..], &crumbs].concat(), b""));
        }
    }
    cases.push(Case::raw(Class::Cookies, head("GET", "/account/open?session=victim", "Cookie: session={session}\r\n")));
    cases.push(Case::raw(Class::Cookies, head("GET", "/account/open;session=victim", "Cookie: session={session}\r\n")));
    cases.push(Case::raw(
        Class::Cookies,
        head("GET", "/account/open", "Cookie_: session=victim\r\nCookie: session={session}\r\n"),
    ));
    cases
}
