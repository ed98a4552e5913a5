//! Whatever a client sends, and in whatever pieces it arrives: its frames are read the same.

use super::*;
use crate::fuzz;

/// The first byte says how large the pieces are.
#[test]
fn frames_are_read_the_same_however_they_are_cut() {
    fuzz::hold("frames", 20_000, |input| {
        let Some((size, bytes)) = input.split_first() else { return "nothing".to_owned() };
        let (mut whole, mut cut) = (Frames::default(), Frames::default());
        let pieces = bytes.chunks(usize::from(*size).max(1));
        let allowed = pieces.map(|piece| cut.allows(piece)).collect::<Vec<_>>();
        // Fewer bytes than a flood has frames are none.
        assert!(whole.allows(bytes) && allowed.into_iter().all(|allowed| allowed));
        assert_eq!(format!("{whole:?}"), format!("{cut:?}"));
        format!("{} {}", whole.idle.min(50), whole.skip == 0)
    });
}
