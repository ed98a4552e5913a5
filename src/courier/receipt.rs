//! Delivery receipts: what a provider says later of a message that it took over.
//!
//! A courier gives the provider an address of our portal for one message. The address carries a keyed
//! hash over the courier's name and the message's: nobody else can make one, and it counts for nothing
//! else. It opens nothing and says nothing of the player.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::secret::{Hasher, is_public_id};

/// Makes and knows the addresses.
#[derive(Clone, Debug)]
pub struct Receipts {
    hasher: Hasher,
    /// Origin and prefix of the portal, without a slash at the end.
    portal: String,
}

/// What an address says it is for.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The courier's kind and position.
    pub courier: &'a str,
    /// Our name for the message.
    pub id: &'a str,
    /// The proof.
    pub mac: &'a str,
}

impl Receipts {
    /// Addresses under this portal.
    #[must_use]
    pub const fn new(hasher: Hasher, portal: String) -> Self {
        Self { hasher, portal }
    }

    /// The address for one message of one courier; made of characters that no form changes.
    pub(super) fn address(&self, courier: &str, id: &str) -> String {
        let mac = mac(&self.hasher, courier, id);
        format!("{}/courier/receipt/{courier}?id={id}&mac={mac}", self.portal)
    }
}

/// Whether an address of this claim was made by [`Receipts`] under this key.
#[must_use]
pub fn is_ours(hasher: &Hasher, claim: Claim<'_>) -> bool {
    let expected = mac(hasher, claim.courier, claim.id);
    is_public_id(claim.id) && bool::from(claim.mac.as_bytes().ct_eq(expected.as_bytes()))
}

fn mac(hasher: &Hasher, courier: &str, id: &str) -> String {
    BASE64URL_NOPAD.encode(&hasher.hash("courier-receipt", &[courier.as_bytes(), id.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::secret::{SymmetricKey, public_id};

    fn hasher(fill: u8) -> Hasher {
        Hasher::new(SymmetricKey { id: "a".into(), bytes: Zeroizing::new([fill; 32]) })
    }

    #[test]
    fn an_address_counts_for_one_message_of_one_courier() {
        let (id, other) = (public_id(), public_id());
        let address = Receipts::new(hasher(1), "https://play.example/.stepgate".into()).address("http-0", &id);
        let start = format!("https://play.example/.stepgate/courier/receipt/http-0?id={id}&mac=");
        let mac = address.strip_prefix(&start).unwrap();
        assert!(is_ours(&hasher(1), Claim { courier: "http-0", id: &id, mac }));
        assert!(!is_ours(&hasher(1), Claim { courier: "http-1", id: &id, mac }));
        assert!(!is_ours(&hasher(1), Claim { courier: "http-0", id: &other, mac }));
        assert!(!is_ours(&hasher(1), Claim { courier: "http-0", id: &id, mac: "" }));
        assert!(!is_ours(&hasher(2), Claim { courier: "http-0", id: &id, mac }));
    }
}
