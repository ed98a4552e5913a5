//! Who may do what at the support desk: one table, pure.
//!
//! Adding an action: a variant of [`DeskAction`], its line in the table below it, its step in
//! `flow::desk`; the test below walks every role over every action.

/// What an operator is at the desk for. One operator may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Helps players; what opens an account further needs somebody else.
    Support,
    /// The same, approves what support asks for, and opens frozen accounts.
    Supervisor,
    /// Only looks.
    Auditor,
    /// Everything.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Support, Self::Supervisor, Self::Auditor, Self::Admin];

    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What can be done at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskAction {
    /// Find a player and see their state.
    Look,
    /// Forget the failed codes, so that the next try is free.
    Unlock,
    /// Forget remembered browsers.
    ForgetDevices,
    /// End every stamp.
    EndStamps,
    /// Freeze the account.
    Freeze,
    /// Clear a freeze.
    Unfreeze,
    /// Give a temporary code after a reset.
    IssueCode,
    /// Ask for a reset.
    RequestReset,
    /// Approve a reset that somebody else asked for.
    ApproveReset,
    /// Call a reset off.
    CancelReset,
    /// Give out everything that is kept of a player, by command.
    Export,
    /// Erase everything that is kept of a player, by command.
    Erase,
}

impl DeskAction {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::Look,
        Self::Unlock,
        Self::ForgetDevices,
        Self::EndStamps,
        Self::Freeze,
        Self::Unfreeze,
        Self::IssueCode,
        Self::RequestReset,
        Self::ApproveReset,
        Self::CancelReset,
        Self::Export,
        Self::Erase,
    ];

    /// The word in addresses and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Unlock => "unlock",
            Self::ForgetDevices => "forget-devices",
            Self::EndStamps => "end-stamps",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::IssueCode => "code",
            Self::RequestReset => "reset",
            Self::ApproveReset => "approve",
            Self::CancelReset => "cancel",
            Self::Export => "export",
            Self::Erase => "erase",
        }
    }

    /// The action of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// The roles that may do it. What only takes access away needs no second pair of eyes; what gives
    /// some back does.
    const fn roles(self) -> &'static [Role] {
        match self {
            Self::Look => &[Role::Support, Role::Supervisor, Role::Auditor, Role::Admin],
            Self::Unlock
            | Self::ForgetDevices
            | Self::EndStamps
            | Self::Freeze
            | Self::IssueCode
            | Self::RequestReset
            | Self::CancelReset => &[Role::Support, Role::Supervisor, Role::Admin],
            Self::Unfreeze | Self::ApproveReset => &[Role::Supervisor, Role::Admin],
            Self::Export | Self::Erase => &[Role::Admin],
        }
    }

    /// Whether somebody with these roles may do it.
    #[must_use]
    pub fn is_open_to(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles().contains(role))
    }

    /// Whether it must name the case that it is done for.
    #[must_use]
    pub const fn needs_case(self) -> bool {
        match self {
            Self::Unfreeze | Self::IssueCode | Self::RequestReset => true,
            Self::Look
            | Self::Unlock
            | Self::ForgetDevices
            | Self::EndStamps
            | Self::Freeze
            | Self::ApproveReset
            | Self::CancelReset
            | Self::Export
            | Self::Erase => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_exactly_what_the_table_says() {
        let all = DeskAction::ALL.map(DeskAction::as_str);
        let support = ["look", "unlock", "forget-devices", "end-stamps", "freeze", "code", "reset", "cancel"];
        for role in Role::ALL {
            let may: Vec<&str> = DeskAction::ALL
                .into_iter()
                .filter(|action| action.is_open_to(&[role]))
                .map(DeskAction::as_str)
                .collect();
            let expected = match role {
                Role::Auditor => vec!["look"],
                Role::Support => support.to_vec(),
                Role::Supervisor => all.iter().copied().filter(|word| !["export", "erase"].contains(word)).collect(),
                Role::Admin => all.to_vec(),
            };
            assert_eq!(may, expected, "{role:?}");
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert!(DeskAction::ALL.into_iter().all(|action| !action.is_open_to(&[])));
    }

    #[test]
    fn what_opens_an_account_further_names_its_case() {
        let named: Vec<&str> =
            DeskAction::ALL.into_iter().filter(|action| action.needs_case()).map(DeskAction::as_str).collect();
        assert_eq!(named, ["unfreeze", "code", "reset"]);
    }

    #[test]
    fn roles_add_up_and_words_name_their_action() {
        assert!(DeskAction::ApproveReset.is_open_to(&[Role::Auditor, Role::Supervisor]));
        assert!(!DeskAction::ApproveReset.is_open_to(&[Role::Auditor, Role::Support]));
        for action in DeskAction::ALL {
            assert_eq!(DeskAction::parse(action.as_str()), Some(action));
        }
    }
}
