//! Whatever is proven comes back, and nothing but what was minted.

use proptest::{prelude::*, sample::Index};

use super::*;

fn any_proof() -> impl Strategy<Value = Proof> {
    let times = (0_i64..1 << 33, proptest::option::of(0_i64..1 << 33), 0_u64..3600);
    let kind = proptest::sample::select(vec![FactorKind::App, FactorKind::Sms, FactorKind::BackupCode]);
    ("\\PC{1,60}", any::<[u8; 32]>(), any::<i64>(), proptest::collection::vec("[a-z]{2,4}", 0..4), kind, times)
        .prop_map(|(subject, binding, epoch, amr, by, (auth_time, fresh_time, ago))| Proof {
            subject: Subject::parse(&subject).unwrap(),
            binding: Binding(binding),
            epoch,
            amr,
            by,
            auth_time: UnixTime::from_secs(auth_time),
            fresh_time: fresh_time.map(UnixTime::from_secs),
            began: NOW.minus(Duration::from_secs(ago)),
        })
}

proptest! {
    #[test]
    fn every_claim_comes_back(proof in any_proof(), same in any::<bool>(), millis in 0_i64..1000) {
        let stamps = stamps();
        let proof = if same { Proof { auth_time: proof.began, ..proof } } else { proof };
        let now = UnixTime::from_millis(NOW.millis() + millis);
        let minted = stamps.mint(&proof, now);
        let stamp = stamps.verify(&minted.token, now).unwrap();
        let (sent, back) = (&proof, &stamp.proof);
        prop_assert_eq!((&back.subject, back.binding, back.epoch, &back.amr), (&sent.subject, sent.binding, sent.epoch, &sent.amr));
        prop_assert_eq!((back.by, back.auth_time, back.fresh_time, back.began), (sent.by, sent.auth_time, sent.fresh_time, sent.began));
        prop_assert_eq!((&stamp.id, stamp.issued_at, stamp.expires_at), (&minted.stamp.id, NOW, minted.stamp.expires_at));
        prop_assert_eq!(format!("{stamp:?}"), format!("{:?}", minted.stamp));
        let facts = stamp.facts();
        prop_assert_eq!((facts.by, facts.auth_time, facts.fresh_time), (sent.by, sent.auth_time, sent.fresh_time));
    }

    /// Also where a character has spare bits: one of them set would be a second token of the same stamp.
    #[test]
    fn no_character_can_be_changed_added_or_left_out(at in any::<Index>(), put in " |[!-~]|\\PC", last in any::<bool>()) {
        let stamps = stamps();
        let token = stamps.mint(&proof(), NOW).token;
        let parts: Vec<usize> = token.match_indices('.').map(|(dot, _)| dot - 1).chain([token.len() - 1]).collect();
        let at = if last { *at.get(&parts) } else { at.index(token.len()) };
        let (before, after) = (&token[..at], &token[at + 1..]);
        let own = &token[at..=at];
        for changed in [format!("{before}{put}{after}"), format!("{before}{put}{own}{after}"), format!("{before}{after}")] {
            if changed != token {
                prop_assert_eq!(stamps.verify(&changed, NOW).unwrap_err(), Reject::BadSignature, "{}", changed);
            }
        }
    }

    /// Tokens cut and joined, whole or in pieces between their dots, are none.
    #[test]
    fn no_mixture_of_tokens_is_one(cuts in proptest::collection::vec((0_usize..2, any::<Index>(), any::<Index>()), 1..4), swap in 1_usize..7) {
        let stamps = stamps();
        let other = Proof { subject: Subject::parse("budi").unwrap(), ..proof() };
        let tokens = [stamps.mint(&proof(), NOW).token, stamps.mint(&other, NOW).token];
        let cut = |(which, from, to): &(usize, Index, Index)| {
            let token = &tokens[*which];
            let (from, to) = (from.index(token.len()), to.index(token.len()));
            token[from.min(to)..=from.max(to)].to_owned()
        };
        let mixed: String = cuts.iter().map(cut).collect();
        let parts = tokens.each_ref().map(|token| token.split('.').collect::<Vec<_>>());
        let swapped = (0..3).map(|at| parts[(swap >> at) & 1][at]).collect::<Vec<_>>().join(".");
        for mixture in [mixed, swapped, tokens.concat(), tokens.join("."), format!("{}{}", tokens[0], tokens[0])] {
            let known = tokens.contains(&mixture);
            prop_assert_eq!(stamps.verify(&mixture, NOW).is_ok(), known, "{}", mixture);
        }
    }
}
