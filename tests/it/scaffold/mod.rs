//! Commands to begin with: `init`, `new`, `add` and `import`, from outside.

mod files;
mod proposals;
mod templates;
