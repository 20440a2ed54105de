//! The project's configuration: `trueprint.toml`, or `[tool.trueprint]`.
