//! `client.js` in a real browser, on a page whose policy takes scripts from files only: the dialog, the
//! codes, and that the page's own request goes on with its own bytes.

use serde_json::{Value, json};

use crate::kit::{ApiClient, AuthenticatorApp, Browser, Scripts, Sender, TestGate, eventually};

const FIELD: &str = "dialog[open] input[name=code]";
const ANSWER: &str = "#api-answer:not(:empty)";

/// `ayu` before the wallet, with an app and backup codes.
struct Page {
    gate: TestGate,
    browser: Browser,
    app: AuthenticatorApp,
    codes: Vec<String>,
}

impl Page {
    async fn open() -> Self {
        let gate = TestGate::start().await;
        let client = ApiClient::log_in(&gate.url(""), "ayu").await;
        let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        let done = client.portal(&confirm, &json!({ "code": app.previous_code().await }), 200).await;
        let codes = done["backup_codes"].as_array().unwrap();
        let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        let browser = Browser::start(Scripts::On).await;
        browser.log_in(&gate.url(""), "ayu").await;
        Self { gate, browser, app, codes }
    }

    async fn run(&self, script: &str) -> Value {
        self.browser.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// Presses the button of the dialog that says this.
    async fn press(&self, says: &str) {
        let script = "const found = [...document.querySelectorAll('dialog[open] button')]
            .find(one => one.textContent === arguments[0] && !one.hidden); found.click()";
        self.browser.driver.execute(script, vec![json!(says)]).await.unwrap();
    }

    async fn give(&self, code: &str) {
        self.browser.fill(FIELD, code).await;
        self.press("Confirm").await;
    }

    /// What the dialog says is wrong, or where a code went, once it says something.
    async fn said(&self) -> String {
        self.browser.text("dialog[open] [role=alert]:not(:empty)").await
    }

    /// What the site received so far.
    fn received(&self) -> Vec<Vec<u8>> {
        let all = self.gate.site.received("POST", "/api/withdraw");
        all.into_iter().map(|request| request.body.to_vec()).collect()
    }
}

#[tokio::test]
async fn a_json_withdrawal_goes_on_after_a_wrong_and_a_right_code() {
    let page = Page::open().await;
    page.browser.press("#api-withdraw").await;
    let shown = page.browser.text("dialog[open]").await;
    assert!(shown.contains("1500000") && shown.contains("BCA 1234567890"), "what is approved is shown: {shown}");
    let focused = page.run("return document.activeElement.name + ' ' + document.activeElement.labels.length").await;
    assert_eq!(focused, "code 1", "the field is labelled and has the focus");
    let wrong = if page.app.code().starts_with('0') { "111111" } else { "000000" };
    page.give(wrong).await;
    assert_eq!(page.said().await, "Wrong code");
    assert!(page.received().is_empty(), "nothing passes before the code");
    page.give(&page.app.code()).await;
    let answer = page.browser.text(ANSWER).await;
    assert!(answer.starts_with("200 ") && answer.contains("\"balance\":23500000"), "{answer}");
    assert_eq!(
        page.received(),
        [br#"{"amount":"1500000","destination":"BCA 1234567890"}"#.to_vec()],
        "once, as it was"
    );
    assert_eq!(page.run("return document.querySelectorAll('dialog').length").await, 0);
    page.browser.close().await;
}

#[tokio::test]
async fn a_cancelled_dialog_hands_the_refusal_to_the_page() {
    let page = Page::open().await;
    page.browser.press("#api-withdraw").await;
    page.browser.find(FIELD).await;
    page.press("Cancel").await;
    let answer = page.browser.text(ANSWER).await;
    assert!(answer.starts_with("401 ") && answer.contains("urn:stepgate:second-factor-required"), "{answer}");
    page.browser.press("#api-withdraw").await;
    page.browser.find(FIELD).await.send_keys(thirtyfour::Key::Escape).await.unwrap();
    assert!(page.browser.text(ANSWER).await.starts_with("401 "), "the Escape key cancels too");
    assert!(page.received().is_empty());
    page.browser.close().await;
}

/// Sends by XHR and notes which events its caller saw, at which state and status.
const XHR: &str = r##"
    const xhr = new XMLHttpRequest(), seen = [];
    const note = event => seen.push(event.type + ' ' + xhr.readyState + ' ' + xhr.status);
    xhr.onreadystatechange = note;
    for (const name of ['loadstart', 'load', 'loadend', 'error', 'abort']) xhr.addEventListener(name, note);
    xhr.onloadend = () => document.getElementById('api-answer').textContent = JSON.stringify(seen);
    xhr.responseType = 'json';
    xhr.open('POST', '/api/withdraw');
    xhr.setRequestHeader('Content-Type', 'application/json');
    xhr.send('{"amount":"7","destination":"BCA 1"}');
"##;

#[tokio::test]
async fn an_xhr_sees_one_request_only() {
    let page = Page::open().await;
    page.run(XHR).await;
    page.give(&page.app.code()).await;
    let seen: Vec<String> = serde_json::from_str(&page.browser.text(ANSWER).await).unwrap();
    assert!(!seen.iter().any(|event| event.contains("401")), "{seen:?}");
    for once in ["loadstart 1 0", "load 4 200"] {
        assert_eq!(seen.iter().filter(|event| *event == once).count(), 1, "{once}: {seen:?}");
    }
    assert_eq!(page.received(), [br#"{"amount":"7","destination":"BCA 1"}"#.to_vec()]);

    page.run(&format!("document.getElementById('api-answer').textContent = ''; {XHR}")).await;
    page.browser.find(FIELD).await;
    page.press("Cancel").await;
    let seen: Vec<String> = serde_json::from_str(&page.browser.text(ANSWER).await).unwrap();
    assert!(seen.contains(&"readystatechange 4 401".to_owned()) && seen.contains(&"load 4 401".to_owned()), "{seen:?}");
    assert_eq!(page.received().len(), 1);
    page.browser.close().await;
}

#[tokio::test]
async fn bodies_of_every_kind_go_on_as_they_were() {
    let page = Page::open().await;
    let kinds = [
        ("new URLSearchParams({ amount: '1', destination: 'BCA 1' })", "application/x-www-form-urlencoded"),
        (
            "(() => { const form = new FormData(); form.set('amount', '2'); form.set('destination', 'é'); return form })()",
            "multipart/",
        ),
        (
            "new Blob(['{\"amount\":\"3\",\"destination\":\"BCA 1\"}'], { type: 'application/json' })",
            "application/json",
        ),
    ];
    let mut codes = page.codes.iter();
    for (body, kind) in kinds {
        let target = if kind == "application/json" { "/api/withdraw" } else { "/wallet/withdraw" };
        for send in [
            format!("fetch('{target}', {{ method: 'POST', body: {body} }}).then(answer => done(answer.status))"),
            format!(
                "const xhr = new XMLHttpRequest(); xhr.onload = () => done(xhr.status); xhr.open('POST', '{target}'); \
                 xhr.send({body})"
            ),
        ] {
            let before = page.gate.site.received("POST", target).len();
            let shown = "document.getElementById('api-answer')";
            page.run(&format!("{shown}.textContent = ''; const done = status => {shown}.textContent = status; {send}"))
                .await;
            page.browser.find(FIELD).await;
            page.press("Backup code").await;
            page.give(codes.next().unwrap()).await;
            page.browser.find(ANSWER).await;
            let received = page.gate.site.received("POST", target);
            assert_eq!(received.len(), before + 1, "once: {send}");
            let content_type = received[before].headers["content-type"].to_str().unwrap();
            assert!(content_type.starts_with(kind), "{content_type}: {send}");
            assert!(!received[before].body.is_empty(), "{send}");
        }
    }
    page.browser.close().await;
}

#[tokio::test]
async fn a_code_by_sms_is_sent_when_the_player_asks() {
    let gate = TestGate::start_with(|yaml| yaml.replace("countries: [ID]", "countries: [ID], resend_after: 0s")).await;
    let client = ApiClient::log_in(&gate.url(""), "citra").await;
    let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "sms" }), 201).await;
    let enrolment = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
    client.portal(&format!("{enrolment}/confirm/send"), &json!({}), 202).await;
    let sent = || {
        let asked = gate.provider.asked();
        let texts = asked.iter().map(|asked| asked.json()["text"].as_str().unwrap().to_owned());
        texts.filter_map(|text| text.rsplit_once('#').map(|(_, code)| code.trim().to_owned())).collect::<Vec<_>>()
    };
    client.portal(&format!("{enrolment}/confirm"), &json!({ "code": sent()[0] }), 200).await;
    let browser = Browser::start(Scripts::On).await;
    browser.log_in(&gate.url(""), "citra").await;
    browser.driver.execute("document.documentElement.lang = 'id'", vec![]).await.unwrap();
    browser.press("#api-withdraw").await;
    let label = browser.text("dialog[open][lang=id] label").await;
    assert_eq!(label, "Kode SMS");
    assert_eq!(sent().len(), 1, "not by itself");
    let click = "[...document.querySelectorAll('dialog button')].find(one => one.textContent === arguments[0]).click()";
    browser.driver.execute(click, vec![json!("Kirim kode")]).await.unwrap();
    assert_eq!(browser.text("dialog[open] [role=alert]:not(:empty)").await, "Dikirim ke •••• 03");
    let code = eventually("the code is sent", async || sent().get(1).cloned()).await;
    browser.fill(FIELD, &code).await;
    browser.press("dialog[open] form button:not([type=button])").await;
    assert!(browser.text(ANSWER).await.starts_with("200 "));
    browser.close().await;
}

#[tokio::test]
async fn a_page_of_ours_can_answer_and_the_sites_page_goes_on() {
    let page = Page::open().await;
    page.browser.press("#api-withdraw").await;
    let site = page.browser.driver.window().await.unwrap();
    page.browser.press("dialog[open] a[target=_blank]").await;
    let ours = eventually("the page opens", async || {
        let windows = page.browser.driver.windows().await.unwrap();
        windows.into_iter().find(|window| *window != site)
    })
    .await;
    page.browser.driver.switch_to_window(ours).await.unwrap();
    let shown = page.browser.text("main:has(input[name=code])").await;
    assert!(shown.contains("1,500,000"), "{shown}");
    page.browser.fill("input[name=code]", &page.app.code()).await;
    page.browser.press("form:has(input[name=code]) button").await;
    page.browser.driver.switch_to_window(site).await.unwrap();
    assert!(page.browser.text(ANSWER).await.starts_with("200 "));
    assert_eq!(page.received().len(), 1);
    page.browser.close().await;
}

#[tokio::test]
async fn a_browser_that_has_the_script_is_not_sent_it_again() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let first = sender.send("GET", "/.stepgate/client.js", &[], "").await;
    assert_eq!(
        (first.status, first.headers["content-type"].to_str().unwrap()),
        (200, "text/javascript; charset=utf-8")
    );
    assert!(first.body.len() <= 4096, "{} bytes", first.body.len());
    assert!(!first.headers.contains_key("set-cookie") && !first.headers.contains_key("vary"), "{first:?}");
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let again = sender.send("GET", "/.stepgate/client.js", &[("if-none-match", &known)], "").await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
    }
    assert_eq!(sender.send("GET", "/.stepgate/client.js", &[("if-none-match", "\"other\"")], "").await.status, 200);
}
