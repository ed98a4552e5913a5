//! What is refused or ended because it is too much or too late.

words! {
    /// Why a connection was refused or ended by us.
    ConnectionEnd {
        /// All connections are in use.
        Full = "full",
        /// All connections of its client are in use.
        ClientFull = "client_full",
        /// Its client had too many new ones within a second.
        ClientRate = "client_rate",
        /// The TLS handshake took too long.
        Handshake = "handshake",
        /// The TLS handshake failed.
        Tls = "tls",
        /// No request came.
        Idle = "idle",
        /// A request head came too slowly.
        Head = "head",
        /// Too many HTTP/2 frames that ask for nothing.
        Frames = "frames",
    }
}

words! {
    /// Why a request is not served.
    RequestRefusal {
        /// As many are served as may be.
        Full = "full",
        /// As many of its client are served as may be.
        ClientFull = "client_full",
    }
}
