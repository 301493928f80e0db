//! One file for each format.

mod gpt;
mod iso;
mod luks;
mod ploop;
mod qcow2;
mod qed;
mod vdi;
pub(crate) mod vhd;
mod vhdx;
mod vmdk;

use crate::probe::Probe;

pub(crate) fn all() -> Vec<Box<dyn Probe>> {
    vec![
        Box::new(qcow2::Qcow2::new()),
        Box::new(vhd::Vhd::new()),
        Box::new(vhdx::Vhdx::new()),
        Box::new(vmdk::Vmdk::new()),
        Box::new(vdi::Vdi::new()),
        Box::new(qed::Qed::new()),
        Box::new(iso::Iso::new()),
        Box::new(gpt::Gpt::new()),
        Box::new(luks::Luks::new()),
        Box::new(ploop::Ploop::new()),
    ]
}
