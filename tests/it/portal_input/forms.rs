//! Every form of our pages with fields that are missing, empty, repeated, too long, or no text.

use super::{FORM, Portal};

/// A form's address and the cookies of its player, its fields, and the status of the answer.
type Case<'c> = (&'c (String, &'c str), &'c str, u16);

impl Portal {
    /// Each is answered by a page, on which a form that takes another code stays.
    async fn are_pages(&self, cases: &[Case<'_>]) {
        for ((target, cookies), body, status) in cases {
            let lines = [
                ("cookie", *cookies),
                ("origin", &self.sender.base),
                ("content-type", FORM),
                ("accept", "text/html"),
                ("sec-fetch-site", "same-origin"),
            ];
            let answer = self.sender.send("POST", target, &lines, *body).await;
            assert_eq!(answer.status, *status, "{target}, {body:.60}");
            assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{target}, {body:.60}");
            let stays = ["name=\"code\"", "name=\"number\""].iter().any(|field| answer.body.contains(field));
            assert!(answer.status != 422 || stays, "the form stays: {target}, {body:.60}");
        }
    }
}

#[tokio::test]
async fn a_form_with_unusable_fields_is_answered_by_a_page() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let [challenge, begin, confirm] = portal.forms();
    let long = format!("method=app&code={}", "1".repeat(201));
    let large = format!("code={}", "1".repeat(64 * 1024));
    let cases: Vec<Case<'_>> = vec![
        (&challenge, "", 422),
        (&challenge, "code=", 422),
        (&challenge, "method=app", 422),
        (&challenge, "code[]=123456", 422),
        (&challenge, "Code=123456", 422),
        (&challenge, "method=app&code=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96", 422),
        (&challenge, "method=app&code=99999999999999999999999999", 422),
        (&challenge, "code=123456&code=123456", 400),
        (&challenge, "method=app&method=app&code=123456", 400),
        (&challenge, "method=telepathy&code=123456", 400),
        (&challenge, "method=sms&code=123456", 400),
        (&challenge, "code=12%003456", 400),
        (&challenge, "code=12%0a3456", 400),
        (&challenge, "code=%ff%fe", 400),
        (&challenge, &long, 400),
        (&challenge, &large, 413),
        (&begin, "", 400),
        (&begin, "method=", 400),
        (&begin, "method=telepathy", 400),
        (&begin, "method=app&method=app", 400),
        (&begin, "method=app&for=a&for=b", 400),
        (&begin, "method=app&for=%0d%0aSet-Cookie:x", 400),
        (&begin, "method=app%00", 400),
        (&begin, &large, 413),
        (&confirm, "", 422),
        (&confirm, "code=abcdef", 422),
        (&confirm, "code=%D9%A0%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5", 422),
        (&confirm, "code=123456&code=1", 400),
        (&confirm, "code=%ff", 400),
        (&confirm, &long, 400),
        (&confirm, &large, 413),
    ];
    portal.are_pages(&cases).await;
    portal.still_works(forwarded).await;
}

#[tokio::test]
async fn every_other_form_is_answered_by_a_page_too() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let of = |target: &str| (format!("/.stepgate/{target}"), &*portal.ayu);
    let (change, language, freeze) = (of("settings/change"), of("language"), of("freeze"));
    let send = of(&format!("challenge/{}/send", portal.challenge));
    let number = ("/.stepgate/settings/enrol".to_owned(), &*portal.budi);
    let large = format!("change=disable&language=en&t=a&method=sms&number={}", "1".repeat(64 * 1024));
    let [long_id, long_number, long_token] =
        ["change=remove-factor&id=", "method=sms&number=", "t="].map(|field| format!("{field}{}", "1".repeat(201)));
    let cases: Vec<Case<'_>> = vec![
        (&change, "", 400),
        (&change, "change=", 400),
        (&change, "change=fly", 400),
        (&change, "change=disable&change=disable", 400),
        (&change, "change=remove-factor", 400),
        (&change, "change=disable&id=1", 400),
        (&change, "change=disable%00", 400),
        (&change, "change=disable%0d%0aSet-Cookie:x", 400),
        (&change, "change[]=disable", 400),
        (&change, &long_id, 400),
        (&change, &large, 413),
        (&language, "", 400),
        (&language, "language=", 400),
        (&language, "language=xx", 400),
        (&language, "language=en&language=id", 400),
        (&language, "language=en%00", 400),
        (&language, &large, 413),
        (&freeze, "", 410),
        (&freeze, "t=none", 410),
        (&freeze, "t=a&t=a", 400),
        (&freeze, "t=%00", 400),
        (&freeze, "t=%ff", 400),
        (&freeze, &long_token, 400),
        (&freeze, &large, 413),
        // It has no fields; this player gets no messages.
        (&send, "", 400),
        (&send, &large, 413),
        (&number, "method=sms&number=12", 422),
        (&number, "method=sms&number=abc", 422),
        (&number, "method=sms&number=%2B%D9%A6%D9%A2%D9%A8%D9%A1%D9%A2%D9%A0%D9%A0%D9%A0%D9%A1%D9%A0%D9%A0%D9%A2", 422),
        (&number, "method=sms&number=%EF%BC%8B%EF%BC%96%EF%BC%92", 422),
        (&number, "method=sms&number=%2B62812%00001002", 400),
        (&number, "method=sms&number=1&number=1", 400),
        (&number, "method=sms&place=a&place=b", 400),
        (&number, &long_number, 400),
        (&number, &large, 413),
    ];
    portal.are_pages(&cases).await;
    portal.still_works(forwarded).await;
}
