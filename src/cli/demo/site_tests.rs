//! Tests of the demo site by its router, without a socket.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use tower::ServiceExt;

use super::{
    accounts::PASSWORD,
    journal::Journal,
    site::{SESSION_COOKIE, router},
};

/// A browser with at most one cookie before a fresh site.
struct Visitor {
    site: Router,
    journal: Arc<Journal>,
    cookie: String,
}

impl Visitor {
    fn anonymous() -> Self {
        let journal = Arc::new(Journal::default());
        Self { site: router(Arc::clone(&journal)), journal, cookie: String::new() }
    }

    async fn budi() -> Self {
        let mut visitor = Self::anonymous();
        let answer = visitor.post("/login", &format!("username=budi&password={PASSWORD}")).await;
        let line = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        visitor.cookie = line.split(';').next().unwrap().to_owned();
        visitor
    }

    async fn send(&self, method: &str, target: &str, media_type: &str, body: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::COOKIE, &self.cookie)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.site.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, target: &str) -> Response {
        self.send("GET", target, "text/plain", "").await
    }

    async fn post(&self, target: &str, body: &str) -> Response {
        self.send("POST", target, "application/x-www-form-urlencoded", body).await
    }

    /// The hidden field of the wallet's form.
    async fn csrf(&self) -> String {
        let page = text(self.get("/wallet").await).await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

async fn text(answer: Response) -> String {
    String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_session_cookie_is_http_only_and_new_each_time() {
    let first = Visitor::budi().await;
    let answer = first.post("/login", &format!("username=budi&password={PASSWORD}")).await;
    let line = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(line.starts_with(SESSION_COOKIE) && line.contains("HttpOnly"), "{line}");
    assert!(!line.contains(&first.cookie), "{line}");
}

#[tokio::test]
async fn nobody_is_sent_to_the_log_in() {
    let visitor = Visitor::anonymous();
    for target in ["/", "/wallet", "/account"] {
        let answer = visitor.get(target).await;
        assert_eq!((answer.status(), answer.headers()["location"].to_str().unwrap()), (StatusCode::FOUND, "/login"));
    }
    let me = visitor.get("/api/me").await;
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(text(me).await, r#"{"user":null}"#);
}

#[tokio::test]
async fn the_api_names_the_player() {
    let me = text(Visitor::budi().await.get("/api/me").await).await;
    let me: serde_json::Value = serde_json::from_str(&me).unwrap();
    assert_eq!(me["user"]["id"], "1002");
    assert_eq!(me["user"]["phone"], "+6281200001002");
}

#[tokio::test]
async fn a_withdrawal_shows_and_journals_what_it_received() {
    let visitor = Visitor::budi().await;
    let body = format!("csrf={}&amount=1500000&destination=BCA+%3Cb%3E", visitor.csrf().await);
    let page = text(visitor.post("/wallet/withdraw", &body).await).await;
    assert!(page.contains("Rp 1500000 to BCA &#60;b&#62;"), "{page}");
    let received = visitor.journal.received("POST", "/wallet/withdraw");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, body.as_bytes());
}

#[tokio::test]
async fn a_form_without_its_hidden_value_is_refused() {
    let visitor = Visitor::budi().await;
    for target in ["/wallet/withdraw", "/account/password", "/account/phone", "/account/payment-method"] {
        let body = "csrf=guess&amount=1&destination=x&password=x&phone=x&payment_method=x";
        assert_eq!(visitor.post(target, body).await.status(), StatusCode::FORBIDDEN, "{target}");
    }
}

#[tokio::test]
async fn the_account_forms_change_the_account() {
    let visitor = Visitor::budi().await;
    let body = format!("csrf={}&phone=%2B628999", visitor.csrf().await);
    assert_eq!(visitor.post("/account/phone", &body).await.status(), StatusCode::FOUND);
    assert!(text(visitor.get("/account").await).await.contains("+628999"));
}

#[tokio::test]
async fn json_withdrawals_answer_what_they_received() {
    let visitor = Visitor::budi().await;
    let body = r#"{"amount":"25","destination":"BCA"}"#;
    let answer = text(visitor.send("POST", "/api/withdraw", "application/json", body).await).await;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["received"]["amount"], "25");
    assert_eq!(answer["balance"], 24_999_975);
}

#[tokio::test]
async fn a_session_ends_at_the_log_out() {
    let visitor = Visitor::budi().await;
    visitor.post("/logout", "").await;
    assert_eq!(visitor.get("/api/me").await.status(), StatusCode::UNAUTHORIZED);
}
