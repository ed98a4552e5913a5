//! Targets that nobody wrote: spellings changed at random, from a fixed seed. `STEPGATE_ZOO_SEED` gives
//! another one, to look for more by hand.

use super::{Case, Class, head, rails::FORMATS, targets::SPELLINGS};

/// What is put into a target somewhere.
const PIECES: [&str; 42] = [
    "/",
    "//",
    "/.",
    "/./",
    "/..",
    "/../",
    "/x/../",
    ";",
    ";x",
    ";x=/",
    "..;",
    "%2f",
    "%2F",
    "%5c",
    "\\",
    "%2e",
    "%2e%2e",
    "%252e",
    "%252f",
    "%25",
    "%",
    "%00",
    "%0a",
    "%0d",
    "%09",
    "%20",
    "%7f",
    "%c0%af",
    "%ef%bc%8f",
    "%e2%80%8b",
    ".",
    ".json",
    ".csv",
    ".x%2f",
    ".php",
    "/index.php",
    "?",
    "#",
    "%23",
    "%3f",
    "%3b",
    "public/",
];

/// A small generator (SplitMix64): the same cases in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// So many mutations of written spellings, each of one to four steps.
pub fn mutations(count: usize) -> Vec<Case> {
    let seed = std::env::var("STEPGATE_ZOO_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut dice = Dice(seed.unwrap_or(2026));
    let seeds: Vec<&str> =
        SPELLINGS.iter().flat_map(|(_, spellings)| spellings.iter().copied()).chain(FORMATS).collect();
    (0..count)
        .map(|_| {
            let mut target =
                if dice.below(2) == 0 { "/account/withdraw" } else { seeds[dice.below(seeds.len())] }.to_owned();
            for _ in 0..=dice.below(4) {
                target = mutate(&target, &mut dice);
            }
            let method = ["GET", "POST"][dice.below(2)];
            let version = ["1.1", "1.0"][usize::from(dice.below(5) == 0)];
            let bytes = head(method, &target, "Content-Length: 0\r\n");
            let bytes = String::from_utf8(bytes).unwrap().replace(" HTTP/1.1\r\n", &format!(" HTTP/{version}\r\n"));
            Case::raw(Class::Mutations, bytes)
        })
        .collect()
}

fn mutate(target: &str, dice: &mut Dice) -> String {
    let places: Vec<usize> = target.char_indices().map(|(at, _)| at).chain([target.len()]).collect();
    let at = places[dice.below(places.len())];
    let (before, after) = target.split_at(at);
    match dice.below(6) {
        0 | 1 => format!("{before}{}{after}", PIECES[dice.below(PIECES.len())]),
        2 => encoded(before, after, "%"),
        3 => encoded(before, after, "%25"),
        4 => flipped(before, after),
        _ => after.chars().next().map_or_else(|| format!("{target}/"), |c| format!("{before}{c}{after}")),
    }
}

/// The next character as its bytes' escapes.
fn encoded(before: &str, after: &str, sign: &str) -> String {
    let Some(next) = after.chars().next() else { return before.to_owned() };
    let (next, rest) = after.split_at(next.len_utf8());
    let escapes: String = next.bytes().map(|byte| format!("{sign}{byte:02x}")).collect();
    format!("{before}{escapes}{rest}")
}

/// The next character in the other case.
fn flipped(before: &str, after: &str) -> String {
    let Some(next) = after.chars().next() else { return before.to_owned() };
    let rest = &after[next.len_utf8()..];
    let other = if next.is_ascii_lowercase() { next.to_ascii_uppercase() } else { next.to_ascii_lowercase() };
    format!("{before}{other}{rest}")
}
