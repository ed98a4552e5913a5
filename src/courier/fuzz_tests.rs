//! Whatever a template and a provider's answer hold: a message fills its places once, and nothing
//! unfit is kept.

use super::{
    provider::reference,
    receipt::{Claim, is_ours},
    template::{JsonTemplate, Template, Words},
};
use crate::{
    fuzz::{self, parts, text},
    secret::{Hasher, SymmetricKey, is_public_id},
};

const WORDS: Words<'_> = Words { to: "\u{1}", text: "{to}\u{2}", id: "\u{3}", receipt: "\u{4}" };

#[test]
fn no_template_reads_what_fills_it() {
    fuzz::hold("template", 20_000, |input| {
        let Some(typed) = text(input).filter(|text| !text.contains(['\u{1}', '\u{2}', '\u{3}', '\u{4}'])) else {
            return "no text".to_owned();
        };
        let Ok(template) = Template::parse(typed) else { return "refused".to_owned() };
        let filled = template.fill(WORDS);
        // Filled backwards it is the template again.
        let back = filled.replace("{to}\u{2}", "{text}").replace('\u{1}', "{to}").replace('\u{3}', "{id}");
        assert_eq!(back.replace('\u{4}', "{receipt}"), typed);
        assert_eq!((template.says_text(), template.says_to()), (filled.contains('\u{2}'), filled.contains('\u{1}')));
        if let Ok(document) = serde_json::from_str(typed)
            && let Ok(template) = JsonTemplate::parse(&document)
        {
            let filled = template.fill(WORDS);
            assert_eq!(template.any(&Template::says_text), filled.to_string().contains("\\u0002"));
        }
        format!("{} {}", template.says_text(), template.says_to())
    });
}

#[test]
fn no_receipt_is_ours_that_we_did_not_make() {
    let hasher = Hasher::new(SymmetricKey { id: "a".into(), bytes: zeroize::Zeroizing::new([1; 32]) });
    fuzz::hold("receipt", 5_000, |input| {
        let [courier, id, mac] = parts(input);
        let (Some(courier), Some(id), Some(mac)) = (text(courier), text(id), text(mac)) else { return 9 };
        assert!(!is_ours(&hasher, Claim { courier, id, mac }));
        let kept = reference(mac);
        assert!(kept.as_ref().is_none_or(|kept| kept == mac && kept.len() <= 128 && !kept.contains([' ', '\n'])));
        u8::from(is_public_id(id)) + 2 * u8::from(kept.is_some())
    });
}
