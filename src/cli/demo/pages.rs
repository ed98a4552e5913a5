//! The demo site's pages. Every value in them is escaped by the template engine.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::accounts::{Account, Session};

/// The style sheet, served as `/assets/site.css`.
pub(super) const CSS: &str = include_str!("site.css");

/// The script of the API button, served as `/assets/site.js`.
pub(super) const SCRIPT: &str = include_str!("site.js");

/// As strict as a site that takes care: scripts and styles are files of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - Demo Play</title>
<link rel="stylesheet" href="/assets/site.css">
</head>
<body>
<header><strong>Demo Play</strong>
{% if signed_in %}<nav><a href="/wallet">Wallet</a> <a href="/account">Account</a></nav>
<form method="post" action="/logout"><button class="plain" type="submit">Log out</button></form>{% endif %}
</header>
<main>
<h1>{{ title }}</h1>
{{ content|safe }}
</main>
</body>
</html>
"#
)]
struct Shell<'a> {
    title: &'a str,
    signed_in: bool,
    /// HTML that another template has rendered, and so escaped.
    content: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% if refused %}<p class="error" role="alert">That user name and password do not fit together.</p>{% endif %}
<form method="post" action="/login">
<label>User name <input name="username" autocomplete="username" autocapitalize="none" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Log in</button>
</form>
<p><a href="/forgot">Forgot your password?</a></p>
<p>Try <code>ayu</code>, <code>budi</code> or <code>citra</code> with the password <code>demo-password</code>.</p>
"#
)]
struct LogIn {
    refused: bool,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<form method="post" action="/forgot">
<label>User name <input name="username" autocomplete="username" autocapitalize="none" required></label>
<button type="submit">Send me a link</button>
</form>
"#
)]
struct Forgot;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p>A real site mails this link to the player.</p>
<p><a href="/reset?token={{ token }}">Choose a new password</a></p>
"#
)]
struct Forgotten<'a> {
    token: &'a str,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<form method="post" action="/reset">
<input type="hidden" name="token" value="{{ token }}">
<label>New password <input name="password" type="password" autocomplete="new-password" required></label>
<button type="submit">Set password</button>
</form>
"#
)]
struct Reset<'a> {
    token: &'a str,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p>Hello {{ account.name }}.</p>
<p class="balance">Rp {{ account.balance }}</p>
<form id="withdraw" method="post" action="/wallet/withdraw">
<input type="hidden" name="csrf" value="{{ session.csrf }}">
<label>Amount <input name="amount" inputmode="numeric" value="1500000" required></label>
<label>Destination <input name="destination" value="{{ account.payment_method }}" required></label>
<button type="submit">Withdraw</button>
</form>
<h2>The same as JSON</h2>
<form id="api">
<label>Amount <input name="amount" inputmode="numeric" value="1500000" required></label>
<label>Destination <input name="destination" value="{{ account.payment_method }}" required></label>
<button id="api-withdraw" class="plain">Withdraw through the API</button>
</form>
<pre id="api-answer" role="status"></pre>
<script src="/.stepgate/client.js"></script>
<script src="/assets/site.js"></script>
"#
)]
struct Wallet<'a> {
    account: &'a Account,
    session: &'a Session,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p id="received">Received: Rp {{ amount }} to {{ destination }}</p>
<p class="balance">Rp {{ balance }}</p>
<p><a href="/wallet">Back to the wallet</a></p>
"#
)]
struct Withdrawn<'a> {
    amount: u64,
    destination: &'a str,
    balance: u64,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p>{{ account.name }}, player {{ account.id }}</p>
<form method="post" action="/account/password">
<input type="hidden" name="csrf" value="{{ session.csrf }}">
<label>New password <input name="password" type="password" autocomplete="new-password" required></label>
<button type="submit">Change password</button>
</form>
<form method="post" action="/account/phone">
<input type="hidden" name="csrf" value="{{ session.csrf }}">
<label>Phone <input name="phone" type="tel" value="{{ account.phone }}" required></label>
<button type="submit">Change phone</button>
</form>
<form method="post" action="/account/payment-method">
<input type="hidden" name="csrf" value="{{ session.csrf }}">
<label>Payment method <input name="payment_method" value="{{ account.payment_method }}" required></label>
<button type="submit">Change payment method</button>
</form>
<p><a href="/.stepgate/settings">Two-step verification</a></p>
"#
)]
struct Settings<'a> {
    account: &'a Account,
    session: &'a Session,
}

#[derive(Template)]
#[template(ext = "html", source = r#"<p class="error" role="alert">{{ text }}</p><p><a href="/wallet">Back</a></p>"#)]
struct Refusal<'a> {
    text: &'a str,
}

/// The log-in page; 401 with a word of why after a wrong password.
pub(super) fn log_in(refused: bool) -> Response {
    let status = if refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    page(status, "Log in", false, &LogIn { refused })
}

/// Asks whose password was forgotten.
pub(super) fn forgot() -> Response {
    page(StatusCode::OK, "Forgot your password?", false, &Forgot)
}

/// Shows the link that a real site would mail.
pub(super) fn forgotten(token: &str) -> Response {
    page(StatusCode::OK, "Look into your mail", false, &Forgotten { token })
}

/// Asks for a new password.
pub(super) fn reset(token: &str) -> Response {
    page(StatusCode::OK, "Choose a new password", false, &Reset { token })
}

/// Balance, the form and the API button.
pub(super) fn wallet(session: &Session, account: &Account) -> Response {
    page(StatusCode::OK, "Wallet", true, &Wallet { account, session })
}

/// What a withdrawal received, and what is left.
pub(super) fn withdrawn(amount: u64, destination: &str, balance: u64) -> Response {
    page(StatusCode::OK, "Withdrawal done", true, &Withdrawn { amount, destination, balance })
}

/// The three forms of the account page.
pub(super) fn account(session: &Session, account: &Account) -> Response {
    page(StatusCode::OK, "Account", true, &Settings { account, session })
}

/// A page that says why nothing was done.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    page(status, "Not done", true, &Refusal { text })
}

fn page(status: StatusCode, title: &str, signed_in: bool, content: &impl Template) -> Response {
    let html = content.render().and_then(|content| Shell { title, signed_in, content }.render());
    match html {
        Ok(html) => {
            let headers = [("cache-control", "no-store"), ("content-security-policy", POLICY)];
            (status, headers, Html(html)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
