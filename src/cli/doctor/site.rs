//! Asking the site's servers directly, as stepgate does, a bounded number of times.

use std::{cell::Cell, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::config::Config;

/// Requests of one run at most.
const MOST: u32 = 300;
/// For one request.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are looked at.
const LARGEST: usize = 256 << 10;

/// The site's servers.
pub(super) struct Site {
    client: reqwest::Client,
    /// Scheme and authority of each server.
    bases: Vec<(String, String)>,
    host: String,
    scheme: &'static str,
    asked: Cell<u32>,
    /// Whether requests that may change something are sent.
    pub(super) writes: bool,
}

/// An answer, as far as it tells pages apart.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// What it is without what changes from one answer to the next: status, type, where it leads.
    pub(super) fn kind(&self) -> (StatusCode, String, String) {
        let text = |name| self.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or("");
        let of = |text: &str, end: char| text.split(end).next().unwrap_or_default().to_owned();
        (self.status, of(text(header::CONTENT_TYPE), ';'), of(text(header::LOCATION), '?'))
    }
}

impl Site {
    /// The servers of a configuration; `None` where no client can be made for them.
    pub(super) fn of(config: &Config, writes: bool) -> Option<Self> {
        let upstream = &config.edge.upstream;
        let mut client = client();
        if let Some(file) = upstream.tls.as_ref().and_then(|tls| tls.ca_file.as_ref()) {
            for root in reqwest::Certificate::from_pem_bundle(&std::fs::read(file).ok()?).ok()? {
                client = client.add_root_certificate(root);
            }
        }
        let mut bases = Vec::new();
        for server in &upstream.servers {
            let Some(tls) = &upstream.tls else {
                bases.push((server.clone(), format!("http://{server}")));
                continue;
            };
            let name = tls.server_name.as_deref();
            let (host, port) = server.rsplit_once(':')?;
            if let Some((name, addresses)) = name.zip(std::net::ToSocketAddrs::to_socket_addrs(server).ok()) {
                client = client.resolve_to_addrs(name, &addresses.collect::<Vec<_>>());
            }
            bases.push((server.clone(), format!("https://{}:{port}", name.unwrap_or(host))));
        }
        let host = upstream.host_header.clone().or_else(|| config.site.hosts.first().cloned())?;
        let scheme = if config.site.secure { "https" } else { "http" };
        Some(Self { client: client.build().ok()?, bases, host, scheme, asked: Cell::new(0), writes })
    }

    /// Every server by its name in the configuration.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bases.iter().map(|(name, base)| (name.as_str(), base.as_str()))
    }

    /// The first server's answer; `None` where it gives none, or enough was asked.
    pub(super) async fn ask(&self, method: &Method, target: &str) -> Option<Answer> {
        let (_, base) = self.bases.first()?;
        self.ask_at(base, method, target, None).await
    }

    /// The first server's answer to a form.
    pub(super) async fn post(&self, target: &str, form: String) -> Option<Answer> {
        let (_, base) = self.bases.first()?;
        self.ask_at(base, &Method::POST, target, Some(form)).await
    }

    /// The answer at one of the bases, or at another address of the same server.
    pub(super) async fn ask_at(
        &self,
        base: &str,
        method: &Method,
        target: &str,
        form: Option<String>,
    ) -> Option<Answer> {
        let changes = !method.is_safe();
        if self.asked.get() >= MOST || (changes && !self.writes) {
            return None;
        }
        self.asked.set(self.asked.get() + 1);
        let mut request = self
            .client
            .request(method.clone(), format!("{base}{target}"))
            .header(header::HOST, &self.host)
            .header("x-forwarded-host", &self.host)
            .header("x-forwarded-proto", self.scheme)
            .header(header::ACCEPT, "text/html,application/json;q=0.9,*/*;q=0.8");
        if changes {
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ORIGIN, format!("{}://{}", self.scheme, self.host))
                .body(form.unwrap_or_default());
        }
        read(request.send().await.ok()?).await
    }
}

/// A client that follows nothing and waits for nobody.
pub(super) fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(DEADLINE)
}

/// An answer with the beginning of its body.
pub(super) async fn read(mut answer: reqwest::Response) -> Option<Answer> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.ok()? {
        body.extend_from_slice(&piece);
        if body.len() > LARGEST {
            break;
        }
    }
    Some(Answer { status, headers, body: body.into() })
}
