//! Whether an image may have the data that was inspected.

use crate::{Finding, Format, Inspection, Match, VmdkType};
use std::fmt;

/// What the operator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Glance's `[image_format] require_image_format_match`. Without it, data of another format passes without a
    /// virtual size; unlike in Glance, data that is unsafe in any format is still refused.
    pub require_format_match: bool,
    /// Glance's `[image_format] gpt_safety_checks_nonfatal`: checks (`mbr`) that disks with partitions may fail.
    pub gpt_safety_checks_nonfatal: Vec<String>,
    /// Glance's `[image_format] vmdk_allowed_types`, of the two types that hold their data themselves.
    pub vmdk_allowed_types: Vec<VmdkType>,
    /// Whether `aki`, `ari` and `ami` may begin with a boot sector, as every x86 Linux kernel does. Glance means
    /// to allow it, and refuses it.
    pub allow_boot_sector_in_ami: bool,
    /// The largest disk, in bytes.
    pub max_virtual_size: Option<u64>,
    /// The largest disk, in multiples of the data's size. An empty disk of 10 GiB is about 200 KiB of qcow2.
    pub max_virtual_ratio: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            require_format_match: true,
            gpt_safety_checks_nonfatal: Vec::new(),
            vmdk_allowed_types: VmdkType::ALL.to_vec(),
            allow_boot_sector_in_ami: true,
            max_virtual_size: None,
            max_virtual_ratio: None,
        }
    }
}

/// What to record of data that an image may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Bytes; `None` where Glance leaves `virtual_size` null: other containers, formats without marks, no data.
    pub virtual_size: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The data is of another format than the image claims, of several, or ends too early.
    Mismatch,
    /// The data is of a format, or has something in it, that could harm who opens it.
    Unsafe,
    /// The disk inside is larger than the limits.
    TooLarge,
}

/// Why an image may not have the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// The rule's stable name: `qcow2.backing_file`, `format.mismatch`, …
    pub rule: String,
    /// For the client. It begins with Glance's words where Glance has such a refusal, and goes on with the rule
    /// where they don't tell it.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// Whether data of such a container is inspected at all. If not, it need not be fed to an inspector.
pub fn is_inspected(container_format: &str) -> bool {
    container_format == "bare"
}

/// Whether an image of these formats may have the data.
pub fn judge(
    inspection: &Inspection,
    disk_format: &str,
    container_format: &str,
    settings: &Settings,
) -> Result<Verdict, Refusal> {
    if !is_inspected(container_format) {
        return Ok(Verdict { virtual_size: None });
    }
    let virtual_size = match claimed_size(inspection, disk_format, settings) {
        Ok(virtual_size) => virtual_size,
        Err(refusal) if settings.require_format_match => return Err(refusal),
        Err(_) => None,
    };
    check_safety(inspection, disk_format, settings)?;
    check_size(virtual_size, inspection.size, settings)?;
    Ok(Verdict { virtual_size })
}

/// The virtual size of data that is what the image claims.
fn claimed_size(inspection: &Inspection, disk_format: &str, settings: &Settings) -> Result<Option<u64>, Refusal> {
    let Some(found) = inspection.resolve(disk_format) else {
        let names: Vec<_> = inspection.all().map(|found| found.format.name()).collect();
        return Err(mismatch("format.multiple", format!("Multiple formats detected: {}", names.join(","))));
    };
    let virtual_size = match (Format::by_name(disk_format), found.format) {
        (Some(claimed), format) if claimed == format => found.virtual_size,
        // Glance knows no marks of `ploop`, and none of these formats has to have any.
        (Some(Format::Ploop), Format::Raw) | (None, Format::Raw | Format::Ploop) => None,
        (Some(Format::Raw), _) => Some(inspection.size).filter(|size| *size != 0),
        (None, Format::Gpt) if settings.allow_boot_sector_in_ami && is_ami(disk_format) => None,
        (_, format) => {
            let message = format!("Image disk_format {disk_format} does not match stream data {format}");
            return Err(mismatch("format.mismatch", message));
        }
    };
    if !found.complete {
        return Err(mismatch("format.incomplete", "Incomplete file cannot be safety checked".to_owned()));
    }
    Ok(virtual_size)
}

fn check_safety(inspection: &Inspection, disk_format: &str, settings: &Settings) -> Result<(), Refusal> {
    let matches: Vec<_> = match inspection.resolve(disk_format) {
        Some(found) => vec![found],
        None => inspection.all().collect(),
    };
    let findings = matches.iter().flat_map(|found| &found.findings);
    let mut forbidden = matches.iter().filter_map(|found| forbidden_type(found, settings));
    let fatal = findings.copied().find(|finding| is_fatal(finding, disk_format, settings));
    let Some(fatal) = fatal.or_else(|| forbidden.next()) else { return Ok(()) };
    let rule = fatal.rule();
    let message = format!("Image failed safety checks: {rule}: {}", fatal.reason);
    Err(Refusal { kind: RefusalKind::Unsafe, rule, message })
}

fn forbidden_type(found: &Match, settings: &Settings) -> Option<Finding> {
    let reason = "the operator does not allow VMDKs of this type";
    let vmdk_type = found.vmdk_type.filter(|found| !settings.vmdk_allowed_types.contains(found));
    vmdk_type.map(|_| Finding { format: Format::Vmdk, check: "type", reason })
}

fn is_fatal(finding: &Finding, disk_format: &str, settings: &Settings) -> bool {
    let of_kernel = matches!(disk_format, "aki" | "ari") && finding.check == "mbr";
    let excused = of_kernel || settings.gpt_safety_checks_nonfatal.iter().any(|check| check == finding.check);
    finding.format != Format::Gpt || !excused
}

fn is_ami(disk_format: &str) -> bool {
    matches!(disk_format, "ami" | "aki" | "ari")
}

fn check_size(virtual_size: Option<u64>, size: u64, settings: &Settings) -> Result<(), Refusal> {
    // Databases have no larger integer.
    const LARGEST: u64 = i64::MAX as u64;
    let Some(virtual_size) = virtual_size else { return Ok(()) };
    let absolute = settings.max_virtual_size.unwrap_or(LARGEST).min(LARGEST);
    let relative = settings.max_virtual_ratio.map_or(LARGEST, |ratio| size.saturating_mul(ratio));
    let (rule, limit) =
        if absolute <= relative { ("virtual_size.absolute", absolute) } else { ("virtual_size.ratio", relative) };
    if virtual_size <= limit {
        return Ok(());
    }
    let message = format!("Image virtual size {virtual_size} exceeds the limit of {limit} bytes: {rule}");
    Err(Refusal { kind: RefusalKind::TooLarge, rule: rule.to_owned(), message })
}

fn mismatch(rule: &str, message: String) -> Refusal {
    Refusal { kind: RefusalKind::Mismatch, rule: rule.to_owned(), message }
}
