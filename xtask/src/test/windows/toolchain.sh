#!/usr/bin/env bash
# Makes a Rust for x86_64-pc-windows-gnu and a Wine prefix in the folder $1, out of Debian's packages. It needs what system.rs installs
# (mingw-w64, Wine) and the right to run apt-get; nothing is installed, only unpacked.
set -euo pipefail
target=x86_64-pc-windows-gnu
gcc=x86_64-w64-mingw32-gcc-win32
cd "$1"
rm -rf debs rust std prefix
mkdir -p debs rust std/src

# Debian's newest Rust, beside whatever else is there: rustup's has no standard library for Windows unless it was asked for.
if [ "$(id -u)" = 0 ]; then
  apt-get --quiet=2 update
fi
packages="rustc-web cargo-web rust-web-src libstd-rust-web-dev"
# What they need and this machine does not have.
needed=$(apt-get --simulate --no-install-recommends install $packages | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
(cd debs && apt-get --quiet=2 -o APT::Sandbox::User=root download $(printf '%s\n' $packages $needed | sort --unique))
for package in debs/*.deb; do
  dpkg --extract "$package" rust
done
rm -rf debs
usr=$PWD/rust/usr
export LD_LIBRARY_PATH=$usr/lib/x86_64-linux-gnu:$usr/lib PATH=$usr/bin:$PATH RUSTC=$usr/bin/rustc
unset RUSTUP_TOOLCHAIN CARGO

# The standard library, once: from its sources, which is what RUSTC_BOOTSTRAP permits. Nothing after this needs it.
cat > std/Cargo.toml <<END
[workspace]
[package]
name = "std-for-windows"
version = "0.0.0"
edition = "2024"
END
echo '#![no_std]' > std/src/lib.rs
(cd std && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=target CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$gcc \
  cargo build --quiet --release --target $target \
  -Zbuild-std=std,panic_unwind,panic_abort,test,proc_macro -Zbuild-std-features=backtrace,panic-unwind)
library=$usr/lib/rustlib/$target/lib
mkdir -p "$library"
cp std/target/$target/release/deps/*.rlib "$library/"
rm -rf "$library"/libstd_for_windows* std

# A Wine prefix that says that it is Windows 10, with the one library that Rust's std imports and Wine 8 lacks.
export WINEPREFIX=$PWD/prefix WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
unset DISPLAY
# Why: wine.rs, at_fixed_addresses.
if setarch --addr-no-randomize true; then
  wine() { setarch --addr-no-randomize wine "$@"; }
fi
wine wineboot --init && wineserver --wait
wine winecfg -v win10 && wineserver --wait
cat > primitives.c <<'END'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T len) {
  while (len) {
    ULONG part = len > 0x10000000 ? 0x10000000 : (ULONG)len;
    if (!SystemFunction036(bytes, part)) return FALSE;
    bytes += part, len -= part;
  }
  return TRUE;
}
BOOL WINAPI DllMainCRTStartup(HINSTANCE library, DWORD reason, LPVOID reserved) { return TRUE; }
END
$gcc -O2 -shared -nostdlib -e DllMainCRTStartup primitives.c -ladvapi32 \
  -o prefix/drive_c/windows/system32/bcryptprimitives.dll
rm primitives.c
