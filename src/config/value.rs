//! Times and sizes as operators write them.

use std::time::Duration;

/// The time in `12h`, `30m`, `2s`, `500ms`, `30d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// The bytes in `64KiB`, `4MiB`, `512B`.
pub(super) fn size(text: &str) -> Option<usize> {
    let (number, unit) = split(text)?;
    let bytes = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes).and_then(|size| size.try_into().ok())
}

/// The millionths in `0.035` or `200`.
pub(super) fn money(text: &str) -> Option<u64> {
    let (whole, parts) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(parts) || parts.len() > 6 {
        return None;
    }
    let parts: u64 = format!("{parts:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(parts).filter(|money| i64::try_from(*money).is_ok())
}

fn split(text: &str) -> Option<(u64, &str)> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(at)?;
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_need_their_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("30d"), Some(Duration::from_secs(30 * 86_400)));
        assert_eq!(size("64KiB"), Some(65_536));
        for bad in ["", "5", "m", "-1s", "1.5h", "1 h", "99999999999999999999s", "999999999999999999d"] {
            assert_eq!((bad, duration(bad)), (bad, None));
        }
        assert_eq!(size("64KB"), None);
    }

    #[test]
    fn amounts_have_up_to_six_digits_after_the_point() {
        assert_eq!(["200", "0.035", "1.000001", "0"].map(money), [200_000_000, 35_000, 1_000_001, 0].map(Some));
        for bad in ["", ".5", "1.", "-1", "1,5", "1.0000001", "1e3", "99999999999999999999", " 1"] {
            assert_eq!((bad, money(bad)), (bad, None));
        }
    }
}
