//! What Win32 errors mean for a store: the one table of them.
//!
//! Numbers, names and texts are those of the pages "System Error Codes" of Microsoft Learn (`Row::source` says which), and
//! of [MS-ERREF] 2.2. Why a class: the remark in the table, from [MS-SMB2] where it tells what a client does, and from
//! the table of [MS-ERREF] 2.3 that maps NTSTATUS to Win32.

use crate::{Class, Error};
use std::fmt;

/// A Win32 error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(pub u32);

/// What there is to know about a code.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub number: u32,
    pub name: &'static str,
    pub class: Class,
    /// For a person.
    pub meaning: &'static str,
}

impl Row {
    /// The page of Microsoft Learn that lists this code.
    pub fn source(&self) -> &'static str {
        match self.number {
            0..500 => "System Error Codes (0-499)",
            500..1000 => "System Error Codes (500-999)",
            1000..1300 => "System Error Codes (1000-1299)",
            1300..1700 => "System Error Codes (1300-1699)",
            1700..4000 => "System Error Codes (1700-3999)",
            4000..6000 => "System Error Codes (4000-5999)",
            _ => "[MS-ERREF] 2.2",
        }
    }
}

macro_rules! codes {
    ($($number:literal $name:ident $class:ident $meaning:literal)*) => {
        impl Code {
            $(pub const $name: Self = Self($number);)*
        }

        /// By number.
        const TABLE: &[Row] = &[$(Row {
            number: $number,
            name: concat!("ERROR_", stringify!($name)),
            class: Class::$class,
            meaning: $meaning,
        }),*];
    };
}

codes! {
    1    INVALID_FUNCTION               Unsupported   "the file system cannot do this"
    2    FILE_NOT_FOUND                 NotFound      "there is no such file"
    3    PATH_NOT_FOUND                 NotFound      "there is no such directory"
    4    TOO_MANY_OPEN_FILES            Other         "too many files are open"
    // Also STATUS_DELETE_PENDING: the directory's code tells the two apart.
    5    ACCESS_DENIED                  Denied        "this account may not do that"
    // STATUS_FILE_CLOSED: the redirector gave the handle up.
    6    INVALID_HANDLE                 Lost          "the file is no longer open"
    8    NOT_ENOUGH_MEMORY              Other         "there is not enough memory"
    15   INVALID_DRIVE                  NotFound      "there is no such drive"
    17   NOT_SAME_DEVICE                Config        "the two directories are not on one volume"
    18   NO_MORE_FILES                  NotFound      "there are no more files"
    19   WRITE_PROTECT                  ReadOnly      "the volume is write-protected"
    // An iSCSI disk or a passed-through one that went away, and comes back.
    21   NOT_READY                      Lost          "the disk is not ready"
    23   CRC                            Corrupt       "the disk's checksum of the data does not hold"
    32   SHARING_VIOLATION              Held          "another program has the file open"
    33   LOCK_VIOLATION                 Held          "another program has locked a part of the file"
    // The end of the file, and also STATUS_FILE_FORCED_CLOSED: the file's code tells the two apart.
    38   HANDLE_EOF                     Other         "the end of the file was reached"
    39   HANDLE_DISK_FULL               Full          "the volume is full"
    50   NOT_SUPPORTED                  Unsupported   "the file system or the file server cannot do this"
    51   REM_NOT_LIST                   Lost          "the file server is not on the network"
    // No answer from the server, or no name for it: what a node's failure looks like until another takes over.
    53   BAD_NETPATH                    Lost          "the file server was not found on the network"
    54   NETWORK_BUSY                   Lost          "the network is busy"
    55   DEV_NOT_EXIST                  Lost          "the share or the disk is no longer there"
    58   BAD_NET_RESP                   Lost          "the file server gave an answer that makes no sense"
    59   UNEXP_NET_ERR                  Lost          "the network failed in an unexpected way"
    // STATUS_NETWORK_NAME_DELETED, the usual end of handles when the connection is reset.
    64   NETNAME_DELETED                Lost          "the connection to the share was cut"
    65   NETWORK_ACCESS_DENIED          Denied        "the file server refuses access"
    66   BAD_DEV_TYPE                   Config        "this name on the network is not a share for files"
    // STATUS_BAD_NETWORK_NAME: while a clustered share moves it is on neither node.
    67   BAD_NET_NAME                   Lost          "the file server has no such share"
    70   SHARING_PAUSED                 Paused        "the file server is paused or is starting"
    71   REQ_NOT_ACCEP                  Lost          "the file server accepts no more connections now"
    80   FILE_EXISTS                    Exists        "the file exists"
    86   INVALID_PASSWORD               Denied        "the password is wrong"
    87   INVALID_PARAMETER              Other         "Windows did not understand the call"
    88   NET_WRITE_FAULT                Lost          "a write to the network failed"
    112  DISK_FULL                      Full          "the volume is full"
    120  CALL_NOT_IMPLEMENTED           Unsupported   "this system cannot do this"
    // STATUS_IO_TIMEOUT: the server did not answer in time.
    121  SEM_TIMEOUT                    Lost          "the file server or the disk did not answer in time"
    123  INVALID_NAME                   Config        "no file can have this name"
    124  INVALID_LEVEL                  Unsupported   "the file system cannot do this"
    126  MOD_NOT_FOUND                  Unsupported   "this Windows lacks the library for that"
    127  PROC_NOT_FOUND                 Unsupported   "this Windows lacks the function for that"
    145  DIR_NOT_EMPTY                  Other         "the directory is not empty"
    161  BAD_PATHNAME                   Config        "this is no path"
    170  BUSY                           Held          "another program uses this"
    183  ALREADY_EXISTS                 Exists        "the name is taken"
    206  FILENAME_EXCED_RANGE           Config        "the name or the path is too long"
    223  FILE_TOO_LARGE                 Full          "the file system takes no file of this size"
    225  VIRUS_INFECTED                 Denied        "the virus scanner refuses the file: it takes it for malicious"
    226  VIRUS_DELETED                  Denied        "the virus scanner removed the file: it takes it for malicious"
    234  MORE_DATA                      Other         "there is more data than was asked for"
    // STATUS_VIRTUAL_CIRCUIT_CLOSED
    240  VC_DISCONNECTED                Lost          "the session with the file server has ended"
    259  NO_MORE_ITEMS                  NotFound      "there are no more of these"
    267  DIRECTORY                      NotADirectory "this is not a directory"
    303  DELETE_PENDING                 Held          "the file is being deleted"
    // Thin provisioning: the pool is full, whatever the volume says.
    314  DISK_RESOURCES_EXHAUSTED       Full          "the storage pool is full"
    316  DEVICE_FEATURE_NOT_SUPPORTED   Unsupported   "the disk cannot do this"
    321  DEVICE_UNREACHABLE             Lost          "the disk cannot be reached"
    // ReFS shares a cluster at most some thousand times.
    347  BLOCK_TOO_MANY_REFERENCES      Other         "a block of the file is shared too often"
    // Storage Spaces Direct: a node is being drained.
    359  DEVICE_IN_MAINTENANCE          Paused        "the storage is in maintenance mode"
    384  SMB1_NOT_AVAILABLE             Unsupported   "the file server speaks only SMB 1, which is switched off"
    433  NO_SUCH_DEVICE                 Lost          "the disk is no longer there"
    // What exFAT says of renames with flags.
    665  FILE_SYSTEM_LIMITATION         Unsupported   "the file system cannot do this"
    802  CANNOT_BREAK_OPLOCK            Held          "another program has the file open"
    995  OPERATION_ABORTED              Cancelled     "the operation was cancelled"
    // STATUS_FILE_INVALID: the volume was dismounted under the handle.
    1006 FILE_INVALID                   Lost          "the volume under the open file has changed"
    1117 IO_DEVICE                      Other         "the disk failed"
    1130 NOT_ENOUGH_SERVER_MEMORY       Lost          "the file server is short of memory"
    1167 DEVICE_NOT_CONNECTED           Lost          "the disk is not connected"
    // The network provider knows neither server nor share, or there is no network yet.
    1203 NO_NET_OR_BAD_PATH             Lost          "no network knows this path"
    1219 SESSION_CREDENTIAL_CONFLICT    Denied        "this account is connected to the file server under another name"
    1222 NO_NETWORK                     Lost          "there is no network"
    1224 USER_MAPPED_FILE               Held          "another program has the file mapped"
    1225 CONNECTION_REFUSED             Lost          "the file server refuses the connection"
    1229 CONNECTION_INVALID             Lost          "there is no connection to the file server"
    1231 NETWORK_UNREACHABLE            Lost          "the network of the file server cannot be reached"
    1232 HOST_UNREACHABLE               Lost          "the file server cannot be reached"
    1233 PROTOCOL_UNREACHABLE           Lost          "the file server cannot be reached by this protocol"
    1234 PORT_UNREACHABLE               Lost          "no service listens on the file server"
    1236 CONNECTION_ABORTED             Lost          "the connection to the file server was aborted"
    1237 RETRY                          Lost          "the operation could not be completed and should be tried again"
    1256 HOST_DOWN                      Lost          "the file server is down"
    // STATUS_DOWNGRADE_DETECTED: no domain controller could be asked, so that Kerberos fell back to what is refused.
    1265 DOWNGRADE_DETECTED             Lost          "no domain controller could vouch for the file server"
    1272 SMB_GUEST_LOGON_BLOCKED        Denied        "the file server takes this account for a guest, which policy forbids"
    1295 DISK_QUOTA_EXCEEDED            Full          "the account's disk quota is used up"
    1307 INVALID_OWNER                  Config        "this account may not make that one the owner of a file"
    1311 NO_LOGON_SERVERS               Lost          "no domain controller can be reached"
    1314 PRIVILEGE_NOT_HELD             Denied        "this account lacks a privilege"
    1326 LOGON_FAILURE                  Denied        "the user name or the password is wrong"
    1327 ACCOUNT_RESTRICTION            Denied        "a restriction of the account forbids it to log on"
    1330 PASSWORD_EXPIRED               Denied        "the account's password has expired"
    1331 ACCOUNT_DISABLED               Denied        "the account is disabled"
    1336 INVALID_ACL                    Config        "the access control list makes no sense"
    1337 INVALID_SID                    Config        "there is no such account"
    1338 INVALID_SECURITY_DESCR         Config        "the security descriptor makes no sense"
    1392 FILE_CORRUPT                   Corrupt       "the file or directory is damaged"
    1393 DISK_CORRUPT                   Corrupt       "the volume is damaged"
    // Of a file server, mostly: its non-paged pool is used up for a moment.
    1450 NO_SYSTEM_RESOURCES            Lost          "the system is short of resources"
    1460 TIMEOUT                        Lost          "the operation did not end in time"
    1789 TRUSTED_RELATIONSHIP_FAILURE   Denied        "the domain does not trust this machine"
    1792 NETLOGON_NOT_STARTED           Lost          "the logon service is not running yet"
    1793 ACCOUNT_EXPIRED                Denied        "the account has expired"
    1907 PASSWORD_MUST_CHANGE           Denied        "the account's password must be changed first"
    1909 ACCOUNT_LOCKED_OUT             Denied        "the account is locked out"
    2250 NOT_CONNECTED                  Lost          "there is no connection to the share"
    2401 OPEN_FILES                     Held          "files are open on the connection"
    2404 DEVICE_IN_USE                  Lost          "the connection is in use by another process and cannot be made anew yet"
    5004 RESOURCE_NOT_ONLINE            Paused        "the cluster resource is not online"
    5005 HOST_NODE_NOT_AVAILABLE        Paused        "no node of the cluster runs the resource"
    5007 RESOURCE_NOT_FOUND             NotFound      "the cluster has no such resource"
    5038 RESOURCE_FAILED                Paused        "the cluster resource has failed"
    5908 CLUSTER_GROUP_MOVING           Paused        "the cluster moves the resource to another node"
    5945 CLUSTER_NOT_SHARED_VOLUME      Config        "this is no cluster shared volume"
    5950 NON_CSV_PATH                   Config        "this path is not on a cluster shared volume"
    // While a volume moves; and also for what only its owner can do, see `is_for_owner`.
    5951 CSV_VOLUME_NOT_LOCAL           Paused        "another node owns the cluster shared volume"
    5963 CLUSTER_DISK_NOT_CONNECTED     Paused        "no node of the cluster reaches the disk"
    5966 CLUSTER_SHARED_VOLUME_REDIRECTED Paused      "the cluster shared volume is in redirected access"
    5970 CLUSTER_RESOURCE_IS_IN_MAINTENANCE_MODE Paused "the cluster resource is in maintenance"
    5979 CLUSTER_CSV_IO_PAUSE_TIMEOUT   Paused        "the cluster shared volume was paused for too long"
    5980 NODE_NOT_ACTIVE_CLUSTER_MEMBER Paused        "this node takes no part in the cluster now"
    5989 CLUSTER_CSV_INVALID_HANDLE     Lost          "the cluster shared volume moved, and the file is no longer open"
    5990 CLUSTER_CSV_SUPPORTED_ONLY_ON_COORDINATOR Paused "only the volume's owner node can do this"
}

impl Code {
    pub fn row(self) -> Option<&'static Row> {
        TABLE.binary_search_by_key(&self.0, |row| row.number).ok().and_then(|at| TABLE.get(at))
    }

    pub fn class(self) -> Class {
        self.row().map_or(Class::Other, |row| row.class)
    }

    /// Whether a call failed because only the node that owns a cluster shared volume can make it: there is another way, and
    /// this one may do when the volume has moved.
    pub(super) fn is_for_owner(self) -> bool {
        matches!(
            self,
            Self::CSV_VOLUME_NOT_LOCAL
                | Self::CLUSTER_SHARED_VOLUME_REDIRECTED
                | Self::CLUSTER_CSV_SUPPORTED_ONLY_ON_COORDINATOR
        )
    }

    /// Whether a call failed because this system, file system or server has no such call. For a class of information
    /// that it does not know, that is INVALID_PARAMETER (STATUS_INVALID_INFO_CLASS).
    pub(super) fn is_lacking(self) -> bool {
        self == Self::INVALID_PARAMETER || self.class() == Class::Unsupported
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => write!(f, "{} (Windows error {}, {})", row.meaning, row.number, row.name),
            None => write!(f, "Windows error {}", self.0),
        }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code.class(), code.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_so_that_each_code_is_found() {
        assert!(TABLE.windows(2).all(|rows| rows[0].number < rows[1].number));
        assert!(TABLE.iter().all(|row| Code(row.number).row().map(|found| found.name) == Some(row.name)));
    }

    #[test]
    fn a_lost_connection_may_come_back_and_a_wrong_password_may_not() {
        for lost in [53, 59, 64, 67, 121, 1222, 1231, 1232, 1236, 1265, 2404] {
            assert!(Code(lost).class().is_transient(), "{lost}");
        }
        for lasting in [2, 5, 32, 112, 1219, 1326] {
            assert!(!Code(lasting).class().is_transient(), "{lasting}");
        }
    }

    #[test]
    fn a_message_has_what_a_person_and_a_search_engine_need() {
        let text = Error::from(Code::BAD_NETPATH).to_string();
        assert_eq!(text, "the file server was not found on the network (Windows error 53, ERROR_BAD_NETPATH)");
        assert_eq!(Code(60_000).to_string(), "Windows error 60000");
        assert_eq!(Code(60_000).class(), Class::Other);
    }
}
