//! The one place where the desk's actions are told apart: whoever orders one names it by its word.

use zeroize::Zeroizing;

use crate::{
    clock::UnixTime,
    flow::{
        Flow, RuleSet,
        desk::{Agent, DeskError, Settings, act::Order},
    },
    policy::desk::DeskAction,
    store::ResetRecord,
};

/// What came of an order.
#[derive(Debug)]
pub enum Done {
    /// It is done, and there is nothing to say.
    Nothing,
    /// A temporary code, and until when it counts.
    Code(Zeroizing<String>, UnixTime),
    /// A reset, as it is now.
    Reset(Box<ResetRecord>),
}

impl Flow {
    /// Does something to a player's account; `evidence` matters to `RequestReset` alone.
    ///
    /// # Errors
    /// As the action's own use case; `BadInput` for an action that is of no player.
    pub async fn desk_order(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        (action, evidence): (DeskAction, &str),
        order: Order<'_>,
    ) -> Result<Done, DeskError> {
        match action {
            DeskAction::IssueCode => {
                let (code, until) = self.desk_issue_code(rules, settings, order).await?;
                Ok(Done::Code(code, until))
            }
            DeskAction::RequestReset => {
                let reset = self.desk_request_reset(rules, settings, order, evidence).await?;
                Ok(Done::Reset(Box::new(reset)))
            }
            DeskAction::Unlock
            | DeskAction::ForgetDevices
            | DeskAction::EndStamps
            | DeskAction::Freeze
            | DeskAction::Unfreeze => {
                self.desk_act(rules, settings, action, order).await?;
                Ok(Done::Nothing)
            }
            DeskAction::Look
            | DeskAction::ApproveReset
            | DeskAction::CancelReset
            | DeskAction::Export
            | DeskAction::Erase => Err(DeskError::BadInput("this is no action on a player")),
        }
    }

    /// Decides on a reset that is open.
    ///
    /// # Errors
    /// As the action's own use case; `BadInput` for an action that is of no reset.
    pub async fn desk_decide(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        (action, reason): (DeskAction, &str),
        of: (&Agent, &str),
    ) -> Result<Done, DeskError> {
        match action {
            DeskAction::ApproveReset => {
                let reset = self.desk_approve_reset(rules, settings, of, reason).await?;
                Ok(Done::Reset(Box::new(reset)))
            }
            DeskAction::CancelReset => {
                self.desk_cancel_reset(rules, settings, of, reason).await?;
                Ok(Done::Nothing)
            }
            DeskAction::Look
            | DeskAction::Unlock
            | DeskAction::ForgetDevices
            | DeskAction::EndStamps
            | DeskAction::Freeze
            | DeskAction::Unfreeze
            | DeskAction::IssueCode
            | DeskAction::RequestReset
            | DeskAction::Export
            | DeskAction::Erase => Err(DeskError::BadInput("this is no decision on a reset")),
        }
    }
}
