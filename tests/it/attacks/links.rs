//! Every page of ours, and every address that stands in it (security.md REQ-17): none has a secret.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::json;

use crate::kit::{Answer, AuthenticatorApp, Sender, TestGate, eventually};

const FORM: &str = "application/x-www-form-urlencoded";
/// Pages at most.
const MOST: usize = 100;
/// What may stand behind a question mark on a page of ours, by name.
const PARAMETERS: [&str; 5] = ["done", "for", "method", "place", "show"];

/// A player's browser that goes wherever a page leads.
struct Walk {
    sender: Sender,
    jar: BTreeMap<String, String>,
    /// Each address with the page that it stood on.
    links: Vec<(String, String)>,
    pages: BTreeSet<String>,
    secrets: Vec<(&'static str, String)>,
}

impl Walk {
    fn cookies(&self) -> String {
        let pairs: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn get(&mut self, target: &str) -> Answer {
        let cookies = self.cookies();
        let lines = [("cookie", &*cookies), ("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        let answer = self.sender.send("GET", target, &lines, "").await;
        self.look(target, &answer);
        answer
    }

    async fn post(&mut self, target: &str, body: &str) -> Answer {
        let (cookies, base) = (self.cookies(), self.sender.base.clone());
        let lines = [("cookie", &*cookies), ("origin", &base), ("content-type", FORM), ("accept", "text/html")];
        let answer = self.sender.send("POST", target, &lines, body).await;
        self.look(target, &answer);
        answer
    }

    /// Keeps what an answer sets, and every address in it.
    fn look(&mut self, target: &str, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
            if value.len() > 8 {
                self.secrets.push(("cookie", value.to_owned()));
            }
        }
        for name in ["location", "link", "refresh", "content-location"] {
            let lines = answer.headers.get_all(name).iter();
            self.links.extend(lines.map(|line| (target.to_owned(), line.to_str().unwrap().to_owned())));
        }
        for mark in [" href=\"", " action=\"", " formaction=\"", " src=\"", " content=\""] {
            let found = answer.body.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap());
            self.links.extend(found.map(|link| (target.to_owned(), link.replace("&#38;", "&").replace("&amp;", "&"))));
        }
        self.pages.insert(target.split('?').next().unwrap().to_owned());
    }

    /// Opens every page that the addresses so far lead to, and those that these lead to.
    async fn follow(&mut self) {
        let mut seen = BTreeSet::new();
        loop {
            let ahead = self.links.iter().map(|(_, link)| link.clone());
            let ahead = ahead.filter(|link| link.starts_with("/.stepgate/") && !link.contains("/send"));
            let mut next: VecDeque<String> = ahead.filter(|link| !seen.contains(link)).collect();
            let Some(target) = next.pop_front() else { return };
            assert!(seen.len() < MOST, "{seen:?}");
            seen.insert(target.clone());
            self.get(&target).await;
        }
    }

    /// Asks for a guarded request; the page of its challenge.
    async fn challenge(&mut self, target: &str, body: Option<&str>) -> String {
        let asked = match body {
            None => self.get(target).await,
            Some(body) => self.post(target, body).await,
        };
        assert_eq!(asked.status, 303, "{}", asked.body);
        asked.headers["location"].to_str().unwrap().to_owned()
    }

    fn hidden(&mut self, page: &Answer) -> String {
        let (_, after) =
            page.body.split_once("name=\"stepgate_resume\" value=\"").unwrap_or_else(|| panic!("{}", page.body));
        let token = after.split('"').next().unwrap().to_owned();
        self.secrets.push(("resume token", token.clone()));
        token
    }

    /// An app, by pages; its code is of the step before.
    async fn enrol(&mut self) -> AuthenticatorApp {
        self.get("/.stepgate/settings/enrol").await;
        let begun = self.post("/.stepgate/settings/enrol", "method=app&place=&number=&support_code=&for=").await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        let step = begun.headers["location"].to_str().unwrap().to_owned();
        let shown = self.get(&step).await;
        let (_, key) = shown.body.split_once("<code class=\"k\"").unwrap_or_else(|| panic!("{}", shown.body));
        let key = key.split_once('>').unwrap().1.split_once('<').unwrap().0.replace(' ', "");
        self.secrets.push(("seed", key.clone()));
        let app = AuthenticatorApp::holding(&key);
        self.follow().await;
        let session = self.cookies();
        let id = step.rsplit('/').next().unwrap();
        let confirm = format!("/.stepgate/api/enrolments/{id}/confirm");
        let code = json!({ "code": app.previous_code().await });
        let confirmed = self.sender.call(&confirm, &session, &code).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.body);
        for code in confirmed.json()["backup_codes"].as_array().unwrap() {
            self.secrets.push(("backup code", code.as_str().unwrap().to_owned()));
        }
        app
    }
}

#[tokio::test]
async fn no_address_on_any_page_has_a_secret() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let (name, value) = session.split_once('=').unwrap();
    let mut walk = Walk {
        sender,
        jar: [(name.to_owned(), value.to_owned())].into(),
        links: Vec::new(),
        pages: BTreeSet::new(),
        secrets: vec![("session", value.to_owned())],
    };
    walk.get("/.stepgate/settings").await;
    let app = walk.enrol().await;

    // A challenge of each kind of request, and one after a wrong code; a form that goes on.
    let page = walk.challenge("/account/payment-method", Some("method=x")).await;
    walk.get(&page).await;
    walk.post(&page, "method=app&code=000000").await;
    let page = walk.challenge("/wallet/withdraw", Some("amount=5&destination=BCA")).await;
    walk.get(&page).await;
    let confirmed = walk.post(&page, &format!("method=app&code={}", app.code())).await;
    let token = walk.hidden(&confirmed);
    walk.post("/wallet/withdraw", &format!("stepgate_resume={token}")).await;
    let page = walk.challenge("/account", None).await;
    let opened = walk.post(&page, &format!("method=app&code={}&remember=1", app.next_code())).await;
    assert_eq!(opened.status, 303, "{}", opened.body);
    // A change of the account asks by its own page.
    walk.post("/.stepgate/settings/change", "change=backup-codes").await;
    for page in ["again", "recover", "settings/enrol?place=all", "settings?done=factor-added"] {
        walk.get(&format!("/.stepgate/{page}")).await;
    }
    walk.follow().await;

    // The one address that is a secret: what it leads to has it in no other.
    let link = eventually("a notice with its link", async || {
        let texts = gate.provider.asked().iter().map(|asked| asked.json()["text"].to_string()).collect::<Vec<_>>();
        texts.iter().find_map(|text| Some(text.split_once("freeze?t=")?.1.chars().take(43).collect::<String>()))
    })
    .await;
    walk.secrets.push(("freeze link", link.clone()));
    for page in ["freeze", "cancel-reset"] {
        walk.get(&format!("/.stepgate/{page}?t={link}")).await;
    }
    walk.post("/.stepgate/freeze", &format!("t={link}")).await;
    walk.get("/.stepgate/settings").await;

    assert!(walk.pages.len() > 15 && walk.links.len() > 60, "{} links on {:?}", walk.links.len(), walk.pages);
    for (page, link) in &walk.links {
        for (what, secret) in &walk.secrets {
            // The address that opens the app on the player's own phone is the key itself.
            if link.starts_with("otpauth://") && *what == "seed" {
                continue;
            }
            assert!(!link.contains(secret), "a {what} stands in an address on {page}: {link}");
        }
        let Some((path, query)) = link.split_once('?').filter(|(path, _)| path.starts_with("/.stepgate")) else {
            continue;
        };
        for pair in query.split('&') {
            let name = pair.split('=').next().unwrap();
            assert!(PARAMETERS.contains(&name), "{name} behind {path}, on {page}");
        }
    }
}
