//! Capabilities as bits on the wire.

use super::{
    CASEMENT_CAN_COPY, CASEMENT_CAN_DELETE, CASEMENT_CAN_LIST, CASEMENT_CAN_OPEN_FILE, CASEMENT_CAN_PRESIGN,
    CASEMENT_CAN_READ_RANGE, CASEMENT_CAN_STAGE_TOKENS, CASEMENT_CAN_USAGE, CASEMENT_CAN_WRITE,
};
use crate::Capabilities;

impl Capabilities {
    /// The abilities, without sizes and limits.
    pub(crate) fn bits(&self) -> u64 {
        [
            (self.write, CASEMENT_CAN_WRITE),
            (self.read_range, CASEMENT_CAN_READ_RANGE),
            (self.delete, CASEMENT_CAN_DELETE),
            (self.list, CASEMENT_CAN_LIST),
            (self.stage_tokens, CASEMENT_CAN_STAGE_TOKENS),
            (self.copy, CASEMENT_CAN_COPY),
            (self.usage, CASEMENT_CAN_USAGE),
            (self.presign, CASEMENT_CAN_PRESIGN),
            (self.open_file, CASEMENT_CAN_OPEN_FILE),
        ]
        .iter()
        .filter(|(can, _)| *can)
        .map(|(_, bit)| bit)
        .sum()
    }

    /// Bits that this version does not know are abilities it has no use for.
    #[cfg(feature = "host")]
    pub(crate) fn from_bits(bits: u64) -> Self {
        let can = |bit| bits & bit != 0;
        Self {
            write: can(CASEMENT_CAN_WRITE),
            read_range: can(CASEMENT_CAN_READ_RANGE),
            delete: can(CASEMENT_CAN_DELETE),
            list: can(CASEMENT_CAN_LIST),
            stage_tokens: can(CASEMENT_CAN_STAGE_TOKENS),
            copy: can(CASEMENT_CAN_COPY),
            usage: can(CASEMENT_CAN_USAGE),
            presign: can(CASEMENT_CAN_PRESIGN),
            open_file: can(CASEMENT_CAN_OPEN_FILE),
            chunk_size: 0,
            max_object_size: 0,
        }
    }
}
