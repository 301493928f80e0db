//! Windows' event log.

use crate::{
    service::event_log::{Event, Sink, layer},
    telemetry::FurtherLayer,
};
use winsafe::{HEVENTLOG, HKEY, RegistryValue, co};

/// Where Windows looks for the sources of the log "Application".
const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";

/// Comes with Windows, and has for each event from 1 to 1000 the message that the event brings with it.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";

/// Events of one source.
#[derive(Debug, Clone)]
pub(crate) struct EventLog {
    source: String,
}

impl EventLog {
    pub(crate) fn of(source: &str) -> Self {
        Self { source: source.into() }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Without an event log, or with a full one, the service runs all the same.
    pub(crate) fn report(&self, event: Event, text: &str) {
        let kind = match event {
            Event::Started | Event::Stopped => co::EVENTLOG::INFORMATION_TYPE,
            Event::Warning | Event::Log => co::EVENTLOG::WARNING_TYPE,
            Event::Failed | Event::Error => co::EVENTLOG::ERROR_TYPE,
        };
        // Opened each time: the handle stays with its thread.
        if let Ok(log) = HEVENTLOG::RegisterEventSource(None, &self.source) {
            log.ReportEvent(kind, 0, event as u32, None, &[text], &[]).ok();
        }
    }

    pub(crate) fn layer(&self) -> FurtherLayer {
        layer(self.clone())
    }
}

impl Sink for EventLog {
    fn report(&self, event: Event, text: &str) {
        self.report(event, text);
    }
}

/// Tells Windows where the messages of a source are.
pub(super) fn register(source: &str) -> Result<(), co::ERROR> {
    let key = format!(r"{SOURCES}\{source}");
    let (key, _) =
        HKEY::LOCAL_MACHINE.RegCreateKeyEx(&key, None, co::REG_OPTION::default(), co::KEY::ALL_ACCESS, None)?;
    key.RegSetValueEx(Some("EventMessageFile"), RegistryValue::ExpandSz(MESSAGES.into()))?;
    let kinds =
        co::EVENTLOG::ERROR_TYPE.raw() | co::EVENTLOG::WARNING_TYPE.raw() | co::EVENTLOG::INFORMATION_TYPE.raw();
    key.RegSetValueEx(Some("TypesSupported"), RegistryValue::Dword(kinds.into()))
}

pub(super) fn deregister(source: &str) -> Result<(), co::ERROR> {
    HKEY::LOCAL_MACHINE.RegDeleteKey(&format!(r"{SOURCES}\{source}"))
}
