//! A disk as a machine boots from it: a boot sector, a partition table, and an ext4 file system with files.

use casement_tests::Pattern;
use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const MIB: u64 = 1 << 20;
const DISK: u64 = 352 * MIB;
const PARTITION: u64 = DISK - MIB;
/// Random enough that no format makes it smaller.
const FILES: u64 = 288 * MIB;
/// 16-bit code that writes one letter through the firmware and halts.
const BOOT_CODE: &[u8] = &[0xb8, 0x43, 0x0e, 0x31, 0xdb, 0xcd, 0x10, 0xfa, 0xf4, 0xeb, 0xfd];
const SECTOR: u64 = 512;

/// The same disk in both formats.
pub(crate) struct Disk {
    pub(crate) raw: PathBuf,
    pub(crate) qcow2: PathBuf,
}

impl Disk {
    pub(crate) fn make(folder: &Path) -> Self {
        let disk = Self { raw: folder.join("disk.raw"), qcow2: folder.join("disk.qcow2") };
        let files = folder.join("files");
        fs::create_dir(&files).unwrap();
        fs::write(files.join("release"), "an operating system of sorts\n").unwrap();
        io::copy(&mut Pattern::new(1, FILES).reader(), &mut File::create(files.join("filler")).unwrap()).unwrap();

        let (raw, qcow2) = (disk.raw.to_str().unwrap(), disk.qcow2.to_str().unwrap());
        run("qemu-img", &["create", "-q", "-f", "raw", raw, &DISK.to_string()]);
        let blocks = (PARTITION / 4096).to_string();
        let offset = format!("offset={MIB}");
        run("mkfs.ext4", &["-q", "-F", "-b", "4096", "-E", &offset, "-d", files.to_str().unwrap(), raw, &blocks]);
        write_boot_sector(&disk.raw);
        run("qemu-img", &["convert", "-q", "-f", "raw", "-O", "qcow2", raw, qcow2]);
        for file in [&disk.raw, &disk.qcow2] {
            assert!(fs::metadata(file).unwrap().len() >= 256 * MIB, "{}", file.display());
        }
        disk
    }
}

/// One bootable Linux partition behind the first MiB.
fn write_boot_sector(disk: &Path) {
    let mut sector = [0; SECTOR as usize];
    sector[..BOOT_CODE.len()].copy_from_slice(BOOT_CODE);
    let entry = &mut sector[446..462];
    entry[0] = 0x80;
    entry[4] = 0x83;
    entry[8..12].copy_from_slice(&u32::try_from(MIB / SECTOR).unwrap().to_le_bytes());
    entry[12..].copy_from_slice(&u32::try_from(PARTITION / SECTOR).unwrap().to_le_bytes());
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    let mut file = File::options().write(true).open(disk).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&sector).unwrap();
}

/// Whether `file` is a sound disk of this format.
pub(crate) fn assert_sound(file: &Path, format: &str) {
    let file = file.to_str().unwrap();
    if format == "qcow2" {
        run("qemu-img", &["check", "-q", "-f", format, file]);
    }
    let info = run("qemu-img", &["info", "-f", format, "--output=json", file]);
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    assert_eq!((info["format"].as_str(), info["virtual-size"].as_u64()), (Some(format), Some(DISK)));
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
