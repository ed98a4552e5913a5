//! `couriers:`.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use http::{HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::{Node, Report, raw};
use crate::config::Purpose;
use crate::courier::{
    MailSettings, Settings, SmsSettings,
    http::{self as http_courier, Body, MessageId, ToFormat},
    smtp::{self, Protection},
    template::{JsonTemplate, Template, UnknownPlace},
    twilio::{self, Sender},
};

const DEADLINE: Duration = Duration::from_secs(5);
const LONGEST_DEADLINE: Duration = Duration::from_secs(30);
const PLACES: &str = "one of: {to}, {text}, {id}, {receipt}";

impl Report<'_> {
    /// The couriers in file order.
    pub(super) fn couriers(&mut self, typed: Option<&raw::Couriers>, at: &Node) -> Settings {
        let Some(typed) = typed else { return Settings::default() };
        let (sms_at, mail_at) = (at.at("sms"), at.at("email"));
        let sms = typed.sms.iter().flatten().enumerate();
        let sms = sms.filter_map(|(index, one)| self.sms_courier(one, sms_at.item(index))).collect();
        let prices = typed.sms.iter().flatten().enumerate().filter_map(|(index, one)| {
            one.price.as_deref().and_then(|price| self.money(sms_at.item(index).at("price"), price))
        });
        let price = prices.max().unwrap_or_default();
        let mail: &[raw::MailCourier] = match &typed.email {
            None => &[],
            Some(raw::OneOrMany::One(one)) => std::slice::from_ref(one),
            Some(raw::OneOrMany::Many(many)) => many,
        };
        let mail = mail.iter().enumerate();
        let mail = mail.filter_map(|(index, one)| self.mail_courier(one, mail_at.item(index))).collect();
        Settings { sms, mail, price, ..Settings::default() }
    }

    fn sms_courier(&mut self, typed: &raw::SmsCourier, at: &Node) -> Option<SmsSettings> {
        match (&typed.http, &typed.twilio, &typed.outbox) {
            (Some(http), None, None) => self.http_courier(http, at.at("http")).map(SmsSettings::Http),
            (None, Some(twilio), None) => self.twilio(twilio, at.at("twilio")).map(SmsSettings::Twilio),
            (None, None, Some(_)) => self.outbox(at).then_some(SmsSettings::Outbox),
            _ => {
                self.push(at, "a courier for SMS is exactly one kind", "one of: http, twilio");
                None
            }
        }
    }

    fn mail_courier(&mut self, typed: &raw::MailCourier, at: &Node) -> Option<MailSettings> {
        match (&typed.smtp, &typed.outbox) {
            (Some(smtp), None) => self.smtp(smtp, at.at("smtp")).map(MailSettings::Smtp),
            (None, Some(_)) => self.outbox(at).then_some(MailSettings::Outbox),
            _ => {
                self.push(at, "a courier for mail is exactly one kind", "write `smtp:`");
                None
            }
        }
    }

    /// Decisions 30: whoever opens the inbox reads every code.
    fn outbox(&mut self, at: &Node) -> bool {
        if self.around.purpose != Purpose::Demo {
            let help = "it shows every code to everybody on this machine; use http, twilio or smtp";
            self.push(at.at("outbox"), "`outbox` is for `stepgate demo` alone", help);
        }
        self.around.purpose == Purpose::Demo
    }

    fn http_courier(&mut self, typed: &raw::HttpCourier, at: &Node) -> Option<http_courier::Settings> {
        let url = self.provider(at.at("url"), &typed.url);
        if typed.insecure_plain_http != Some(true) {
            let help = "use https, or set `insecure_plain_http: true` for a gateway in your own network";
            self.protected(at.at("url"), url.as_ref(), help);
        }
        let query = self.templates(typed.query.as_ref(), at.at("query"));
        let body = self.courier_body(typed, at);
        let method = self.courier_method(typed, at, matches!(body, Some(Body::Empty)));
        let (success_status, success_body) = self.courier_success(typed.success.as_ref(), at.at("success"));
        let message_id = typed.message_id.as_ref().and_then(|typed| self.message_id(typed, at.at("message_id")));
        let headers = self.courier_headers(typed.headers.as_ref(), at.at("headers"));
        let deadline = self.courier_deadline(at, typed.deadline.as_deref());
        let (query, body) = (query?, body?);
        for (place, says) in [("to", Template::says_to as fn(&Template) -> bool), ("text", Template::says_text)] {
            if !says_somewhere(&query, &body, says) {
                let help = "put it into `query`, `form` or `json`";
                self.push(at, format!("nothing of this request holds `{{{place}}}`"), help);
            }
        }
        Some(http_courier::Settings {
            url: url?,
            method: method?,
            headers,
            query,
            body,
            to_format: match typed.to_format {
                None | Some(raw::ToFormat::E164) => ToFormat::E164,
                Some(raw::ToFormat::Digits) => ToFormat::Digits,
            },
            success_status,
            success_body,
            message_id,
            deadline,
        })
    }

    fn provider(&mut self, at: &Node, typed: &str) -> Option<Url> {
        self.url(at, typed);
        Url::parse(typed).ok()
    }

    /// Reports an address without TLS, unless it is of this machine.
    fn protected(&mut self, at: &Node, url: Option<&Url>, help: &str) {
        if url.is_some_and(|url| url.scheme() == "http" && !is_this_machine(url)) {
            self.push(at, "codes would travel in the open", help);
        }
    }

    fn courier_method(&mut self, typed: &raw::HttpCourier, at: &Node, empty: bool) -> Option<Method> {
        let typed = typed.method.as_deref().unwrap_or("POST");
        match typed {
            "GET" if !empty => {
                self.push(at.at("method"), "a GET has no body", "use `query`, or POST");
                None
            }
            "GET" | "POST" | "PUT" => typed.parse().ok(),
            _ => {
                self.push(at.at("method"), format!("`{typed}` sends no message"), "one of: POST, GET, PUT");
                None
            }
        }
    }

    fn courier_body(&mut self, typed: &raw::HttpCourier, at: &Node) -> Option<Body> {
        match (&typed.form, &typed.json) {
            (None, None) => Some(Body::Empty),
            (Some(_), None) => self.templates(typed.form.as_ref(), at.at("form")).map(Body::Form),
            (None, Some(document)) => match JsonTemplate::parse(document) {
                Ok(document) => Some(Body::Json(document)),
                Err(unknown) => self.unknown_place(at.at("json"), &unknown),
            },
            (Some(_), Some(_)) => {
                self.push(at.at("json"), "a request has one body", "keep `form` or `json`");
                None
            }
        }
    }

    fn templates(&mut self, typed: Option<&BTreeMap<String, raw::Text>>, at: &Node) -> Option<Vec<(String, Template)>> {
        let mut templates = Vec::new();
        for (name, text) in typed.into_iter().flatten() {
            let template = match text {
                // What a file holds is taken as it stands.
                raw::Text::Secret(secret) => Template::fixed(self.secret(at.at(name), secret)?),
                raw::Text::Plain(text) => match Template::parse(text) {
                    Ok(template) => {
                        self.no_key(at.at(name), name);
                        template
                    }
                    Err(unknown) => return self.unknown_place(at.at(name), &unknown),
                },
            };
            templates.push((name.clone(), template));
        }
        Some(templates)
    }

    /// Reports a text in the open whose name says that it is a key.
    fn no_key(&mut self, at: &Node, name: &str) {
        let name = name.to_ascii_lowercase();
        let secret = ["authorization", "password", "passwd", "secret", "token", "apikey", "api_key", "api-key"];
        if secret.iter().any(|word| name.contains(word)) {
            self.push(at, "a secret stands in the open here", "write { file: … } or { env: … }");
        }
    }

    fn unknown_place<T>(&mut self, at: &Node, unknown: &UnknownPlace) -> Option<T> {
        self.push(at, unknown.to_string(), PLACES);
        None
    }

    fn courier_headers(
        &mut self,
        typed: Option<&BTreeMap<String, raw::Text>>,
        at: &Node,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::new();
        for (name, text) in typed.into_iter().flatten() {
            let place = at.at(name);
            match text {
                raw::Text::Plain(_) => self.no_key(place, name),
                raw::Text::Secret(_) => {}
            }
            let value = self.text(place, text);
            let Ok(name) = name.parse::<HeaderName>() else {
                self.push(place, format!("`{name}` is no header"), "letters, digits and dashes");
                continue;
            };
            let Ok(mut value) = HeaderValue::from_str(value.expose_secret()) else {
                self.push(place, "this is no value of a header", "one line of visible characters");
                continue;
            };
            value.set_sensitive(true);
            headers.push((name, value));
        }
        headers
    }

    fn courier_success(&mut self, typed: Option<&raw::CourierSuccess>, at: &Node) -> (Vec<u16>, Option<regex::Regex>) {
        let status = typed.and_then(|typed| typed.status.clone()).unwrap_or_else(|| vec![200, 201, 202]);
        if status.is_empty() || status.iter().any(|status| !(200..=299).contains(status)) {
            self.push(at.at("status"), "these statuses are no success", "name some of 200 to 299");
        }
        let body = typed.and_then(|typed| typed.body.as_deref());
        (status, body.and_then(|typed| self.search(at.at("body"), typed)))
    }

    fn message_id(&mut self, typed: &raw::MessageId, at: &Node) -> Option<MessageId> {
        match (&typed.json, &typed.regex) {
            (Some(pointer), None) => self.pointer(at.at("json"), pointer).then(|| MessageId::Json(pointer.clone())),
            (None, Some(typed)) => {
                let regex = self.search(at.at("regex"), typed)?;
                if regex.captures_len() != 2 {
                    self.push(at.at("regex"), "the expression needs exactly one group", "put the value into ( )");
                }
                Some(MessageId::Regex(regex))
            }
            _ => {
                self.push(at, "a message's name has exactly one place", "one of: json, regex");
                None
            }
        }
    }

    fn courier_deadline(&mut self, at: &Node, typed: Option<&str>) -> Duration {
        let deadline = self.duration(at, "deadline", typed, DEADLINE);
        if deadline.is_zero() || deadline > LONGEST_DEADLINE {
            self.push(at.at("deadline"), "`deadline` is at most 30s, and not 0s", "5s is usual: a player waits");
        }
        deadline
    }

    fn twilio(&mut self, typed: &raw::TwilioCourier, at: &Node) -> Option<twilio::Settings> {
        let sid = &typed.account_sid;
        if !sid.strip_prefix("AC").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit())) {
            self.push(at.at("account_sid"), "this is no account", "`AC` and 32 hexadecimal digits");
        }
        let sender = match (&typed.from, &typed.messaging_service_sid) {
            (Some(from), None) => Some(Sender::From(from.clone())),
            (None, Some(sid)) => Some(Sender::Service(sid.clone())),
            _ => {
                self.push(at, "exactly one sender is needed", "one of: from, messaging_service_sid");
                None
            }
        };
        let base = typed.base_url.as_deref().unwrap_or("https://api.twilio.com");
        let base_url = self.provider(at.at("base_url"), base);
        self.protected(at.at("base_url"), base_url.as_ref(), "use https");
        let auth_token = self.secret(at.at("auth_token"), &typed.auth_token);
        let deadline = self.courier_deadline(at, typed.deadline.as_deref());
        Some(twilio::Settings {
            account_sid: sid.clone(),
            auth_token: auth_token?,
            sender: sender?,
            base_url: base_url?,
            receipts: typed.receipts == Some(true),
            deadline,
        })
    }

    fn smtp(&mut self, typed: &raw::SmtpCourier, at: &Node) -> Option<smtp::Settings> {
        let (tls, port) = match typed.tls {
            None | Some(raw::SmtpTls::Starttls) => (Protection::Starttls, 587),
            Some(raw::SmtpTls::Implicit) => (Protection::Implicit, 465),
            Some(raw::SmtpTls::None) => (Protection::None, 25),
        };
        if tls == Protection::None && !is_loopback(&typed.server) {
            self.push(at.at("tls"), "mail would travel in the open", "use `starttls` or `implicit`");
        }
        let help = "a sender is written: Example Play <no-reply@play.example>";
        let from = self.parsed(at.at("from"), &typed.from, help);
        let ca = typed.ca_file.as_ref().and_then(|file| self.file(at.at("ca_file"), &self.path(file)));
        let deadline = self.courier_deadline(at, typed.deadline.as_deref());
        Some(smtp::Settings {
            server: typed.server.clone(),
            port: typed.port.unwrap_or(port),
            tls,
            ca: ca.map(String::into_bytes),
            login: self.mail_login(typed, at),
            from: from?,
            deadline,
        })
    }

    fn mail_login(&mut self, typed: &raw::SmtpCourier, at: &Node) -> Option<(String, SecretString)> {
        match (&typed.username, &typed.password) {
            (None, None) => None,
            (Some(name), Some(password)) => Some((name.clone(), self.secret(at.at("password"), password)?)),
            _ => {
                self.push(at, "a log-in needs `username` and `password`", "write both, or none");
                None
            }
        }
    }
}

fn says_somewhere(query: &[(String, Template)], body: &Body, says: fn(&Template) -> bool) -> bool {
    let in_body = match body {
        Body::Empty => false,
        Body::Form(fields) => fields.iter().any(|(_, template)| says(template)),
        Body::Json(document) => document.any(&says),
    };
    in_body || query.iter().any(|(_, template)| says(template))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_loopback(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
