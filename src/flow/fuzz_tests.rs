//! Whatever is posted as a resume or sent as a device cookie: it has one spelling, and a body that
//! has our field is never taken for another's.

use super::{
    device,
    resume::{RESUME_FIELD, has_resume_field, resume_token},
};
use crate::fuzz;

#[test]
fn no_resume_has_two_spellings() {
    fuzz::hold("resume", 20_000, |body| {
        let token = resume_token(body);
        if let Some(token) = &token {
            assert_eq!(format!("{RESUME_FIELD}={}", token.reveal()).as_bytes(), body);
            assert!(has_resume_field(body));
        }
        let browser = form_urlencoded::parse(body).any(|(name, _)| name == RESUME_FIELD);
        assert!(!browser || has_resume_field(body));
        (token.is_some(), has_resume_field(body))
    });
}

#[test]
fn no_device_cookie_has_two_spellings() {
    fuzz::hold("device", 20_000, |input| {
        let Some(value) = fuzz::text(input) else { return 9 };
        let Some((id, secret)) = device::parts_of(value) else { return 0 };
        assert_eq!(format!("{id}.{}", secret.reveal()), value);
        1
    });
}
