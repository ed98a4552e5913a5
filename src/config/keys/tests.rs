//! Key files as they are made, spoilt and rotated.

use data_encoding::BASE64;

use super::*;

const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);
const IDLE: Duration = Duration::from_secs(1800);

fn made() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.yaml");
    generate(&path, NOW).unwrap();
    (dir, path)
}

#[test]
fn a_generated_file_loads_and_is_private() {
    let (dir, path) = made();
    let keys = KeyFile::load(&path).unwrap();
    assert_eq!((keys.stamp.len(), keys.assertion.len()), (1, 1));
    assert!(ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&keys.stamp[0].pkcs8).is_ok());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft stays behind");
}

#[test]
fn an_existing_file_is_never_written_over() {
    let (dir, path) = made();
    let before = fs::read(&path).unwrap();
    assert!(matches!(generate(&path, NOW), Err(KeyFileError::Exists(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let (_dir, path) = made();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(KeyFile::load(&path), Err(KeyFileError::Exposed(_))));
}

#[test]
fn rotation_keeps_two_signing_keys_and_opens_what_was_sealed() {
    let (_dir, path) = made();
    let before = KeyFile::load(&path).unwrap();
    let sealed = before.sealer().seal("p", &[], b"x");
    for hour in 0..3 {
        rotate(&path, NOW.plus(2 * hour * PUBLISHED_FOR), IDLE).unwrap();
    }
    for early in [PUBLISHED_FOR / 2, PUBLISHED_FOR, PUBLISHED_FOR + IDLE / 2] {
        let again = rotate(&path, NOW.plus(4 * PUBLISHED_FOR + early), IDLE);
        assert!(matches!(again, Err(KeyFileError::TooSoon { .. })), "stamps of the key before still count");
    }
    let after = KeyFile::load(&path).unwrap();
    assert_eq!(after.stamp.len(), 2);
    assert!(after.stamp.iter().all(|key| key.id != before.stamp[0].id));
    assert_eq!(&**after.sealer().open("p", &[], &sealed).unwrap(), b"x");
    assert_eq!(after.hasher().hash("p", &[b"x"]), before.hasher().hash("p", &[b"x"]));
}

#[test]
fn a_new_sealing_key_seals_once_every_node_has_it() {
    let (_dir, path) = made();
    let first = KeyFile::load(&path).unwrap();
    let first = (first.sealer_at(NOW).key_id(), first.sealer().key_id());
    assert_eq!(first.0, first.1, "the very first key seals at once");
    rotate(&path, NOW, IDLE).unwrap();
    let keys = KeyFile::load(&path).unwrap();
    assert_eq!(keys.sealer_at(NOW.plus(PUBLISHED_FOR - Duration::from_secs(1))).key_id(), first.0);
    let second = keys.sealer_at(NOW.plus(PUBLISHED_FOR)).key_id();
    assert_ne!(second, first.0);
    assert_eq!(keys.next_sealing(), Some((second.as_str(), NOW.plus(PUBLISHED_FOR))));
    let sealed = keys.sealer_at(NOW.plus(PUBLISHED_FOR)).seal("p", &[], b"x");
    assert!(keys.sealer_at(NOW).open("p", &[], &sealed).is_ok(), "a node that is behind opens it");
}

#[test]
fn a_file_without_an_audit_key_gets_one_by_rotation() {
    let (_dir, path) = made();
    let mut written = Written::read(&path).unwrap();
    written.audit.clear();
    fs::write(&path, serde_yaml::to_string(&written).unwrap()).unwrap();
    let refused = KeyFile::load(&path).unwrap_err().to_string();
    assert!(refused.contains("`stepgate keys rotate` adds a key"), "{refused}");
    rotate(&path, NOW, IDLE).unwrap();
    let old = KeyFile::load(&path).unwrap().audit;
    rotate(&path, NOW.plus(2 * PUBLISHED_FOR), IDLE).unwrap();
    let new = KeyFile::load(&path).unwrap().audit;
    let signed = old.sign(&[7; 32]);
    assert!(new.verify(&[7; 32], &signed) && new.sign(&[7; 32]).key_id != signed.key_id);
    assert!(!old.verify(&[7; 32], &new.sign(&[7; 32])));
}

/// The reason why a file is refused that differs from a generated one by this edit.
fn refused(edit: impl Fn(&mut Written)) -> String {
    let (_dir, path) = made();
    let mut written = Written::read(&path).unwrap();
    edit(&mut written);
    fs::write(&path, serde_yaml::to_string(&written).unwrap()).unwrap();
    KeyFile::load(&path).unwrap_err().to_string()
}

#[test]
fn an_id_names_one_key_only() {
    let across = refused(|written| written.sealing[0].id = written.stamp[0].id.clone());
    assert!(across.contains("names two keys"), "{across}");
    let within = refused(|written| {
        let mut second = signing_item(NOW);
        second.id = written.stamp[0].id.clone();
        written.stamp.push(second);
    });
    assert!(within.contains("names two keys"), "{within}");
}

#[test]
fn example_keys_and_times_that_are_none_are_refused() {
    for list in 0..2 {
        let example = refused(|written| {
            let item = if list == 0 { &mut written.sealing[0] } else { &mut written.hashing[0] };
            item.key = BASE64.encode(b"please-change-this-key-before-it");
        });
        assert!(example.contains("is an example") && !example.contains("please"), "{example}");
    }
    let printed = refused(|written| {
        written.stamp[0].key = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC".to_owned();
    });
    assert!(printed.contains("is an example"), "{printed}");
    let time = refused(|written| written.stamp[0].created_at = "yesterday".to_owned());
    assert!(time.contains("is no time"), "{time}");
}

#[test]
fn an_error_does_not_quote_a_key() {
    let (_dir, path) = made();
    let text = fs::read_to_string(&path).unwrap().replace("key: ", "kee: S3CR3T");
    fs::write(&path, text).unwrap();
    let error = KeyFile::load(&path).unwrap_err().to_string();
    assert!(error.contains("malformed") && !error.contains("S3CR3T"), "{error}");
}
