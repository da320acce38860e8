//! Carries out local processes.
