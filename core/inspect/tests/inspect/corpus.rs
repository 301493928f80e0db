//! Images as the real tools write them.

use crate::{broken, fuzzing, hostile::judge_all, inspect, tools};
use casement_inspect::{Inspection, Settings, judge};
use std::{fs, path::Path, sync::OnceLock};
use tempfile::TempDir;

/// A format as QEMU calls it, its options, and the rule that it breaks.
type Case = (&'static str, &'static str, Option<&'static str>);

const SECRET: [&str; 2] = ["--object", "secret,id=key,data=of-a-test"];

/// Every format that QEMU writes, and every option of it that changes what stands in the file.
#[rustfmt::skip]
const CASES: [Case; 60] = [
    ("raw", "", None),
    ("raw", "preallocation=falloc", None),
    ("qcow2", "compat=v2", None),
    ("qcow2", "compat=v3", None),
    ("qcow2", "lazy_refcounts=on", None),
    ("qcow2", "cluster_size=2M", None),
    ("qcow2", "cluster_size=512", None),
    ("qcow2", "refcount_bits=1", None),
    ("qcow2", "refcount_bits=64", None),
    ("qcow2", "compression_type=zstd", None),
    ("qcow2", "preallocation=metadata", None),
    ("qcow2", "preallocation=falloc", None),
    ("qcow2", "preallocation=full", None),
    ("qcow2", "extended_l2=on", Some("qcow2.unknown_features")),
    ("qcow2", "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10", None),
    ("qcow2", "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10,encrypt.cipher-alg=aes-128,encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv,encrypt.ivgen-hash-alg=sha256,encrypt.hash-alg=sha1", None),
    ("qcow2", "encrypt.format=aes,encrypt.key-secret=key", None),
    ("qcow2", "backing_file=base.raw,backing_fmt=raw", Some("qcow2.backing_file")),
    ("qcow2", "backing_file=base.raw,backing_fmt=raw,compat=v2", Some("qcow2.backing_file")),
    ("qcow2", "backing_file=base.raw,backing_fmt=raw,data_file=data.raw", Some("qcow2.backing_file")),
    ("qcow2", "data_file=data.raw", Some("qcow2.data_file")),
    ("qcow2", "data_file=data.raw,data_file_raw=on", Some("qcow2.data_file")),
    ("qcow", "", Some("qcow2.unknown_features")),
    ("qcow", "encrypt.format=aes,encrypt.key-secret=key", Some("qcow2.unknown_features")),
    ("qcow", "backing_file=base.raw,backing_fmt=raw", Some("qcow2.backing_file")),
    ("qed", "", Some("qed.banned")),
    ("qed", "cluster_size=128k,table_size=4", Some("qed.banned")),
    ("qed", "backing_file=base.raw,backing_fmt=raw", Some("qed.banned")),
    ("vmdk", "subformat=monolithicSparse", None),
    ("vmdk", "subformat=monolithicSparse,compat6=on", None),
    ("vmdk", "subformat=monolithicSparse,zeroed_grain=on", None),
    ("vmdk", "subformat=monolithicSparse,adapter_type=lsilogic,hwversion=11,toolsversion=10000", None),
    ("vmdk", "subformat=monolithicSparse,adapter_type=legacyESX", None),
    ("vmdk", "subformat=streamOptimized", None),
    ("vmdk", "subformat=streamOptimized,zeroed_grain=on", None),
    ("vmdk", "subformat=monolithicFlat", Some("vmdk.descriptor")),
    ("vmdk", "subformat=twoGbMaxExtentSparse", Some("vmdk.descriptor")),
    ("vmdk", "subformat=twoGbMaxExtentFlat", Some("vmdk.descriptor")),
    ("vmdk", "subformat=monolithicSparse,backing_file=base.vmdk,backing_fmt=vmdk", Some("vmdk.parent")),
    ("vmdk", "subformat=twoGbMaxExtentSparse,backing_file=base.vmdk,backing_fmt=vmdk", Some("vmdk.descriptor")),
    ("vhdx", "subformat=dynamic", None),
    ("vhdx", "subformat=dynamic,block_size=1M", None),
    ("vhdx", "subformat=dynamic,block_size=256M", None),
    ("vhdx", "subformat=dynamic,log_size=4M", None),
    ("vhdx", "subformat=dynamic,block_state_zero=off", None),
    ("vhdx", "subformat=fixed", None),
    ("vhdx", "subformat=fixed,block_size=2M", None),
    ("vpc", "subformat=dynamic", None),
    ("vpc", "subformat=dynamic,force_size=on", None),
    ("vpc", "subformat=fixed", None),
    ("vpc", "subformat=fixed,force_size=on", None),
    ("vdi", "", None),
    ("vdi", "static=on", None),
    ("luks", "key-secret=key,iter-time=10", None),
    ("luks", "key-secret=key,iter-time=10,cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256,hash-alg=sha1", None),
    ("luks", "key-secret=key,iter-time=10,cipher-alg=serpent-256,hash-alg=sha512", None),
    ("parallels", "", None),
    ("parallels", "cluster_size=64k", None),
    ("parallels", "cluster_size=1M", None),
    ("parallels", "cluster_size=2M", None),
];

/// What QEMU wrote, and how large it says that the disk is where no rule is broken; made once for all tests.
struct Image {
    case: Case,
    data: Vec<u8>,
    size: Option<u64>,
}

fn images() -> &'static [Image] {
    static IMAGES: OnceLock<Vec<Image>> = OnceLock::new();
    IMAGES.get_or_init(|| CASES.map(create).into())
}

fn base() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("base.raw"), vec![0; 3 << 20]).unwrap();
    tools::run(folder.path(), "qemu-img", &["create", "-q", "-f", "vmdk", "base.vmdk", "3M"], "");
    folder
}

fn create(case: Case) -> Image {
    let (format, options, rule) = case;
    let folder = if options.contains("backing_file") { base() } else { TempDir::new().unwrap() };
    let secret: &[&str] = if options.contains("secret") { &SECRET } else { &[] };
    let options: &[&str] = if options.is_empty() { &[] } else { &["-o", options] };
    let arguments = [&["create", "-q", "-f", format], secret, options, &["image", "3M"]].concat();
    tools::run(folder.path(), "qemu-img", &arguments, "");
    let data = fs::read(folder.path().join("image")).unwrap();
    Image { case, data, size: rule.is_none().then(|| size_by_qemu(folder.path(), format)) }
}

fn size_by_qemu(folder: &Path, format: &str) -> u64 {
    let info = tools::run(folder, "qemu-img", &["info", "-f", format, "--output=json", "image"], "");
    serde_json::from_slice::<serde_json::Value>(&info).unwrap()["virtual-size"].as_u64().unwrap()
}

fn name_of(format: &str) -> &str {
    match format {
        "vpc" => "vhd",
        "parallels" => "ploop",
        // The first version has the same magic.
        "qcow" => "qcow2",
        format => format,
    }
}

fn is_accepted(inspection: &Inspection, format: &str) -> bool {
    judge(inspection, format, "bare", &Settings::default()).is_ok()
}

#[test]
fn what_qemu_writes_is_recognised_with_its_size_and_judged() {
    if !tools::have("qemu-img", "what_qemu_writes_is_recognised_with_its_size_and_judged") {
        return;
    }
    for Image { case, data, size } in images() {
        let (format, _, rule) = *case;
        let inspection = inspect(data);
        assert_eq!(inspection.format().name(), name_of(format), "{case:?}");
        assert_eq!(broken(data).first().map(String::as_str), rule, "{case:?}");
        assert_eq!(is_accepted(&inspection, name_of(format)), rule.is_none(), "{case:?}");
        if size.is_some() {
            assert_eq!(inspection.virtual_size(), *size, "{case:?}");
        }
    }
}

#[test]
fn what_qemu_writes_has_an_answer_when_cut_or_damaged() {
    if !tools::have("qemu-img", "what_qemu_writes_has_an_answer_when_cut_or_damaged") {
        return;
    }
    let mut random = fastrand::Rng::with_seed(3);
    for Image { data, .. } in images() {
        let mut data = data[..data.len().min(2 << 20)].to_vec();
        for _ in 0..10 {
            judge_all(&data[..random.usize(0..=data.len())], 65_536);
        }
        for _ in 0..10 {
            let reach = if random.bool() { data.len().min(600) } else { data.len() };
            let at = random.usize(0..reach);
            data[at] ^= 1 << random.u8(0..8);
            judge_all(&data, 1 << 20);
        }
    }
}

#[test]
fn what_qemu_writes_holds_what_fuzzing_asks_in_chunks_of_any_size() {
    if !tools::have("qemu-img", "what_qemu_writes_holds_what_fuzzing_asks_in_chunks_of_any_size") {
        return;
    }
    for (number, Image { case, data, .. }) in images().iter().enumerate() {
        fuzzing::try_all(&format!("{}-{number}", case.0), data);
    }
}

#[test]
fn disks_with_data_are_recognised_after_conversion() {
    if !tools::have("qemu-img", "disks_with_data_are_recognised_after_conversion") {
        return;
    }
    let folder = base();
    let disk: Vec<u8> = (0..3 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(folder.path().join("base.raw"), disk).unwrap();
    for (format, options) in [
        ("qcow2", "compression_type=zlib"),
        ("vmdk", "subformat=streamOptimized"),
        ("vhdx", "subformat=dynamic"),
        ("vpc", "subformat=fixed,force_size=on"),
    ] {
        let arguments = ["convert", "-f", "raw", "-O", format, "-o", options, "base.raw", "image"];
        tools::run(folder.path(), "qemu-img", &arguments, "");
        let inspection = inspect(&fs::read(folder.path().join("image")).unwrap());
        assert_eq!(inspection.format().name(), name_of(format), "{options}");
        assert_eq!(inspection.virtual_size(), Some(3 << 20), "{options}");
        assert!(is_accepted(&inspection, name_of(format)), "{options}");
    }
}

#[test]
fn disks_that_sfdisk_partitions_are_recognised() {
    if !tools::have("sfdisk", "disks_that_sfdisk_partitions_are_recognised") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("image");
    for label in ["dos", "gpt"] {
        fs::write(&image, vec![0; 4 << 20]).unwrap();
        tools::run(folder.path(), "sfdisk", &["-q", "image"], &format!("label: {label}\n,1M,L\n,1M,L\n"));
        let inspection = inspect(&fs::read(&image).unwrap());
        assert_eq!(inspection.format().name(), "gpt", "{label}");
        assert!(is_accepted(&inspection, "gpt") && is_accepted(&inspection, "raw"), "{label}");
    }
}

#[test]
fn isos_that_genisoimage_writes_are_recognised() {
    if !tools::have("genisoimage", "isos_that_genisoimage_writes_are_recognised") {
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/file"), vec![7; 100_000]).unwrap();
    for kind in ["-r", "-udf"] {
        tools::run(folder.path(), "genisoimage", &["-quiet", kind, "-o", "image", "in"], "");
        let data = fs::read(folder.path().join("image")).unwrap();
        let inspection = inspect(&data);
        assert_eq!(inspection.format().name(), "iso", "{kind}");
        assert!(is_accepted(&inspection, "iso"), "{kind}");
        assert_eq!(inspection.virtual_size(), Some(data.len() as u64), "{kind}");
    }
}
