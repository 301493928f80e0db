//! What the Service Control Manager's answers mean to a person.

use crate::exit::{Exit, Failure};
use windows_service::Error;

/// System Error Codes 0-499 and 1000-1299.
pub(super) const ERROR_ACCESS_DENIED: i32 = 5;
pub(super) const ERROR_SERVICE_ALREADY_RUNNING: i32 = 1056;
pub(super) const ERROR_INVALID_SERVICE_ACCOUNT: i32 = 1057;
pub(super) const ERROR_SERVICE_DISABLED: i32 = 1058;
pub(super) const ERROR_SERVICE_DOES_NOT_EXIST: i32 = 1060;
pub(super) const ERROR_SERVICE_NOT_ACTIVE: i32 = 1062;
pub(super) const ERROR_SERVICE_DEPENDENCY_FAIL: i32 = 1068;
pub(super) const ERROR_SERVICE_LOGON_FAILED: i32 = 1069;
pub(super) const ERROR_SERVICE_MARKED_FOR_DELETE: i32 = 1072;
pub(super) const ERROR_SERVICE_EXISTS: i32 = 1073;

/// What Windows says, as a number.
pub(super) fn code(error: &Error) -> Option<i32> {
    match error {
        Error::Winapi(error) => error.raw_os_error(),
        _ => None,
    }
}

/// For `map_err`, with what was to be done.
pub(super) fn of(what: &str) -> impl FnOnce(Error) -> Failure {
    move |error| {
        let (exit, hint) = match code(&error) {
            Some(ERROR_ACCESS_DENIED) => (Exit::Permission, "; it takes an administrator, in an elevated prompt"),
            Some(ERROR_SERVICE_DOES_NOT_EXIST) => (Exit::Usage, "; `casement service install` makes it"),
            Some(ERROR_SERVICE_MARKED_FOR_DELETE) => {
                (Exit::Temporary, "; it goes as soon as every window that shows services is closed")
            }
            Some(ERROR_INVALID_SERVICE_ACCOUNT) => {
                (Exit::Usage, "; there is no such account, or its password is wrong")
            }
            Some(ERROR_SERVICE_DISABLED) => (Exit::Usage, "; it is disabled"),
            Some(ERROR_SERVICE_DEPENDENCY_FAIL) => (Exit::Temporary, "; a service that it depends on does not run"),
            Some(ERROR_SERVICE_LOGON_FAILED) => (
                Exit::Usage,
                "; its account's password is wrong, or it lacks the right \"Log on as a service\": \
                 docs/operators/install-windows.md",
            ),
            _ => (Exit::Temporary, ""),
        };
        let reason = match &error {
            Error::Winapi(error) => error.to_string(),
            other => other.to_string(),
        };
        Failure::new(exit, format_args!("{what}: {reason}{hint}"))
    }
}
