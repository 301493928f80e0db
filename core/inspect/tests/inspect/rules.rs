//! What an image may have, in Glance's words.

use crate::{inspect, make};
use casement_inspect::{Refusal, RefusalKind, Settings, VmdkType, judge};

fn verdict(data: &[u8], disk_format: &str) -> Result<Option<u64>, Refusal> {
    verdict_with(data, disk_format, &Settings::default())
}

fn verdict_with(data: &[u8], disk_format: &str, settings: &Settings) -> Result<Option<u64>, Refusal> {
    judge(&inspect(data), disk_format, "bare", settings).map(|verdict| verdict.virtual_size)
}

fn refusal(data: &[u8], disk_format: &str) -> (RefusalKind, String, String) {
    let refusal = verdict(data, disk_format).unwrap_err();
    (refusal.kind, refusal.rule, refusal.message)
}

fn says(kind: RefusalKind, rule: &str, message: &str) -> (RefusalKind, String, String) {
    (kind, rule.to_owned(), message.to_owned())
}

fn mismatch(claimed: &str, found: &str) -> (RefusalKind, String, String) {
    let message = format!("Image disk_format {claimed} does not match stream data {found}");
    says(RefusalKind::Mismatch, "format.mismatch", &message)
}

fn backed() -> Vec<u8> {
    let mut data = make::qcow2(3, 1 << 30);
    data[15] = 1;
    data
}

#[test]
fn every_format_is_accepted_as_itself_and_as_raw() {
    for (name, data) in make::all() {
        let inspection = inspect(&data);
        assert_eq!(verdict(&data, name), Ok(inspection.virtual_size()), "{name}");
        assert_eq!(verdict(&data, "raw"), Ok(Some(data.len() as u64)), "{name} as raw");
    }
}

#[test]
fn another_format_is_refused_by_both_names() {
    assert_eq!(refusal(&make::iso(1), "qcow2"), mismatch("qcow2", "iso"));
    assert_eq!(refusal(b"", "qcow2"), mismatch("qcow2", "raw"));
    assert_eq!(refusal(&backed(), "vmdk"), mismatch("vmdk", "qcow2"));
    assert_eq!(refusal(&make::qcow2(3, 1), "ami"), mismatch("ami", "qcow2"));
}

#[test]
fn no_data_is_raw_without_a_virtual_size() {
    assert_eq!(verdict(b"", "raw"), Ok(None));
}

#[test]
fn formats_without_marks_are_accepted_when_nothing_is_recognised() {
    for format in ["ami", "aki", "ari", "ploop"] {
        assert_eq!(verdict(b"whatever", format), Ok(None));
    }
}

#[test]
fn safety_checks_hold_for_raw_too_and_name_their_rule() {
    let message = "Image failed safety checks: qcow2.backing_file: the image names a backing file";
    let refused = says(RefusalKind::Unsafe, "qcow2.backing_file", message);
    assert_eq!(refusal(&backed(), "qcow2"), refused);
    assert_eq!(refusal(&backed(), "raw"), refused);
    assert_eq!(refusal(b"QED\0", "raw").1, "qed.banned");
    assert_eq!(refusal(make::vmdk_descriptor("monolithicFlat").as_bytes(), "raw").1, "vmdk.descriptor");
    assert_eq!(refusal(&make::disk(&[]), "raw").1, "gpt.mbr");
}

#[test]
fn other_containers_are_not_looked_into() {
    for container in ["ovf", "ova", "docker", "compressed", "ami"] {
        let verdict = judge(&inspect(&backed()), "vmdk", container, &Settings::default());
        assert_eq!(verdict.unwrap().virtual_size, None, "{container}");
    }
}

#[test]
fn several_formats_are_refused_unless_they_go_together() {
    let mut two = make::qcow2(3, 1);
    make::put(&mut two, 0x40, &0xBEDA_107F_u32.to_le_bytes());
    let refused = says(RefusalKind::Mismatch, "format.multiple", "Multiple formats detected: qcow2,vdi");
    assert_eq!(refusal(&two, "qcow2"), refused);
    assert_eq!(refusal(&two, "raw"), refused);

    let mut bootable = make::iso(3);
    make::put(&mut bootable, 0, &make::disk(&[])[..512]);
    assert_eq!(verdict(&bootable, "iso"), Ok(Some(3 * 2048)));
}

#[test]
fn data_that_ends_in_its_header_is_refused() {
    let refused = says(RefusalKind::Mismatch, "format.incomplete", "Incomplete file cannot be safety checked");
    for (format, data, len) in [
        ("vhdx", make::vhdx(1), make::MIB + 100),
        ("vhd", make::dynamic_vhd(1), 500),
        ("qcow2", make::qcow2(3, 1), 100),
        ("luks", make::luks(1, 1), 512),
        ("vmdk", make::stream_vmdk(1), 1000),
    ] {
        assert_eq!(refusal(&data[..len], format), refused, "{format}");
        assert_eq!(refusal(&data[..len], "raw"), refused, "{format} as raw");
    }
}

#[test]
fn the_claim_decides_whether_a_vhd_footer_is_one() {
    let disk = make::disk(&[make::LINUX]);
    let vhd = make::fixed_vhd(&disk);
    assert_eq!(verdict(&vhd, "vhd"), Ok(Some(disk.len() as u64)));
    assert_eq!(verdict(&vhd, "gpt"), Ok(Some(vhd.len() as u64)));
    assert_eq!(verdict(&vhd, "raw"), Ok(Some(vhd.len() as u64)));
    assert_eq!(refusal(&vhd, "qcow2"), mismatch("qcow2", "gpt"));
    assert_eq!(verdict(&make::fixed_vhd(&make::iso(1)), "vhd"), Ok(Some(40 << 10)));
    // As a VHD it is what is on the disk; as raw it is the disk.
    let unpartitioned = make::fixed_vhd(&make::disk(&[]));
    assert_eq!(verdict(&unpartitioned, "vhd"), Ok(Some(4096)));
    assert_eq!(refusal(&unpartitioned, "raw").1, "gpt.mbr");
}

#[test]
fn a_vhd_footer_hides_no_other_format() {
    let hidden = make::fixed_vhd(&backed());
    for format in ["vhd", "qcow2", "raw"] {
        assert_eq!(refusal(&hidden, format).2, "Multiple formats detected: qcow2,vhd");
    }
}

#[test]
fn kernels_may_begin_with_a_boot_sector() {
    let kernel = make::disk(&[]);
    let as_glance = Settings { allow_boot_sector_in_ami: false, ..Settings::default() };
    for format in ["aki", "ari"] {
        assert_eq!(verdict(&kernel, format), Ok(None));
        let refusal = verdict_with(&kernel, format, &as_glance).unwrap_err();
        assert_eq!(refusal.message, format!("Image disk_format {format} does not match stream data gpt"));
    }
    assert_eq!(verdict(&make::disk(&[make::LINUX]), "ami"), Ok(None));
    assert_eq!(refusal(&kernel, "ami").1, "gpt.mbr");
}

#[test]
fn checks_of_partition_tables_can_be_excused() {
    let excused =
        Settings { gpt_safety_checks_nonfatal: vec!["mbr".into(), "backing_file".into()], ..Settings::default() };
    let disk = make::disk(&[]);
    assert_eq!(verdict_with(&disk, "gpt", &excused), Ok(Some(4096)));
    assert_eq!(verdict_with(&disk, "raw", &excused), Ok(Some(4096)));
    assert!(verdict_with(&backed(), "raw", &excused).is_err(), "of no other format");
}

#[test]
fn types_of_vmdk_can_be_forbidden() {
    let data = make::vmdk(2048, &make::vmdk_descriptor("monolithicSparse"));
    let only = |types: &[VmdkType]| Settings { vmdk_allowed_types: types.to_vec(), ..Settings::default() };
    assert_eq!(verdict_with(&data, "vmdk", &only(&[VmdkType::MonolithicSparse])), Ok(Some(2048 * 512)));
    for (claim, types) in [("vmdk", &[VmdkType::StreamOptimized][..]), ("vmdk", &[]), ("raw", &[])] {
        let refusal = verdict_with(&data, claim, &only(types)).unwrap_err();
        assert_eq!((refusal.kind, &*refusal.rule), (RefusalKind::Unsafe, "vmdk.type"));
    }
    assert_eq!(verdict_with(&make::stream_vmdk(1), "vmdk", &only(&[VmdkType::StreamOptimized])), Ok(Some(512)));
}

#[test]
fn a_parallels_image_is_known_and_no_other_data_has_to_be_one() {
    assert_eq!(verdict(&make::ploop(7), "ploop"), Ok(Some(7 * 512)));
    assert_eq!(verdict(&make::ploop(7), "ami"), Ok(None));
    assert_eq!(refusal(&make::ploop(7), "qcow2"), mismatch("qcow2", "ploop"));
    assert_eq!(refusal(&make::qcow2(3, 1), "ploop"), mismatch("ploop", "qcow2"));
}

#[test]
fn without_required_match_only_unsafe_data_is_refused() {
    let lenient = Settings { require_format_match: false, ..Settings::default() };
    assert_eq!(verdict_with(&make::iso(1), "qcow2", &lenient), Ok(None));
    assert_eq!(verdict_with(&make::vhdx(1)[..500_000], "vhdx", &lenient), Ok(None));
    assert_eq!(verdict_with(&backed(), "vmdk", &lenient).unwrap_err().rule, "qcow2.backing_file");
    let hidden = make::fixed_vhd(&backed());
    assert_eq!(verdict_with(&hidden, "vhd", &lenient).unwrap_err().rule, "qcow2.backing_file");
}

#[test]
fn virtual_sizes_have_limits() {
    let settings = |size, ratio| Settings { max_virtual_size: size, max_virtual_ratio: ratio, ..Settings::default() };
    let data = make::qcow2(3, 10_240);
    let rule = |settings| verdict_with(&data, "qcow2", &settings).map_err(|refusal| (refusal.kind, refusal.rule));
    let too_large = |rule: &str| Err((RefusalKind::TooLarge, rule.to_owned()));
    assert_eq!(rule(settings(Some(10_240), Some(10))), Ok(Some(10_240)));
    assert_eq!(rule(settings(Some(10_239), None)), too_large("virtual_size.absolute"));
    assert_eq!(rule(settings(None, Some(9))), too_large("virtual_size.ratio"));
    assert_eq!(rule(settings(Some(10_239), Some(9))), too_large("virtual_size.ratio"));
}

#[test]
fn no_virtual_size_is_larger_than_a_database_can_hold() {
    assert_eq!(refusal(&make::qcow2(3, 1 << 63), "qcow2").1, "virtual_size.absolute");
    let endless = make::vmdk(u64::MAX, &make::vmdk_descriptor("monolithicSparse"));
    assert_eq!(refusal(&endless, "vmdk").1, "virtual_size.absolute");
    assert_eq!(verdict(&make::qcow2(3, i64::MAX as u64), "qcow2"), Ok(Some(i64::MAX as u64)));
}
