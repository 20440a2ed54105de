//! Python source through `ruff_python_parser`: statements, comments, names.
