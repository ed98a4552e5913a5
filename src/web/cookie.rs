//! Our cookies: Secure on secure origins, HttpOnly, SameSite=Lax, Path=/ (security.md REQ-31).

use std::time::Duration;

use http::HeaderValue;

use crate::{
    flow::{CookieNames, device::DeviceCookie},
    stamp::Minted,
};

/// A `Set-Cookie` value; without `lifetime` the browser forgets it when it closes. `value` must be
/// visible ASCII without semicolons, as all of ours are; another one gives a cookie without value.
#[must_use]
pub fn set_cookie(name: &str, value: &str, secure: bool, lifetime: Option<Duration>) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let age = lifetime.map(|lifetime| format!("; Max-Age={}", lifetime.as_secs())).unwrap_or_default();
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
}

/// The `Set-Cookie` value of a remembered device.
#[must_use]
pub fn device_cookie(secure: bool, cookie: &DeviceCookie) -> HeaderValue {
    set_cookie(CookieNames::of(secure).device, &cookie.value, secure, Some(cookie.max_age))
}

/// The `Set-Cookie` value of a stamp.
#[must_use]
pub fn stamp_cookie(secure: bool, minted: &Minted) -> HeaderValue {
    set_cookie(CookieNames::of(secure).stamp, &minted.token, secure, None)
}

/// A `Set-Cookie` value that ends a cookie.
#[must_use]
pub fn expire_cookie(name: &str, secure: bool) -> HeaderValue {
    set_cookie(name, "", secure, Some(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_of_a_secure_site_carry_every_attribute() {
        let names = CookieNames::of(true);
        for name in [names.stamp, names.device, names.challenge, names.login, names.language] {
            assert!(name.starts_with("__Host-"), "{name}");
            let line = set_cookie(name, "value", true, None);
            assert_eq!(line, format!("{name}=value; Path=/; HttpOnly; SameSite=Lax; Secure"));
        }
        assert!(!set_cookie("stepgate", "value", false, None).to_str().unwrap().contains("Secure"));
        assert_eq!(set_cookie("stepgate", "a\r\nb", true, None), "", "no value adds a line");
    }
}
