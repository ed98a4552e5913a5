//! Forms of our pages: each field at most once, nothing too long; other fields are passed over.

use crate::web::Problem;

/// Characters of a field at most.
const MAX_FIELD: usize = 200;

/// The fields of an urlencoded form in the order asked for; absent ones are empty.
///
/// # Errors
/// 400 for a field that is repeated, too long, or not text.
pub fn fields<const N: usize>(body: &[u8], names: [&str; N]) -> Result<[String; N], Problem> {
    let mut values: [Option<String>; N] = std::array::from_fn(|_| None);
    for (name, value) in form_urlencoded::parse(body) {
        let Some(slot) = names.iter().position(|known| *known == name).and_then(|at| values.get_mut(at)) else {
            continue;
        };
        if value.chars().count() > MAX_FIELD || value.chars().any(|c| c.is_control() || c == '\u{fffd}') {
            return Err(Problem::bad_request(format!("the field `{name}` cannot be read")));
        }
        if slot.replace(value.into_owned()).is_some() {
            return Err(Problem::bad_request(format!("the field `{name}` occurs more than once")));
        }
    }
    Ok(values.map(Option::unwrap_or_default))
}
