//! Whatever is typed as a code: what is taken is what was typed, without what people put between.

use super::{backup_code::BackupCode, code::Code};
use crate::fuzz;

#[test]
fn no_code_is_taken_that_was_not_typed() {
    fuzz::hold("codes", 20_000, |input| {
        let Some(typed) = fuzz::text(input) else { return (9, 9) };
        let code = Code::parse(typed);
        let bare = typed.replace(' ', "");
        let is_code = bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_digit());
        assert_eq!(code.as_ref().map(|code| code.reveal().to_string()), is_code.then_some(bare));
        let backup = BackupCode::parse(typed);
        if let Some(backup) = &backup {
            assert_eq!(BackupCode::parse(&backup.reveal()).as_ref(), Some(backup));
            let typed = typed.replace([' ', '-'], "").to_ascii_uppercase().replace('O', "0").replace(['I', 'L'], "1");
            assert_eq!(backup.reveal().replace('-', ""), typed);
        }
        (u8::from(code.is_some()), u8::from(backup.is_some()))
    });
}
