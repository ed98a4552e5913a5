//! Fuzzing on the stable toolchain, as ordinary tests.
//!
//! A target is a function over bytes: it panics where something is wrong, and returns what kind of
//! input it met. Inputs of a kind that was not met before become parents of further ones, which takes
//! the place of coverage. Each target has a folder of inputs, `tests/fuzz/NAME`: every run replays
//! them, then tries a fixed number of mutations from a fixed seed. `script/fuzz` gives each target a
//! time instead, and a fresh seed unless one is named. An input that fails is kept under `target/fuzz/NAME`; once mended,
//! it moves to `tests/fuzz/NAME`.
//!
//! Adding one: a test in a `fuzz_tests` module beside the parser, which calls [`hold`], and one input.

use std::{
    collections::{HashSet, hash_map::DefaultHasher},
    fs,
    hash::{Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Bytes of a made input at most.
const LONGEST: usize = 4096;
/// Inputs that are kept as parents at most.
const PARENTS: usize = 4096;
/// What parsers look at.
const WORDS: [&str; 40] = [
    "%",
    "%2",
    "%25",
    "%2f",
    "%2e",
    "%252e",
    "%5c",
    "%00",
    "%3b",
    "%c0%af",
    "%ef%bd%97",
    "/",
    "//",
    "/../",
    "/./",
    "..",
    ";",
    ";;",
    "=",
    "&",
    "?",
    ",",
    ":",
    "\"",
    "\\",
    "'",
    "{",
    "}",
    "[",
    "]",
    "\r\n",
    "\n",
    "\n\n",
    "\t",
    "\0",
    "\u{feff}",
    "\u{e9}",
    "--",
    "a",
    "0",
];

/// SplitMix64 (public domain, Vigna 2015): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; 0 where `end` is.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap().max(1);
        usize::try_from(self.next() % end).unwrap()
    }

    fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }
}

/// Tries a target on its folder of inputs and on mutations of them: on `cases`, or for as long as
/// `script/fuzz` says.
///
/// # Panics
/// With the input that the target does not hold for.
pub fn hold<K: Hash>(name: &str, cases: u32, target: impl Fn(&[u8]) -> K) {
    let mut run = Run { name, target, parents: Vec::new(), kinds: HashSet::new(), slowest: Duration::ZERO };
    for input in corpus(name) {
        run.tries(input);
    }
    let seconds = std::env::var("STEPGATE_FUZZ_SECONDS").ok().map(|text| text.parse().expect("whole seconds"));
    let Some(seconds) = seconds.map(Duration::from_secs) else {
        let mut random = Random(hash(&name));
        (0..cases).for_each(|_| run.tries_another(&mut random));
        return;
    };
    let (mut random, began, mut tried) = (Random(seed()), Instant::now(), 0_u32);
    while began.elapsed() < seconds {
        run.tries_another(&mut random);
        tried += 1;
    }
    run.report(tried, began.elapsed());
}

/// What `STEPGATE_FUZZ_SEED` says, or a fresh one.
fn seed() -> u64 {
    if let Ok(said) = std::env::var("STEPGATE_FUZZ_SEED") {
        return said.parse().expect("a whole number");
    }
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    u64::from_le_bytes(seed)
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn folder(parent: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(parent).join("fuzz").join(name)
}

/// The inputs in a target's folder, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = folder("tests", name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no input", folder.display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

struct Run<'n, T> {
    name: &'n str,
    target: T,
    parents: Vec<Vec<u8>>,
    kinds: HashSet<u64>,
    slowest: Duration,
}

impl<K: Hash, T: Fn(&[u8]) -> K> Run<'_, T> {
    fn tries_another(&mut self, random: &mut Random) {
        let input = mutated(&self.parents, random);
        self.tries(input);
    }

    fn tries(&mut self, input: Vec<u8>) {
        let began = Instant::now();
        let kind = match catch_unwind(AssertUnwindSafe(|| (self.target)(&input))) {
            Ok(kind) => hash(&kind),
            Err(panic) => {
                self.keep(&input);
                resume_unwind(panic);
            }
        };
        self.slowest = self.slowest.max(began.elapsed());
        // The first inputs are all parents, whatever their kind: they come from the folder.
        if self.kinds.insert(kind) && self.parents.len() < PARENTS || self.parents.is_empty() {
            self.parents.push(input);
        }
    }

    #[expect(clippy::print_stderr, reason = "says where the input is, beside the panic's own words")]
    fn keep(&self, input: &[u8]) {
        let folder = folder("target", self.name);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{:016x}", hash(&input)));
        fs::write(&path, input).unwrap();
        eprintln!("the input is kept in {}: {}", path.display(), input.escape_ascii());
    }

    #[expect(clippy::print_stderr, reason = "the figures of script/fuzz")]
    fn report(&self, tried: u32, took: Duration) {
        let rate = f64::from(tried) / took.as_secs_f64();
        let (kinds, slowest) = (self.kinds.len(), self.slowest.as_millis());
        eprintln!("| {} | {tried} | {rate:.0} | {kinds} | {slowest} |", self.name);
    }
}

/// A child of one parent or two.
fn mutated(parents: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut child = random.pick(parents).clone();
    for _ in 0..=random.below(5) {
        let at = random.below(child.len() + 1);
        let end = at + random.below((child.len() - at).min(16) + 1);
        match random.below(8) {
            0 if !child.is_empty() => {
                let at = at.min(child.len() - 1);
                child[at] ^= 1 << random.below(8);
            }
            1 => drop(child.splice(at..end, [u8::try_from(random.below(256)).unwrap()])),
            2 => drop(child.drain(at..end)),
            3 => {
                let piece = child[at..end].to_vec();
                let to = random.below(child.len() + 1);
                drop(child.splice(to..to, piece));
            }
            4 => {
                let other = random.pick(parents);
                let from = random.below(other.len() + 1);
                let to = from + random.below((other.len() - from).min(64) + 1);
                drop(child.splice(at..end, other[from..to].iter().copied()));
            }
            // A letter as its escape: what many a parser undoes, once too often or too seldom.
            5 if at < child.len() => drop(child.splice(at..=at, format!("%{:02x}", child[at]).into_bytes())),
            _ => drop(child.splice(at..at, random.pick(&WORDS).bytes())),
        }
    }
    child.truncate(LONGEST);
    child
}

/// The first `N - 1` lines of an input, and the rest: for parsers that take several texts.
#[must_use]
pub fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut rest = input.splitn(N, |byte| *byte == b'\n');
    std::array::from_fn(|_| rest.next().unwrap_or_default())
}

/// The input as text, where it is.
#[must_use]
pub fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}
