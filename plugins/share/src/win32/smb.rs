//! Shares: the account that a server knows, and how safe the connection is.

use super::{Answer, Api, Code, RemoteProtocol, path::Root};
use crate::{Class, Credentials, Error, Result};
use std::fmt;

const WNNC_NET_SMB: u32 = 0x0002_0000;

/// `REMOTE_PROTOCOL_INFO_FLAG_…` ("FILE_REMOTE_PROTOCOL_INFO structure", Microsoft Learn).
const LOOPBACK: u32 = 0x01;
const PERSISTENT_HANDLE: u32 = 0x04;
const PRIVACY: u32 = 0x08;
const INTEGRITY: u32 = 0x10;
/// `RPI_FLAG_SMB2_SHARECAP_CONTINUOUS_AVAILABILITY`
const CONTINUOUS_AVAILABILITY: u32 = 0x10;
/// `RPI_SMB2_SHARECAP_ENCRYPTED`
const ENCRYPTED: u32 = 0x80;
/// `RPI_SMB2_FLAG_SERVERCAP_PERSISTENT_HANDLES`
const SERVER_PERSISTENT_HANDLES: u32 = 0x10;
/// `RPI_SMB2_SHAREFLAG_ENCRYPT_DATA`
const ENCRYPT_DATA: u32 = 0x01;

/// Makes the account of the options the one that the server sees.
pub(super) fn connect<A: Api>(api: &A, share: &str, credentials: &Credentials) -> Result<()> {
    let Credentials { username, password } = credentials;
    let connect = || api.connect(share, username, password);
    let connected = match connect() {
        // A process of this account that was killed leaves its connection behind; one that is in use stays.
        Err(Code::SESSION_CREDENTIAL_CONFLICT) if api.disconnect(share).is_ok() => connect(),
        connected => connected,
    };
    connected.map_err(|code| refused(share, username, code))
}

fn refused(share: &str, username: &str, code: Code) -> Error {
    let error = Error::from(code).context(&format!("connecting to `{share}` as `{username}`"));
    let server = share.trim_start_matches('\\').split('\\').next().unwrap_or_default();
    match code {
        Code::SESSION_CREDENTIAL_CONFLICT => error.advice(&format!(
            "Windows allows one account on a server at a time: give every store on `{server}` the same account, end the \
             other connection with `net use \\\\{server} /delete`, or name the server by an alias of its own here",
        )),
        _ if code.class() == Class::Denied => error.with_class(Class::Login).advice("look at the store's username and password"),
        _ => error,
    }
}

/// How a share is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection {
    protocol: RemoteProtocol,
}

impl Connection {
    /// `None` where no server keeps the file.
    pub(super) fn of<A: Api>(api: &A, handle: &A::Handle) -> Answer<Option<Self>> {
        match api.remote_protocol(handle) {
            Ok(protocol) => Ok(Some(Self { protocol })),
            Err(code) if code.is_lacking() => Ok(None),
            Err(code) => Err(code),
        }
    }

    fn is_encrypted(self) -> bool {
        let RemoteProtocol { version, flags, share_capabilities, share_flags, .. } = self.protocol;
        flags & PRIVACY != 0 || share_capabilities & ENCRYPTED != 0 || version >= 4 && share_flags & ENCRYPT_DATA != 0
    }

    fn is_signed(self) -> bool {
        self.protocol.flags & INTEGRITY != 0
    }

    fn has_persistent_handles(self) -> bool {
        self.protocol.flags & PERSISTENT_HANDLE != 0
            || self.protocol.server_capabilities & SERVER_PERSISTENT_HANDLES != 0
    }

    fn is_continuously_available(self) -> bool {
        self.protocol.share_capabilities & CONTINUOUS_AVAILABILITY != 0
    }

    /// What an operator should know about the share, in sentences.
    pub(super) fn warnings(self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.protocol.protocol != WNNC_NET_SMB {
            return warnings;
        }
        if !self.is_continuously_available() {
            warnings.push(
                "it is not continuously available: when the file server fails or moves, open files are lost, and \
                 uploads and downloads wait or begin anew. On a cluster, `Set-SmbShare -ContinuouslyAvailable $true` \
                 on a scale-out file server's share changes that",
            );
        }
        if !self.is_encrypted() && !self.is_signed() && self.protocol.flags & LOOPBACK == 0 {
            warnings.push(
                "it is neither signed nor encrypted: whoever is on the network between can change images. \
                 `Set-SmbShare -EncryptData $true` on the file server, or `Set-SmbClientConfiguration \
                 -RequireSecuritySignature $true` here, changes that",
            );
        }
        warnings
    }

    /// Logs what is known, and warns.
    pub(super) fn report(self, root: &Root) {
        tracing::debug!(%root, connection = %self, "a file server keeps the root");
        for warning in self.warnings() {
            tracing::warn!("the share of the root `{root}` is at risk: {warning}");
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RemoteProtocol { protocol, major, minor, revision, .. } = self.protocol;
        match protocol {
            WNNC_NET_SMB => write!(f, "SMB {major}.{minor}.{revision}")?,
            _ => write!(f, "protocol {protocol:#x} {major}.{minor}.{revision}")?,
        }
        let facts = [
            (self.is_encrypted(), "encrypted"),
            (self.is_signed(), "signed"),
            (self.has_persistent_handles(), "persistent handles"),
            (self.is_continuously_available(), "continuously available"),
        ];
        for (holds, fact) in facts {
            write!(f, ", {}{fact}", if holds { "" } else { "not " })?;
        }
        Ok(())
    }
}
