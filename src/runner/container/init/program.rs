//! The init itself, as `build.rs` has compiled it.

#[cfg(has_init)]
static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/init"));

/// The executable, or why this build has none.
#[cfg(has_init)]
pub fn program() -> Result<&'static [u8], &'static str> {
    Ok(PROGRAM)
}

#[cfg(not(has_init))]
pub fn program() -> Result<&'static [u8], &'static str> {
    Err(env!("MCPFIER_NO_INIT"))
}
