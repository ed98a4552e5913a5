//! What a request to the desk says: an id and an action in its path, a form, a JSON document.

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Call, Desk, refusal::Refusal};
use crate::{
    policy::desk::DeskAction,
    request::Subject,
    web::{form, media::Media},
};

/// Bytes of a body at most; the edge reads no more.
pub const MAX_BODY: usize = 64 * 1024;

/// The player whom a path names.
pub(super) struct Player(pub(super) Subject);

/// The player, and what is to be done.
pub(super) struct PlayerAction(pub(super) Subject, pub(super) DeskAction);

/// The reset that a path names, and what is to be done: `approve` or `cancel`.
pub(super) struct ResetAction(pub(super) String, pub(super) DeskAction);

type Refused = axum::response::Response;

async fn segments<T: DeserializeOwned + Send>(parts: &mut Parts, desk: &Desk) -> Result<T, Refused> {
    let found = axum::extract::Path::<T>::from_request_parts(parts, desk).await;
    match found {
        Ok(axum::extract::Path(found)) => Ok(found),
        Err(_) => Err(missing(parts, desk).await),
    }
}

/// The refusal of an address that names nothing; its host and origin are checked before.
async fn missing(parts: &mut Parts, desk: &Desk) -> Refused {
    match Call::from_request_parts(parts, desk).await {
        Ok(call) => Refusal::missing().reply(call.shape()),
        Err(refused) => refused,
    }
}

impl FromRequestParts<Desk> for Player {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Refused> {
        let id: String = segments(parts, desk).await?;
        match Subject::parse(&id) {
            Ok(subject) => Ok(Self(subject)),
            Err(_) => Err(missing(parts, desk).await),
        }
    }
}

impl FromRequestParts<Desk> for PlayerAction {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Refused> {
        let (id, action): (String, String) = segments(parts, desk).await?;
        match (Subject::parse(&id), DeskAction::parse(&action)) {
            (Ok(subject), Some(action)) if of_player(action) => Ok(Self(subject, action)),
            _ => Err(missing(parts, desk).await),
        }
    }
}

impl FromRequestParts<Desk> for ResetAction {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Refused> {
        let (id, action): (String, String) = segments(parts, desk).await?;
        let action = DeskAction::parse(&action).filter(|action| of_reset(*action));
        match action {
            Some(action) => Ok(Self(id, action)),
            None => Err(missing(parts, desk).await),
        }
    }
}

const fn of_reset(action: DeskAction) -> bool {
    matches!(action, DeskAction::ApproveReset | DeskAction::CancelReset)
}

const fn of_player(action: DeskAction) -> bool {
    !of_reset(action) && !matches!(action, DeskAction::Look | DeskAction::Export | DeskAction::Erase)
}

/// The fields of a form of the console; absent ones are empty.
pub(super) struct Form<const N: usize>(pub(super) Call, pub(super) Bytes);

impl<const N: usize> Form<N> {
    /// The fields, in the order asked for.
    pub(super) fn fields(&self, names: [&str; N]) -> Result<[String; N], Refused> {
        form::fields(&self.1, names).map_err(|problem| Refusal::of_problem(&problem).reply(self.0.shape()))
    }
}

impl<const N: usize> FromRequest<Desk> for Form<N> {
    type Rejection = Refused;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Refused> {
        let (call, body) = read(request, desk, Media::Form).await?;
        Ok(Self(call, body))
    }
}

/// A JSON object with exactly the members of `T`.
pub(super) struct Json<T>(pub(super) Call, pub(super) T);

impl<T: DeserializeOwned> FromRequest<Desk> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Refused> {
        let (call, body) = read(request, desk, Media::Json).await?;
        // An array would be taken as the members in their order.
        let parsed = (body.trim_ascii_start().first() == Some(&b'{')).then(|| serde_json::from_slice(&body).ok());
        match parsed.flatten() {
            Some(members) => Ok(Self(call, members)),
            None => {
                let refusal = Refusal::bad("the body is no JSON object with the members that this call takes");
                Err(refusal.reply(call.shape()))
            }
        }
    }
}

async fn read(request: Request, desk: &Desk, media: Media) -> Result<(Call, Bytes), Refused> {
    let (mut parts, body) = request.into_parts();
    let call = Call::from_request_parts(&mut parts, desk).await?;
    media.check(&call.headers).map_err(|problem| Refusal::of_problem(&problem).reply(call.shape()))?;
    match axum::body::to_bytes(body, MAX_BODY).await {
        Ok(body) => Ok((call, body)),
        Err(_) => Err(Refusal::bad("the body is too long").reply(call.shape())),
    }
}
