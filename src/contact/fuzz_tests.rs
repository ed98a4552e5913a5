//! Whatever is typed as a phone number or a mail address: what is taken is taken again as it is kept.

use super::*;
use crate::fuzz;

#[test]
fn no_contact_changes_when_it_is_read_again() {
    fuzz::hold("contacts", 3_000, |input| {
        let Some(typed) = fuzz::text(input) else { return (9, 9) };
        let number = PhoneNumber::parse(typed, Country::parse("ID")).ok();
        if let Some(number) = &number {
            assert_eq!(PhoneNumber::parse(number.as_str(), None).as_ref(), Ok(number));
            assert!(number.digits().bytes().all(|byte| byte.is_ascii_digit()), "{}", number.as_str());
            assert!(!number.masked().contains(number.digits()));
        }
        let address = MailAddress::parse(typed).ok();
        if let Some(address) = &address {
            assert_eq!(MailAddress::parse(address.as_str()).as_ref(), Ok(address));
            // Nothing that ends a header's line or an address of SMTP.
            assert!(!address.as_str().contains(['\r', '\n', ' ', '<', '>', '"']), "{}", address.as_str());
        }
        (u8::from(number.is_some()), u8::from(address.is_some()))
    });
}
