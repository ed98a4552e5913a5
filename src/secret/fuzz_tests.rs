//! Whatever is sent as a token or a public name: it has one spelling or is none.

use super::*;
use crate::fuzz;

#[test]
fn no_token_has_two_spellings() {
    fuzz::hold("tokens", 20_000, |input| {
        let Some(sent) = fuzz::text(input) else { return 9 };
        let spelled = |bytes: usize| {
            let decoded = BASE64URL_NOPAD.decode(sent.as_bytes()).ok().filter(|decoded| decoded.len() == bytes);
            decoded.is_some_and(|decoded| BASE64URL_NOPAD.encode(&decoded) == sent)
        };
        let token = Token::parse(sent);
        assert_eq!(token.is_some(), spelled(32));
        assert!(token.as_ref().is_none_or(|token| token.reveal() == sent && sent.len() == Token::LENGTH));
        assert_eq!(is_public_id(sent), spelled(16));
        u8::from(token.is_some()) + 2 * u8::from(is_public_id(sent))
    });
}
