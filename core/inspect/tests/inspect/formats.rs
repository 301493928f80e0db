//! What each format is recognised by, and what it is refused for.

use crate::{broken, format_of, inspect, make, make::put};
use casement_inspect::Format;

#[test]
fn sound_images_are_recognised_and_break_no_rule() {
    for (name, data) in make::all() {
        let inspection = inspect(&data);
        assert_eq!(inspection.format().name(), name);
        assert_eq!(inspection.findings(), [], "{name}");
    }
}

#[test]
fn virtual_sizes_are_those_of_the_headers() {
    let size = |data: &[u8]| inspect(data).virtual_size();
    assert_eq!(size(&make::qcow2(2, 77)), Some(77));
    assert_eq!(size(&make::qcow2(3, 0)), None);
    assert_eq!(size(&make::dynamic_vhd(77)), Some(77));
    assert_eq!(size(&make::fixed_vhd(&[7; 1024])), Some(1024));
    assert_eq!(size(&make::vhdx(77)), Some(77));
    assert_eq!(size(&make::vmdk(3, &make::vmdk_descriptor("monolithicSparse"))), Some(3 * 512));
    assert_eq!(size(&make::stream_vmdk(3)), Some(3 * 512));
    assert_eq!(size(&make::vdi(77)), Some(77));
    assert_eq!(size(&make::iso(500)), Some(500 * 2048));
    assert_eq!(size(&make::disk(&[make::LINUX])), Some(4096));
    assert_eq!(size(&make::luks(1, 16)), Some((64 << 10) - 16 * 512));
    assert_eq!(size(b"raw"), Some(3));
    assert_eq!(size(b""), None);
}

#[test]
fn qcow2_files_that_name_other_files_are_refused() {
    let mut backed = make::qcow2(3, 1);
    backed[15] = 1;
    assert_eq!(broken(&backed), ["qcow2.backing_file"]);
    let mut split = make::qcow2(3, 1);
    split[79] = 0b100;
    assert_eq!(broken(&split), ["qcow2.data_file"]);
}

#[test]
fn qcow2_features_are_refused_when_unknown() {
    for (byte, bits) in [(79, 0x10), (79, 0x80), (78, 1), (72, 0x80)] {
        let mut data = make::qcow2(3, 1);
        data[byte] = bits;
        assert_eq!(broken(&data), ["qcow2.unknown_features"]);
    }
    let mut known = make::qcow2(3, 1);
    known[79] = 0b1011;
    assert!(broken(&known).is_empty());
    assert_eq!(broken(&make::qcow2(1, 1)), ["qcow2.unknown_features"]);
    assert_eq!(broken(&make::qcow2(4, 1)), ["qcow2.unknown_features"]);
}

#[test]
fn qcow2_version_2_has_no_features() {
    let mut data = make::qcow2(2, 1);
    data[72..80].fill(0xFF);
    assert!(broken(&data).is_empty());
}

#[test]
fn qed_is_banned() {
    assert_eq!(broken(b"QED\0 and anything"), ["qed.banned"]);
}

#[test]
fn fixed_vhds_need_a_sound_footer() {
    let good = make::fixed_vhd(&[7; 2048]);
    assert_eq!(format_of(&good), Format::Vhd);
    let (checksum, kind, cookie) = (2048 + 64, 2048 + 63, 2048);
    for byte in [checksum, kind, cookie] {
        let mut bad = good.clone();
        bad[byte] ^= 1;
        assert_eq!(format_of(&bad), Format::Raw);
    }
    let other_size = [&[7; 2048][..], &make::vhd_footer(2, 1024)].concat();
    assert_eq!(format_of(&other_size), Format::Raw);
}

#[test]
fn differencing_vhds_are_refused_by_either_footer() {
    let [dynamic, differencing] = [3, 4].map(|kind| make::vhd_footer(kind, 77));
    assert_eq!(broken(&[&differencing[..], &dynamic].concat()), ["vhd.parent"]);
    assert_eq!(broken(&[&dynamic[..], &differencing].concat()), ["vhd.parent"]);
}

#[test]
fn differencing_vhdxs_are_refused_by_flag_and_by_locator() {
    let mut flagged = make::vhdx(1);
    flagged[make::VHDX_FLAGS] = 0b10;
    assert_eq!(broken(&flagged), ["vhdx.parent_locator"]);
    let mut located = make::vhdx(1);
    make::vhdx_item(&mut located, 0xA8D35F2D_B30B_454D_ABF7_D3D84834AB0C, 65 << 10);
    assert_eq!(broken(&located), ["vhdx.parent_locator"]);
}

#[test]
fn vhdx_tables_that_can_be_read_in_two_ways_are_refused() {
    let mut two_regions = make::vhdx(1);
    two_regions[make::VHDX_REGIONS[1] + 34] ^= 1;
    assert_eq!(broken(&two_regions), ["vhdx.metadata"]);
    let mut two_sizes = make::vhdx(1);
    make::vhdx_item(&mut two_sizes, 0x2FA54224_CD1B_4876_B211_5DBED83BF4B8, 65 << 10);
    assert_eq!(broken(&two_sizes), ["vhdx.metadata"]);
}

#[test]
fn vhdxs_with_changes_in_the_log_are_refused() {
    for (log, rules) in [(0, &[][..]), (1, &["vhdx.log"])] {
        let mut data = make::vhdx(1);
        make::vhdx_header(&mut data, log);
        assert_eq!(broken(&data), rules);
    }
}

#[test]
fn vhdxs_without_the_way_to_their_size_are_refused() {
    let mut no_regions = make::vhdx(1);
    make::VHDX_REGIONS.iter().for_each(|table| no_regions[*table] = 0);
    assert_eq!(broken(&no_regions), ["vhdx.metadata"]);
    let mut no_metadata = make::vhdx(1);
    no_metadata[make::VHDX_METADATA] = 0;
    assert_eq!(broken(&no_metadata), ["vhdx.metadata"]);
}

#[test]
fn vmdks_with_other_files_are_refused() {
    for kind in ["monolithicFlat", "twoGbMaxExtentSparse", "vmfs"] {
        let descriptor = make::vmdk_descriptor(kind);
        assert_eq!(broken(&make::vmdk(2048, &descriptor)), ["vmdk.descriptor"], "{kind}");
        assert!(broken(descriptor.as_bytes()).contains(&"vmdk.descriptor".to_owned()), "{kind}, text alone");
    }
    let child = make::vmdk_descriptor("monolithicSparse") + "parentFileNameHint=\"/etc/passwd\"\n";
    assert_eq!(broken(&make::vmdk(2048, &child)), ["vmdk.parent"]);
}

#[test]
fn a_descriptor_alone_is_refused_whatever_it_says() {
    let text = make::vmdk_descriptor("monolithicSparse");
    assert_eq!(broken(text.as_bytes()), ["vmdk.descriptor"]);
    // Not ASCII, and long before its type: QEMU reads it all the same.
    let hidden = format!("version=1\n# \u{fc}{}\n{text}", "x".repeat(100_000));
    assert!(!broken(hidden.as_bytes()).is_empty());
    assert_eq!(format_of(&[b"plain text\n".repeat(200), vec![0xFF]].concat()), Format::Raw);
}

#[test]
fn vmdk_headers_that_hide_something_are_refused() {
    let good = make::vmdk(2048, &make::vmdk_descriptor("monolithicSparse"));
    for (byte, reason) in [(4, "version"), (28, "place of the descriptor"), (13, "capacity")] {
        let mut data = good.clone();
        data[byte] ^= 8;
        assert_eq!(broken(&data), ["vmdk.descriptor"], "{reason}");
    }
}

#[test]
fn vmdk_footers_have_to_agree_with_the_header() {
    let good = make::stream_vmdk(2048);
    let footer = good.len() - 1024;
    for byte in [footer, footer + 4, footer + 28, footer + 36, footer - 500, footer - 1, good.len() - 1] {
        let mut data = good.clone();
        data[byte] ^= 0x40;
        assert_eq!(broken(&data), ["vmdk.footer"], "byte {byte}");
    }
    let mut again = good;
    put(&mut again, footer + 56, &u64::MAX.to_le_bytes());
    assert_eq!(broken(&again), ["vmdk.footer"]);
}

#[test]
fn vdis_with_a_parent_are_refused() {
    for (byte, value) in [(0x4C, 3), (0x4C, 4), (0x1A8, 1), (0x1C7, 1)] {
        let mut data = make::vdi(1);
        data[byte] = value;
        assert_eq!(broken(&data), ["vdi.parent"]);
    }
}

#[test]
fn isos_are_known_by_three_names() {
    for name in [b"CD001", b"NSR02", b"NSR03"] {
        let mut data = make::iso(1);
        put(&mut data, (32 << 10) + 1, name);
        assert_eq!(format_of(&data), Format::Iso);
    }
    let mut udf = make::iso(1);
    udf[32 << 10] = 0;
    assert_eq!(inspect(&udf).virtual_size(), Some(udf.len() as u64));
}

#[test]
fn broken_partition_tables_are_refused() {
    let change = |mut entry: [u8; 16], byte: usize| {
        entry[byte] ^= 0x41;
        entry
    };
    let tables = [
        vec![],
        vec![change(make::LINUX, 0)],
        vec![change(make::PROTECTIVE, 1)],
        vec![change(make::PROTECTIVE, 8)],
        vec![make::PROTECTIVE, make::LINUX],
        vec![make::LINUX, make::PROTECTIVE],
        vec![[0; 16], make::PROTECTIVE],
    ];
    for table in tables {
        assert_eq!(broken(&make::disk(&table)), ["gpt.mbr"], "{table:x?}");
    }
    assert!(broken(&make::disk(&[make::LINUX, make::LINUX])).is_empty());
}

#[test]
fn a_fat_filesystem_is_no_disk() {
    let mut data = make::disk(&[]);
    (data[0x10], data[0x15]) = (2, 0xF8);
    assert_eq!(format_of(&data), Format::Raw);
}

#[test]
fn luks_is_version_1_only() {
    assert_eq!(broken(&make::luks(2, 16)), ["luks.version"]);
}
