//! The frozen structs keep the size and the offsets they were published with.
#![cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]

use casement_sdk::abi::*;
use std::mem::{offset_of, size_of};

macro_rules! frozen {
    ($test:ident, $struct:ident: $size:literal { $($field:ident @ $offset:literal),+ $(,)? }) => {
        #[test]
        fn $test() {
            assert_eq!(size_of::<$struct>(), $size, "size");
            $(assert_eq!(offset_of!($struct, $field), $offset, stringify!($field));)+
        }
    };
}

frozen!(str_is_frozen, CasementStr: 16 { ptr @ 0, len @ 8 });
frozen!(buf_is_frozen, CasementBuf: 32 { ptr @ 0, len @ 8, owner @ 16, release @ 24 });
frozen!(reply_is_frozen, CasementReply: 80 {
    size @ 0, code @ 4, flags @ 8, reserved @ 12, retry_after_ms @ 16, value @ 24, value2 @ 32, data @ 40, handle @ 72,
});
frozen!(completion_is_frozen, CasementCompletion: 16 { ctx @ 0, done @ 8 });
frozen!(op_is_frozen, CasementOp: 24 { ctx @ 0, cancel @ 8, release @ 16 });
frozen!(capabilities_is_frozen, CasementCapabilities: 32 {
    size @ 0, reserved @ 4, flags @ 8, chunk_size @ 16, max_object_size @ 24,
});
frozen!(host_is_frozen, CasementHost: 64 {
    size @ 0, reserved @ 4, ctx @ 8, log @ 16, log_enabled @ 24, counter_add @ 32, gauge_set @ 40,
    histogram_observe @ 48, query @ 56,
});
frozen!(runtime_is_frozen, CasementRuntime: 8 { size @ 0, workers @ 4 });
frozen!(backend_table_is_frozen, CasementBackendVt: 120 {
    size @ 0, reserved @ 4, capabilities @ 8, stat @ 16, open_write @ 24, open_read @ 32, delete @ 40,
    open_list @ 48, discard @ 56, list_staged @ 64, copy @ 72, format_location @ 80, parse_location @ 88,
    health @ 96, usage @ 104, destroy @ 112,
});
frozen!(writer_table_is_frozen, CasementWriterVt: 40 {
    size @ 0, reserved @ 4, write @ 8, commit @ 16, abort @ 24, destroy @ 32,
});
frozen!(reader_table_is_frozen, CasementReaderVt: 24 { size @ 0, reserved @ 4, next @ 8, destroy @ 16 });
frozen!(lister_table_is_frozen, CasementListerVt: 24 { size @ 0, reserved @ 4, next_page @ 8, destroy @ 16 });
frozen!(presign_table_is_frozen, CasementPresign: 16 { size @ 0, reserved @ 4, presign_read @ 8 });
frozen!(request_table_is_frozen, CasementRequest: 24 { size @ 0, reserved @ 4, id @ 8, log @ 16 });
frozen!(placement_table_is_frozen, CasementPlacement: 16 { size @ 0, reserved @ 4, place @ 8 });
frozen!(file_table_is_frozen, CasementFile: 16 { size @ 0, reserved @ 4, open_file @ 8 });
frozen!(plugin_is_frozen, CasementPlugin: 136 {
    size @ 0, abi_major @ 4, abi_minor @ 6, flags @ 8, reserved @ 12, capabilities @ 16, name @ 24, version @ 40,
    built_with @ 56, config_schema @ 72, open @ 88, backend @ 96, writer @ 104, reader @ 112, lister @ 120, query @ 128,
});
