//! Compiles `src/init`, the first process of containers that are made ahead, and tells the program
//! where it lies. Without it the program is complete but for such containers, which it says.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/init");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(has_init)");
    let made = make();
    match &made {
        Ok(()) => println!("cargo::rustc-cfg=has_init"),
        Err(problem) => println!("cargo::rustc-env=MCPFIER_NO_INIT={problem}"),
    }
}

/// Or why it cannot be made, in one line.
fn make() -> Result<(), String> {
    let text = |name: &str| env::var(name).unwrap_or_default();
    if env::var_os("CARGO_FEATURE_CONTAINERS").is_none() {
        return Err("this program was built without containers".to_owned());
    }
    let (system, machine) = (text("CARGO_CFG_TARGET_OS"), text("CARGO_CFG_TARGET_ARCH"));
    if system != "linux" || !["x86_64", "aarch64"].contains(&machine.as_str()) {
        return Err(format!("there is no init for {system} on {machine}"));
    }
    let place = PathBuf::from(text("OUT_DIR")).join("init");
    // The linker that comes with the compiler needs nothing of the host; some compilers come without.
    let linkers: [&[&str]; 2] = [
        &["-Clinker=rust-lld", "-Clinker-flavor=ld.lld"],
        &["-Clink-arg=-nostartfiles", "-Clink-arg=-nostdlib", "-Clink-arg=-static"],
    ];
    let attempts = linkers.map(|words| compile(&text("RUSTC"), &text("TARGET"), words, &place));
    match attempts {
        [Ok(()), _] | [_, Ok(())] => Ok(()),
        [Err(problem), _] => {
            println!("cargo::warning=containers are not made ahead: {problem}");
            Err("its init could not be linked when this program was built".to_owned())
        }
    }
}

fn compile(compiler: &str, target: &str, linker: &[&str], place: &Path) -> Result<(), String> {
    let own_linker = env::var("RUSTC_LINKER").ok().filter(|_| !linker.contains(&"-Clinker=rust-lld"));
    let output = Command::new(compiler)
        .args(["--edition=2024", "--crate-type=bin", "--crate-name=init", "--target", target])
        .args(["-Cpanic=abort", "-Copt-level=z", "-Clto=fat", "-Cstrip=symbols"])
        .args(["-Crelocation-model=static", "-Ctarget-feature=+crt-static"])
        // It begins by itself, also where the compiler would bring what a program of C begins with.
        .args(target.ends_with("musl").then_some("-Clink-self-contained=no"))
        .args(own_linker.map(|linker| format!("-Clinker={linker}")))
        .args(linker)
        .arg("-o")
        .arg(place)
        .arg("src/init/main.rs")
        .output()
        .map_err(|error| format!("`{compiler}`: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', " | ")),
    }
}
