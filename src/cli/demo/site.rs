//! The demo site: a small web shop-like site with a log-in, a wallet and an account page. It knows
//! nothing of second factors.

use std::{
    future::{Future, IntoFuture},
    io,
    sync::Arc,
};

use axum::{
    Form, Json, Router,
    extract::{Query, State, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    accounts::{Account, Accounts, Session},
    journal::{self, Journal},
    pages,
};

/// The cookie by which the site knows its players: 22 characters, opaque.
pub const SESSION_COOKIE: &str = "demo_session";

/// What every handler may use.
#[derive(Clone)]
pub(super) struct Site {
    accounts: Arc<Accounts>,
    pub(super) journal: Arc<Journal>,
}

/// The whole site, with fresh accounts and no sessions; every request it gets is in `journal`.
pub fn router(journal: Arc<Journal>) -> Router {
    let site = Site { accounts: Arc::new(Accounts::default()), journal };
    Router::new()
        .route("/", get(wallet))
        .route("/wallet", get(wallet))
        .route("/wallet/withdraw", post(withdraw))
        .route("/account", get(account))
        .route("/account/password", post(change_password))
        .route("/account/phone", post(change_phone))
        .route("/account/payment-method", post(change_payment_method))
        .route("/login", get(log_in_page).post(log_in))
        .route("/forgot", get(forgot_page).post(forgot))
        .route("/reset", get(reset_page).post(reset))
        .route("/logout", post(log_out))
        .route("/api/me", get(me))
        .route("/api/withdraw", post(api_withdraw))
        .route("/ws", get(socket))
        .route("/events", get(events))
        .route("/assets/site.css", get(|| async { asset("text/css", pages::CSS) }))
        .route("/assets/site.js", get(|| async { asset("text/javascript", pages::SCRIPT) }))
        .layer(middleware::from_fn_with_state(site.clone(), journal::record))
        .with_state(site)
}

/// Serves the site until the future is dropped.
///
/// # Errors
/// When the listener fails.
pub fn serve(listener: TcpListener, journal: Arc<Journal>) -> impl Future<Output = io::Result<()>> + Send {
    axum::serve(listener, router(journal)).into_future()
}

/// The value of the session cookie; of the first, where there are several.
fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value)
}

impl Site {
    fn session(&self, headers: &HeaderMap) -> Option<(Session, Account)> {
        self.accounts.session(session_cookie(headers)?)
    }

    /// The session of a form post: nobody is sent to the log-in, a wrong `csrf` field is refused.
    fn posted(&self, headers: &HeaderMap, csrf: &str) -> Result<Account, Response> {
        let Some((session, account)) = self.session(headers) else {
            return Err(to("/login"));
        };
        if session.csrf != csrf {
            return Err(pages::refusal(StatusCode::FORBIDDEN, "This form is out of date. Open the page again."));
        }
        Ok(account)
    }
}

/// 302, as most sites answer a form.
fn to(path: &'static str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, path)]).into_response()
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "max-age=3600")], text)
}

async fn log_in_page() -> Response {
    pages::log_in(false)
}

#[derive(Deserialize)]
struct LogIn {
    username: String,
    password: String,
}

async fn log_in(State(site): State<Site>, Form(sent): Form<LogIn>) -> Response {
    let Some(value) = site.accounts.log_in(&sent.username, &sent.password) else {
        return pages::log_in(true);
    };
    logged_in(&value)
}

fn logged_in(session: &str) -> Response {
    let cookie = format!("{SESSION_COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], to("/wallet")).into_response()
}

async fn forgot_page() -> Response {
    pages::forgot()
}

#[derive(Deserialize)]
struct Forgot {
    username: String,
}

/// A name that nobody has gets a link too, and one that does nothing: nobody learns who plays here.
async fn forgot(State(site): State<Site>, Form(sent): Form<Forgot>) -> Response {
    let token = site.accounts.begin_reset(&sent.username).unwrap_or_else(crate::secret::public_id);
    pages::forgotten(&token)
}

#[derive(Deserialize)]
struct Link {
    token: String,
}

async fn reset_page(Query(link): Query<Link>) -> Response {
    pages::reset(&link.token)
}

#[derive(Deserialize)]
struct Reset {
    token: String,
    password: String,
}

/// Logs the player in at once, as many sites do.
async fn reset(State(site): State<Site>, Form(sent): Form<Reset>) -> Response {
    match site.accounts.finish_reset(&sent.token, sent.password) {
        Some(session) => logged_in(&session),
        None => pages::refusal(StatusCode::FORBIDDEN, "This link was used or is unknown."),
    }
}

async fn log_out(State(site): State<Site>, headers: HeaderMap) -> Response {
    if let Some(value) = session_cookie(&headers) {
        site.accounts.log_out(value);
    }
    let cookie = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], to("/login")).into_response()
}

async fn wallet(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.session(&headers) {
        Some((session, account)) => pages::wallet(&session, &account),
        None => to("/login"),
    }
}

#[derive(Deserialize)]
struct Withdrawal {
    csrf: String,
    amount: String,
    destination: String,
}

async fn withdraw(State(site): State<Site>, headers: HeaderMap, Form(sent): Form<Withdrawal>) -> Response {
    let account = match site.posted(&headers, &sent.csrf) {
        Ok(account) => account,
        Err(refusal) => return refusal,
    };
    let Ok(amount) = sent.amount.parse() else {
        return pages::refusal(StatusCode::BAD_REQUEST, "The amount must be a whole number.");
    };
    match site.accounts.withdraw(account.id, amount) {
        Some(balance) => pages::withdrawn(amount, &sent.destination, balance),
        None => pages::refusal(StatusCode::CONFLICT, "There is not that much in the wallet."),
    }
}

async fn account(State(site): State<Site>, headers: HeaderMap) -> Response {
    match site.session(&headers) {
        Some((session, account)) => pages::account(&session, &account),
        None => to("/login"),
    }
}

#[derive(Deserialize)]
struct NewPassword {
    csrf: String,
    password: String,
}

async fn change_password(State(site): State<Site>, headers: HeaderMap, Form(sent): Form<NewPassword>) -> Response {
    match site.posted(&headers, &sent.csrf) {
        Ok(account) => site.accounts.set_password(account.id, sent.password),
        Err(refusal) => return refusal,
    }
    to("/account")
}

#[derive(Deserialize)]
struct NewPhone {
    csrf: String,
    phone: String,
}

async fn change_phone(State(site): State<Site>, headers: HeaderMap, Form(sent): Form<NewPhone>) -> Response {
    match site.posted(&headers, &sent.csrf) {
        Ok(account) => site.accounts.set_phone(account.id, sent.phone),
        Err(refusal) => return refusal,
    }
    to("/account")
}

#[derive(Deserialize)]
struct NewPaymentMethod {
    csrf: String,
    payment_method: String,
}

async fn change_payment_method(
    State(site): State<Site>,
    headers: HeaderMap,
    Form(sent): Form<NewPaymentMethod>,
) -> Response {
    match site.posted(&headers, &sent.csrf) {
        Ok(account) => site.accounts.set_payment_method(account.id, sent.payment_method),
        Err(refusal) => return refusal,
    }
    to("/account")
}

/// `{"user": {"id", "name", "phone"}}`, or `{"user": null}` with 401.
async fn me(State(site): State<Site>, headers: HeaderMap) -> Response {
    let Some((_, account)) = site.session(&headers) else {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "user": null }))).into_response();
    };
    let user = json!({
        "id": account.id, "name": account.name, "phone": account.phone, "phone_since": account.phone_since,
        "email": account.email,
    });
    Json(json!({ "user": user })).into_response()
}

#[derive(Deserialize)]
struct ApiWithdrawal {
    /// Digits, as the form's field.
    amount: String,
    destination: String,
}

/// The JSON media type is the check against cross-site posts here: a form cannot send it.
async fn api_withdraw(State(site): State<Site>, headers: HeaderMap, Json(sent): Json<ApiWithdrawal>) -> Response {
    let Some((_, account)) = site.session(&headers) else {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "log in first" }))).into_response();
    };
    let Ok(amount) = sent.amount.parse::<u64>() else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "amount must be digits" }))).into_response();
    };
    let Some(balance) = site.accounts.withdraw(account.id, amount) else {
        return (StatusCode::CONFLICT, Json(json!({ "error": "not that much in the wallet" }))).into_response();
    };
    let received = json!({ "amount": sent.amount, "destination": sent.destination });
    Json(json!({ "received": received, "balance": balance })).into_response()
}

/// Echoes every message until the other side closes.
async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// Three events and the end, so that a client sees a whole stream at once.
async fn events() -> impl IntoResponse {
    let ticks: String = (1..=3).map(|tick| format!("event: tick\ndata: {tick}\n\n")).collect();
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")], ticks)
}
