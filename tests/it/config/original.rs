//! Files of the original mcpfier.
