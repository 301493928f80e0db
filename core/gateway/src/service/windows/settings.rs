//! What the Service Control Manager is to do with a service beyond starting it: after a failure, before a shutdown, with its
//! rights.

use super::install::settle;
use std::time::Duration;
use windows_service::{
    Result,
    service::{
        Service, ServiceAction, ServiceActionType, ServiceFailureActions, ServiceFailureResetPeriod, ServiceSidType,
    },
};

const DESCRIPTION: &str = "Image service that speaks OpenStack's Images API v2 (Glance).";

/// How long the SCM waits before it starts a service that has failed once, twice, and more often.
const PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];
/// After this time without a failure it counts from the start.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// What a service can be told by ChangeServiceConfig2.
pub(super) trait Settings {
    fn set_description(&self, text: &str) -> Result<()>;
    fn set_failure_actions(&self, actions: ServiceFailureActions) -> Result<()>;
    fn set_failure_actions_on_non_crash_failures(&self, on: bool) -> Result<()>;
    fn set_preshutdown_timeout(&self, timeout: Duration) -> Result<()>;
    fn set_sid(&self, sid: ServiceSidType) -> Result<()>;
}

impl Settings for Service {
    fn set_description(&self, text: &str) -> Result<()> {
        Self::set_description(self, text)
    }

    fn set_failure_actions(&self, actions: ServiceFailureActions) -> Result<()> {
        self.update_failure_actions(actions)
    }

    fn set_failure_actions_on_non_crash_failures(&self, on: bool) -> Result<()> {
        Self::set_failure_actions_on_non_crash_failures(self, on)
    }

    fn set_preshutdown_timeout(&self, timeout: Duration) -> Result<()> {
        Self::set_preshutdown_timeout(self, timeout)
    }

    fn set_sid(&self, sid: ServiceSidType) -> Result<()> {
        self.set_config_service_sid_info(sid)
    }
}

/// `longest_end` is how long the service may take to stop.
pub(super) fn set(service: &impl Settings, longest_end: Duration) {
    settle("its description", service.set_description(DESCRIPTION));
    settle("its recovery actions", recover(service));
    settle("its time before a shutdown", service.set_preshutdown_timeout(longest_end));
    settle("its own SID", service.set_sid(ServiceSidType::Unrestricted));
}

fn recover(service: &impl Settings) -> Result<()> {
    let restart = |delay| ServiceAction { action_type: ServiceActionType::Restart, delay };
    service.set_failure_actions(ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(FORGOTTEN),
        reboot_msg: None,
        command: None,
        actions: Some(PAUSES.map(restart).into()),
    })?;
    // A start that has failed is a failure too.
    service.set_failure_actions_on_non_crash_failures(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{cell::RefCell, io};
    use windows_service::Error;

    /// In place of the SCM: Wine's has none of these levels of ChangeServiceConfig2.
    #[derive(Default)]
    struct Scm {
        refuses: bool,
        asked: RefCell<Vec<&'static str>>,
        actions: RefCell<Option<ServiceFailureActions>>,
        non_crash: RefCell<bool>,
        preshutdown: RefCell<Duration>,
        sid: RefCell<Option<ServiceSidType>>,
    }

    impl Scm {
        fn answer(&self, asked: &'static str) -> Result<()> {
            self.asked.borrow_mut().push(asked);
            if self.refuses { Err(Error::Winapi(io::ErrorKind::PermissionDenied.into())) } else { Ok(()) }
        }
    }

    impl Settings for Scm {
        fn set_description(&self, _text: &str) -> Result<()> {
            self.answer("description")
        }

        fn set_failure_actions(&self, actions: ServiceFailureActions) -> Result<()> {
            *self.actions.borrow_mut() = Some(actions);
            self.answer("actions")
        }

        fn set_failure_actions_on_non_crash_failures(&self, on: bool) -> Result<()> {
            *self.non_crash.borrow_mut() = on;
            self.answer("non-crash")
        }

        fn set_preshutdown_timeout(&self, timeout: Duration) -> Result<()> {
            *self.preshutdown.borrow_mut() = timeout;
            self.answer("preshutdown")
        }

        fn set_sid(&self, sid: ServiceSidType) -> Result<()> {
            *self.sid.borrow_mut() = Some(sid);
            self.answer("sid")
        }
    }

    #[test]
    fn a_service_that_fails_is_started_again_later_and_later_and_always() {
        let scm = Scm::default();
        set(&scm, Duration::from_secs(90));
        let actions = scm.actions.take().unwrap();
        assert_eq!(actions.reset_period, ServiceFailureResetPeriod::After(Duration::from_secs(3600)));
        let actions = actions.actions.unwrap();
        assert!(actions.iter().all(|action| action.action_type == ServiceActionType::Restart));
        // The SCM repeats the last one.
        assert_eq!(actions.iter().map(|action| action.delay.as_secs()).collect::<Vec<_>>(), [5, 30, 120]);
        assert!(scm.non_crash.take(), "an exit code counts as a failure");
    }

    #[test]
    fn a_service_has_as_long_before_a_shutdown_as_its_longest_end_and_a_sid_that_rights_can_name() {
        let scm = Scm::default();
        set(&scm, Duration::from_secs(90));
        assert_eq!(scm.preshutdown.take(), Duration::from_secs(90));
        assert_eq!(scm.sid.take(), Some(ServiceSidType::Unrestricted));
    }

    #[test]
    fn what_is_refused_keeps_nothing_else_from_being_set() {
        let scm = Scm { refuses: true, ..Scm::default() };
        set(&scm, Duration::ZERO);
        assert_eq!(scm.asked.take(), ["description", "actions", "preshutdown", "sid"]);
    }
}
