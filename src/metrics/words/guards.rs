//! Words of what keeps waves out.

words! {
    /// What kept a code from being compared.
    ThrottledBy {
        /// Too many wrong codes of the player.
        Player = "player",
        /// So many that the factor must be bound anew.
        Exhausted = "exhausted",
        /// Too many wrong codes from the network of 24 bits.
        Ipv4Of24 = "ipv4_24",
        /// From that of 48 bits.
        Ipv6Of48 = "ipv6_48",
        /// From that of 56 bits.
        Ipv6Of56 = "ipv6_56",
        /// From that of 64 bits.
        Ipv6Of64 = "ipv6_64",
    }
}

words! {
    /// What became of an SMS of ours.
    SmsMessage {
        /// A courier took a code.
        Code = "code",
        /// A code was used.
        Used = "used",
        /// A notice was written.
        Notice = "notice",
    }
}

words! {
    /// What spoke against sending a code.
    SmsFinding {
        /// Its number's and its player's limits.
        Player = "player",
        /// Its number's country, prefix or kind.
        Number = "number",
        /// Unused codes to its block of numbers.
        Prefix = "prefix",
        /// Unused codes from its network.
        Network = "network",
        /// Unused codes to its country.
        Country = "country",
        /// The day's money.
        Ceiling = "ceiling",
    }
}

words! {
    /// Whether a code that something spoke against was sent.
    SmsVerdict {
        /// Yes, it is only recorded.
        Recorded = "recorded",
        /// No.
        Refused = "refused",
    }
}
